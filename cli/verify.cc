// rsr verify: are the final answers right?
#include "rsr/verify.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <memory>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/shared_flags.h"

namespace rsr::cli {
namespace {

struct Flags {
  VerifyOptions options;
  TableFlags table;
};

// Nothing for a job of a moment, then now and then.
void ShowProgress(Printer& printer, int64_t done, int64_t of) {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point shown = Clock::now();
  const bool lines = printer.status_style() == Printer::StatusStyle::kLines;
  if (Clock::now() - shown < std::chrono::seconds(lines ? 30 : 2)) return;
  shown = Clock::now();
  printer.Status(fmt::format("{} of {}", Thousands(done), Plural(of, "answer")));
}

int Run(const Flags& flags, Context& context) {
  const TableFormat format = flags.table.Format();
  VerifyOptions options = flags.options;
  const char* python = std::getenv("RSR_VERIFY_PYTHON");
  if (options.python.empty() && python != nullptr) options.python = python;
  const VerifySummary summary =
      Verify(options, [&](int64_t done, int64_t of) { ShowProgress(context.printer, done, of); });
  context.printer.ClearStatus();
  context.printer.Out(FormatTable(VerifyTable(summary), format));
  context.printer.Flush();
  int64_t undecided = 0, all = 0;
  for (const auto& [teacher, counts] : summary.by_teacher) {
    undecided += counts.undecided;
    all += counts.correct + counts.wrong + counts.undecided;
  }
  context.printer.Note(
      fmt::format("{} checked by {}, {} of them by an earlier call; kept in {}/verified.jsonl, "
                  "from where every "
                  "command takes its labels",
                  Plural(all, "answer"), summary.method, Thousands(summary.cached), options.run));
  if (options.python.empty()) {
    context.printer.Note(
        "compared as written: an equal answer in another form counts as wrong; --python PYTHON "
        "with the package math-verify knows better");
  }
  for (const std::string& warning : summary.warnings) context.printer.Warning(warning);
  if (undecided > 0) {
    context.printer.Warning(fmt::format(
        "{} undecided, with the label of the data if it has one: {}; the next call asks again",
        Plural(undecided, "answer"), Counts(summary.undecided_by)));
  }
  return kDone;
}

}  // namespace

Command AddVerify(CLI::App& root, Context& context) {
  CLI::App* app =
      root.add_subcommand("verify", "Check the final answers against a column of right ones");
  auto flags = std::make_shared<Flags>();
  AddRun(*app, flags->options.run);
  app->add_option("--reference-column", flags->options.reference_column,
                  "column of the input rows with the right answer: gold, meta.answer")
      ->type_name("COLUMN")
      ->required();
  app->add_option("--python", flags->options.python,
                  "a Python with the package math-verify (default: $RSR_VERIFY_PYTHON; without "
                  "one, answers are compared as written)")
      ->type_name("PYTHON");
  app->add_option("--timeout", flags->options.timeout_s,
                  "seconds for one answer; then it is undecided")
      ->type_name("S")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr verify runs/math --reference-column answer\n"
      "  rsr verify runs/math --reference-column answer --python ~/venv/bin/python");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
