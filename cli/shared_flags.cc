#include "cli/shared_flags.h"

#include <unistd.h>

#include "rsr/error.h"

namespace rsr::cli {

void AddQuiet(CLI::App& app, Printer& printer) {
  app.add_flag_callback(
      "-q,--quiet", [&printer] { printer.set_quiet(true); },
      "only data and errors: no progress, no notes");
}

void AddJoin(CLI::App& app, std::vector<std::string>& files) {
  app.add_option(
         "--join", files,
         "TSV or CSV with a column id: its other columns are metrics, NAME:high or NAME:low "
         "ones to rank by (may be given again)")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void AddRuns(CLI::App& app, std::vector<std::string>& runs) {
  app.add_option("RUN", runs, "run directories written by `rsr score`, read as one")->type_name("");
}

TableFormat TableFlags::Format() const {
  if (json && format != "table" && format != "json") {
    throw Error("--json and --format " + format + " contradict each other", "give one of them");
  }
  const TableFormat parsed = json ? TableFormat::kJson : ParseTableFormat(format);
  if (parsed != TableFormat::kParquet) return parsed;
  if (!parquet) throw Error("--format parquet: only `rsr metrics` writes it", "tsv, json or jsonl");
  if (isatty(STDOUT_FILENO))
    throw Error("--format parquet: standard output is a terminal", "write it into a file: > FILE");
  return parsed;
}

void AddTableFlags(CLI::App& app, TableFlags& flags) {
  app.add_option("--format", flags.format,
                 flags.parquet ? "table, tsv, json, jsonl or parquet" : "table, tsv, json or jsonl")
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "the same as --format json");
}

}  // namespace rsr::cli
