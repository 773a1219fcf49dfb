#include "cli/sections.h"

#include <nlohmann/json.hpp>

#include "cli/wide_table.h"

namespace rsr::cli {
namespace {

void PrintText(Printer& printer, const std::vector<Section>& sections) {
  for (size_t i = 0; i < sections.size(); ++i) {
    if (i > 0) printer.Out("\n");
    if (!sections[i].title.empty()) printer.Out(sections[i].title + "\n");
    printer.Out(TextInBlocks(sections[i].table, printer.out_width()));
  }
}

void PrintJson(Printer& printer, const std::vector<Section>& sections) {
  std::string out = "{";
  for (const Section& section : sections) {
    out += (out.size() > 1 ? ",\n" : "") + nlohmann::json(section.key).dump() + ": " +
           FormatTable(section.table, TableFormat::kJson);
    out.pop_back();  // the line break
  }
  printer.Out(out + "}\n");
}

}  // namespace

void PrintSections(Printer& printer, const std::vector<Section>& sections, TableFormat format) {
  if (format == TableFormat::kText) {
    PrintText(printer, sections);
  } else if (format == TableFormat::kJson) {
    PrintJson(printer, sections);
  } else {
    printer.Out(FormatTable(sections.front().table, format));
  }
}

}  // namespace rsr::cli
