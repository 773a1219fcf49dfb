#include "cli/shared_flags.h"

#include <unistd.h>

#include "rsr/error.h"

namespace rsr::cli {

void AddQuiet(CLI::App& app, Printer& printer) {
  app.add_flag_callback(
      "-q,--quiet", [&printer] { printer.set_quiet(true); },
      "only data and errors: no progress, no notes");
}

CLI::Option* AddRun(CLI::App& app, std::string& run) {
  return app.add_option("RUN", run, "run directory written by `rsr score`")
      ->type_name("")
      ->required();
}

CLI::Option* AddRuns(CLI::App& app, std::vector<std::string>& runs) {
  return app.add_option("RUN", runs, "run directories written by `rsr score`, read as one")
      ->type_name("");
}

CLI::Option* AddJoin(CLI::App& app, std::vector<std::string>& files) {
  return app
      .add_option("--join", files,
                  "TSV or CSV with a column id: its other columns are metrics, NAME:high or "
                  "NAME:low ones to rank by (may be given again)")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::Option* AddRankingMetric(CLI::App& app, std::string& metric) {
  return app.add_option("--metric", metric, "see `rsr metrics --list`")
      ->type_name("NAME")
      ->capture_default_str();
}

CLI::Option* AddConfidence(CLI::App& app, double& confidence, const std::string& text) {
  return app.add_option("--confidence", confidence, text)
      ->type_name("P")
      ->check(ShareBetween0And1())
      ->capture_default_str();
}

CLI::Option* AddThreads(CLI::App& app, int& threads) {
  return app.add_option("--threads", threads, "workers, a core each (default: all cores)")
      ->type_name("N")
      ->check(WholeNumber(1));
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
