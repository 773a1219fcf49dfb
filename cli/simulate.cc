// rsr simulate: the paper's simulation.
#include "rsr/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/sections.h"
#include "cli/shared_flags.h"

namespace rsr::cli {
namespace {

struct Flags {
  SimulateOptions options;
  TableFlags table;
};

int Run(const Flags& flags, Context& context) {
  const TableFormat format = flags.table.Format();
  const SimulateReport report = Simulate(flags.options);
  if (format != TableFormat::kText) {
    PrintSections(
        context.printer,
        {{"sets", "", SimulationTable(report)}, {"seeds", "", SimulationSeedsTable(report)}},
        format);
    return kDone;
  }
  const auto ordered = std::count_if(report.seeds.begin(), report.seeds.end(),
                                     [](const SimulateReport::Seed& seed) { return seed.ordered; });
  context.printer.Out(
      "A student saw 1,000,000 tokens of Z_A and 250,000 of Z_B. How it finds 10,000 tokens of\n"
      "  X_A: Z_A, what it knows best     X_B: Z_B, what it knows less\n"
      "  X_C: Z_C, what it does not know  X_D: both, mixed as it saw them\n\n");
  context.printer.Out(FormatTable(SimulationTable(report), format));
  context.printer.Out(fmt::format("\nratio X_B < X_D < X_A < X_C in {} of {} seeds\n", ordered,
                                  report.seeds.size()));
  return kDone;
}

}  // namespace

Command AddSimulate(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand("simulate", "The paper's simulation of what the ratio tells");
  auto flags = std::make_shared<Flags>();
  AddNumber(*app, "--seeds", flags->options.seeds, 1,
            "repetitions: lowest and highest are over them");
  AddNumber(*app, "--seed", flags->options.seed, 0, "of the first");
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "Probability, surprisal, rank and rank / surprisal are means over a set's tokens. The "
      "paper's\n"
      "row is its table 3; its token orders are not published, docs/simulate.md says what ours "
      "are.\n\n"
      "Examples:\n"
      "  rsr simulate\n"
      "  rsr simulate --seeds 100 --json");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
