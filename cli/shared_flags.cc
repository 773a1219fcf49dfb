#include "cli/shared_flags.h"

#include "rsr/error.h"

namespace rsr::cli {

void AddQuiet(CLI::App& app, Printer& printer) {
  app.add_flag_callback(
      "-q,--quiet", [&printer] { printer.set_quiet(true); },
      "only data and errors: no progress, no notes");
}

void AddRuns(CLI::App& app, std::vector<std::string>& runs) {
  app.add_option("RUN", runs, "run directories written by `rsr score`, read as one")->type_name("");
}

TableFormat TableFlags::Format() const {
  if (json && format != "table" && format != "json") {
    throw Error("--json and --format " + format + " contradict each other", "give one of them");
  }
  return json ? TableFormat::kJson : ParseTableFormat(format);
}

void AddTableFlags(CLI::App& app, TableFlags& flags) {
  app.add_option("--format", flags.format, "table, tsv, json or jsonl")
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "the same as --format json");
}

}  // namespace rsr::cli
