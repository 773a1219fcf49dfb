// rsr correlate: does a metric predict how well students do after training?
#include "rsr/correlate.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/sections.h"
#include "cli/shared_flags.h"

namespace rsr::cli {
namespace {

struct Flags {
  CorrelateOptions options;
  std::string metrics, pool, coefficient = "spearman", scatter;
  TableFlags table;
};

// Over the first table: what it is made of.
std::string Title(const CorrelateReport& report) {
  const char* coefficients[] = {"Spearman's rho", "Pearson's r", "Kendall's tau-b"};
  size_t fewest = report.students[0].teachers.size(), most = fewest;
  for (const auto& student : report.students) {
    fewest = std::min(fewest, student.teachers.size());
    most = std::max(most, student.teachers.size());
  }
  const std::string teachers =
      fewest == most ? std::to_string(most) : fmt::format("{} to {}", fewest, most);
  return fmt::format("{} of each metric with {}, {} student{}, {} teachers{}:",
                     coefficients[static_cast<int>(report.coefficient)], report.performance,
                     report.students.size(), report.students.size() == 1 ? "" : "s", teachers,
                     report.students.size() == 1 ? "" : " each");
}

std::vector<Section> Sections(const CorrelateReport& report, const Flags& flags,
                              TableFormat format) {
  const bool text = format == TableFormat::kText;
  std::vector<Section> sections;
  sections.push_back({"correlations", Title(report),
                      text ? CorrelationTable(report) : AllCoefficientsTable(report)});
  if (!report.held_out.empty()) {
    sections.push_back(
        {"held_out",
         "The best metric of the other students, on the student left out:", HeldOutTable(report)});
  }
  if (!text || !flags.pool.empty()) {
    sections.push_back({"picks",
                        "What each metric picks out of the pool; regret: the mean performance lost "
                        "to the best of it:",
                        text ? PicksTable(report) : AllPicksTable(report)});
  }
  return sections;
}

int Run(const Flags& flags, Context& context) {
  const TableFormat format = flags.table.Format();
  CorrelateOptions options = flags.options;
  options.coefficient = ParseCoefficient(flags.coefficient);
  if (!flags.metrics.empty()) options.metrics = CLI::detail::split(flags.metrics, ',');
  if (!flags.pool.empty() && flags.pool != "all")
    options.pool = CLI::detail::split(flags.pool, ',');
  const CorrelateReport report = Correlate(options);
  const std::string scatter = flags.scatter.empty() ? "" : ScatterPlot(report, flags.scatter);
  PrintSections(context.printer, Sections(report, flags, format), format);
  if (format == TableFormat::kText && !scatter.empty()) context.printer.Out("\n" + scatter);
  context.printer.Flush();
  const bool marked = !flags.pool.empty() &&
                      std::any_of(report.metrics.begin(), report.metrics.end(),
                                  [](const auto& metric) { return metric.direction_from_data; });
  if (marked && format == TableFormat::kText) {
    context.printer.Note("* rsr does not know the metric: the direction is the sign of its mean");
  }
  for (const std::string& warning : report.warnings) context.printer.Warning(warning);
  return kDone;
}

}  // namespace

Command AddCorrelate(CLI::App& root, Context& context) {
  CLI::App* app =
      root.add_subcommand("correlate", "Which metric predicts how well students do after training");
  auto flags = std::make_shared<Flags>();
  CorrelateOptions& options = flags->options;
  app->add_option("INPUT", options.inputs,
                  "tables (CSV, TSV) with columns teacher, metrics and optionally student and run; "
                  "or run directories")
      ->type_name("")
      ->required();
  app->add_option("--performance", options.performance,
                  "a table with columns student, teacher, performance (default: a column of the "
                  "table)")
      ->type_name("FILE");
  app->add_option("--performance-column", options.performance_column,
                  "its column (default: post_training_performance, performance or score)")
      ->type_name("NAME");
  app->add_option("--metric", flags->metrics, "names with commas between them (default: all)")
      ->type_name("A,B");
  AddJoin(*app, options.join);
  app->add_option("--coefficient", flags->coefficient, "spearman, pearson or kendall (tau-b)")
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option("--pool", flags->pool,
                  "show which of these teachers each metric picks, and the regret; all: of all")
      ->type_name("A,B|all");
  app->add_option("--scatter", flags->scatter, "draw performance over this metric")
      ->type_name("METRIC");
  AddNumber(*app, "--permutations", options.permutations, 1,
            "for the p-values; all of them where there are not more");
  AddNumber(*app, "--resamples", options.resamples, 2, "of the bootstrap over teachers");
  AddConfidence(*app, options.confidence, "of the intervals");
  AddNumber(*app, "--seed", options.seed, 0, "of permutations and bootstrap");
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "Each student's coefficient is signed; |...| is the absolute value of their mean, and low to "
      "high\nits interval. docs/correlate.md explains every number.\n\n"
      "Examples:\n"
      "  rsr correlate results.csv\n"
      "  rsr correlate results.csv --pool qwq,r1,qwen3 --scatter rsr\n"
      "  rsr correlate runs/qwen-* runs/llama-* --performance trained.tsv --json");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
