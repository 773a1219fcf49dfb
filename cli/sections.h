// What a command prints when it has several tables to show.
#pragma once

#include <string>
#include <vector>

#include "cli/printer.h"
#include "rsr/table.h"

namespace rsr::cli {

struct Section {
  std::string key;    // of the JSON object
  std::string title;  // of the text; empty: none, as over the first table
  Table table;
};

// As text: the tables below each other, each under its title. As JSON: one object, a member a
// section. TSV and JSON Lines have one table: the first.
void PrintSections(Printer& printer, const std::vector<Section>& sections, TableFormat format);

}  // namespace rsr::cli
