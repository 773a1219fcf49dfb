// rsr teachers: which teacher fits this student, and how sure is that?
#include "rsr/teachers.h"

#include <memory>

#include "cli/command.h"
#include "cli/shared_flags.h"
#include "cli/usage.h"

namespace rsr::cli {
namespace {

struct Flags {
  TeachersOptions options;
  TableFlags table;
};

int Run(const Flags& flags, Context& context) {
  const TableFormat format = flags.table.Format();
  const TeachersReport report = RankTeachers(flags.options);
  context.printer.Out(FormatTable(TeachersTable(report), format));
  context.printer.Flush();
  for (const std::string& warning : report.warnings) context.printer.Warning(warning);
  return kDone;
}

}  // namespace

Command AddTeachers(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand("teachers", "Rank the teachers, with intervals and P(best)");
  auto flags = std::make_shared<Flags>();
  AddRuns(*app, flags->options.runs);
  app->get_option("RUN")->required();
  app->add_option("--metric", flags->options.metric, "see `rsr metrics --list`")
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option("--resamples", flags->options.resamples, "of the bootstrap over problems")
      ->type_name("N")
      ->check(WholeNumber(1))
      ->capture_default_str();
  app->add_option("--confidence", flags->options.confidence, "of the interval")
      ->type_name("P")
      ->check(ShareBetween0And1())
      ->capture_default_str();
  app->add_option("--seed", flags->options.seed, "of the bootstrap")
      ->type_name("N")
      ->check(WholeNumber(0))
      ->capture_default_str();
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr teachers runs/math\n"
      "  rsr teachers runs/math runs/code --metric avg_surprisal --json");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
