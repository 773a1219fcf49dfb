// rsr extend: further passes of the student over the rows of a run.
#include "rsr/extend.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/engine_flags.h"
#include "cli/format.h"
#include "cli/interrupt.h"
#include "cli/shared_flags.h"
#include "cli/show_progress.h"

namespace rsr::cli {
namespace {

struct Flags {
  ExtendOptions options;
  std::string memory;
  bool json = false;
};

std::string Json(const std::vector<PassSummary>& passes) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const PassSummary& p : passes) {
    out.push_back({{"pass", p.pass},
                   {"options", p.options},
                   {"rows", p.rows},
                   {"rows_before", p.rows_before},
                   {"tokens", p.tokens},
                   {"seconds", p.seconds},
                   {"stopped", p.stopped}});
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string Line(const PassSummary& p) {
  return fmt::format("pass {}{}: {}{}, {} tokens in {}, {} tokens/s", p.pass,
                     p.options.empty() ? "" : " (" + p.options + ")", Plural(p.rows, "row"),
                     p.rows_before > 0 ? fmt::format(" ({} before)", Thousands(p.rows_before)) : "",
                     Thousands(p.tokens), Duration(p.seconds),
                     Thousands(p.seconds > 0 ? p.tokens / p.seconds : 0));
}

int Run(const Flags& flags, Context& context) {
  Printer& printer = context.printer;
  ExtendOptions options = flags.options;
  InterruptGuard guard;
  if (!flags.memory.empty()) options.memory = ParseBytes("--memory", flags.memory);
  options.on_progress = ShowProgress(printer);
  options.on_plan = [&](const MemoryPlan& plan) { printer.Note(PlanLine(plan)); };
  options.stop = [] { return InterruptGuard::Requested(); };
  const std::vector<PassSummary> passes = Extend(options);
  printer.ClearStatus();
  if (flags.json) printer.Out(Json(passes));
  printer.Flush();
  const bool stopped = passes.back().stopped;
  if (stopped) {
    printer.Detail("stopped; this goes on where it ended:\n  " + ShellQuote(context.argv));
  }
  for (const PassSummary& pass : passes) printer.Note(Line(pass));
  return stopped ? InterruptGuard::ExitStatus() : kDone;
}

}  // namespace

Command AddExtend(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand(
      "extend", "Run the student over a run's rows again, for metrics one pass cannot give");
  auto flags = std::make_shared<Flags>();
  AddRun(*app, flags->options.run);
  app->add_option("--add", flags->options.passes,
                  "ifd, local_surprisal[:k=4,prompt=keep|drop,split=sentence|line|paragraph] or "
                  "gradients[:dims=512,seed=0]; may be repeated")
      ->type_name("PASS")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app->add_option("-s,--student", flags->options.student,
                  "where the run's student lies now (default: where it lay then)")
      ->type_name("FILE");
  AddMemory(*app, flags->memory);
  AddThreads(*app, flags->options.threads);
  app->add_flag("--json", flags->json, "the summary as JSON on stdout");
  AddQuiet(*app, context.printer);
  app->footer(
      "Everything else is as the run was scored: student, template, mask, inputs are checked by "
      "their hashes, every row by its tokens. A pass lies in RUN/passes/NAME; one that was stopped "
      "goes on. docs/passes.md says what each computes.\n\n"
      "Examples:\n"
      "  rsr extend runs/math --add ifd --add local_surprisal\n"
      "  rsr extend runs/math --add local_surprisal:k=1,split=line\n"
      "  rsr extend runs/math --add gradients && rsr metrics runs/math --metric gnorm_head");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
