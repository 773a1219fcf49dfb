// rsr metrics: metrics of stored runs.
#include "rsr/metrics.h"

#include <memory>

#include "cli/command.h"
#include "cli/shared_flags.h"
#include "cli/wide_table.h"
#include "rsr/error.h"

namespace rsr::cli {
namespace {

struct Flags {
  MetricsOptions options;
  std::string metrics;
  TableFlags table;
  bool list = false;
};

int Run(const Flags& flags, Context& context) {
  const TableFormat format = flags.table.Format();
  if (!flags.list && flags.options.runs.empty()) {
    throw Error("rsr metrics: RUN is required",
                "give a run directory written by `rsr score`, or --list for the known metrics");
  }
  MetricsOptions options = flags.options;
  if (!flags.metrics.empty()) options.metrics = CLI::detail::split(flags.metrics, ',');
  std::vector<std::string> warnings;
  const Table table = flags.list ? ListMetrics() : Metrics(options, &warnings);
  context.printer.Out(format == TableFormat::kText
                          ? TextInBlocks(table, context.printer.out_width())
                          : FormatTable(table, format));
  context.printer.Flush();
  for (const std::string& warning : warnings) context.printer.Warning(warning);
  return kDone;
}

}  // namespace

Command AddMetrics(CLI::App& root, Context& context) {
  CLI::App* app =
      root.add_subcommand("metrics", "Metrics of each teacher, source, problem or trajectory");
  auto flags = std::make_shared<Flags>();
  AddRuns(*app, flags->options.runs);
  app->add_option(
         "--by", flags->options.by,
         "teacher, source, problem_id, trajectory, or a column that `rsr score --keep` kept")
      ->type_name("WHAT")
      ->capture_default_str();
  app->add_option(
         "--metric", flags->metrics,
         "names with commas between them, or all; rsr_filtered:0.2 where there is a number to set")
      ->type_name("A,B");
  AddJoin(*app, flags->options.join);
  app->add_flag("--list", flags->list, "every known metric with its formula; needs no run");
  flags->table.parquet = true;
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr metrics runs/math\n"
      "  rsr metrics runs/math --by trajectory --metric rsr,tokens --format tsv > rows.tsv\n"
      "  rsr metrics --list");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
