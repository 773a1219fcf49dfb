// rsr score: one pass of the student over everything, into a run directory.
#include "rsr/score.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/engine_flags.h"
#include "cli/format.h"
#include "cli/input_flags.h"
#include "cli/interrupt.h"
#include "cli/mask_notes.h"
#include "cli/rejections.h"
#include "cli/shared_flags.h"
#include "cli/show_progress.h"
#include "cli/student_flags.h"
#include "cli/usage.h"

namespace rsr::cli {
namespace {

struct Flags {
  StudentFlags student;
  InputFlags input;
  EngineFlags engine;
  ScoreOptions options;
  std::string bad_rows = "skip";
  bool json = false;
};

ScoreOptions Resolve(const Flags& flags) {
  ScoreOptions options = flags.options;
  options.student = flags.student.Student();
  flags.engine.Apply(&options.student);
  options.input = flags.input.Input();
  options.input.fail_on_bad_row =
      ParseChoice<bool>("--bad-rows", flags.bad_rows, {{"skip", false}, {"fail", true}});
  return options;
}

void PrintPlan(const ScorePlan& plan, Printer& printer) {
  printer.Note(PlanLine(plan.memory));
  if (!plan.why_not_native.empty()) {
    printer.Note(fmt::format("engine {}: {}", plan.engine, plan.why_not_native));
  }
  if (!plan.precision_note.empty()) {
    printer.Note(fmt::format("precision {}: {}", plan.precision, plan.precision_note));
  }
  if (plan.rows_before > 0) {
    printer.Note(fmt::format("going on: {} scored before", Plural(plan.rows_before, "row")));
  }
}

ScoreSummary ScoreWithProgress(ScoreOptions options, Printer& printer) {
  options.on_progress = ShowProgress(printer);
  options.on_plan = [&](const ScorePlan& plan) { PrintPlan(plan, printer); };
  options.stop = [] { return InterruptGuard::Requested(); };
  ScoreSummary summary = Score(options);
  printer.ClearStatus();
  return summary;
}

std::string Json(const ScoreSummary& s, const std::string& run) {
  nlohmann::ordered_json out;
  out["run"] = run;
  out["rows_scored"] = s.rows_scored;
  out["rows_before"] = s.rows_before;
  out["rows_rejected"] = s.rows_rejected;
  out["rejected_by_reason"] = s.rejected_by_reason;
  out["rejected_examples"] = s.rejected_examples;
  out["left_out"] = s.left_out;
  out["rows_truncated"] = s.rows_truncated;
  out["turns_given"] = s.turns_given;
  out["turns_found"] = s.turns_found;
  AddNotes(s.notes, &out);
  out["tokens"] = s.tokens;
  out["scored_tokens"] = s.scored_tokens;
  out["seconds"] = s.seconds;
  out["tokens_per_second"] = s.seconds > 0 ? s.tokens / s.seconds : 0;
  out["peak_rss_bytes"] = s.peak_rss_bytes;
  out["stopped"] = s.stopped;
  out["engine"] = s.plan.engine;
  out["why_not_native"] = s.plan.why_not_native;
  out["precision"] = s.plan.precision;
  out["precision_why"] = s.plan.precision_why;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string LastLine(const ScoreSummary& s) {
  const std::string before =
      s.rows_before > 0 ? fmt::format(" ({} before)", Thousands(s.rows_before)) : "";
  const std::string reasons =
      s.rows_rejected > 0 ? fmt::format(" ({})", Counts(s.rejected_by_reason)) : "";
  const std::string left_out =
      s.left_out.empty() ? "" : fmt::format(", left out {}", LeftOutText(s.left_out));
  return fmt::format(
      "scored {}{}, skipped {}{}{}, truncated {}, turns {} of {}, {} tokens ({} scored) in {}, {} "
      "tokens/s, peak "
      "memory {}, precision {}",
      Plural(s.rows_scored, "row"), before, Thousands(s.rows_rejected), reasons, left_out,
      Thousands(s.rows_truncated), Thousands(s.turns_found), Thousands(s.turns_given),
      Thousands(s.tokens), Thousands(s.scored_tokens), Duration(s.seconds),
      Thousands(s.seconds > 0 ? s.tokens / s.seconds : 0), Gigabytes(s.peak_rss_bytes),
      s.plan.precision);
}

std::string NextSteps(const ScoreOptions& options) {
  const std::string run = ShellQuote({options.out});
  if (!options.input.shard.empty()) {
    return fmt::format("next: rsr teachers {} OTHER-SHARDS..., when they are scored", run);
  }
  return fmt::format("next: rsr teachers {0}\n      rsr select {0} --per-problem 1 --out selected",
                     run);
}

void PrintOutcome(const ScoreSummary& s, const ScoreOptions& options, Context& context) {
  Printer& printer = context.printer;
  const bool some = s.rows_scored + s.rows_before > 0;
  PrintRejections(
      {.rows = s.rows_rejected,
       .of_rows = s.rows_scored + s.rows_before + s.rows_rejected,
       .by_reason = s.rejected_by_reason,
       .examples = s.rejected_examples,
       .all_in = options.out + "/rejected.jsonl",
       .hint = some ? "the other rows are scored; correct these and score them into a run of their "
                      "own, or go on without them"
                    : "no row is scored; `rsr check` shows the same in seconds"},
      printer);
  PrintNotes(s.notes, printer);
  if (s.stopped) {
    printer.Detail("stopped; this goes on where it ended:\n  " + ShellQuote(context.argv));
  } else if (some) {
    printer.Note(NextSteps(options));
  }
  printer.Note(LastLine(s));
}

int Run(const Flags& flags, Context& context) {
  const ScoreOptions options = Resolve(flags);
  InterruptGuard guard;
  const ScoreSummary summary = ScoreWithProgress(options, context.printer);
  if (flags.json) context.printer.Out(Json(summary, options.out));
  context.printer.Flush();
  PrintOutcome(summary, options, context);
  if (summary.stopped) return InterruptGuard::ExitStatus();
  return summary.rows_rejected > 0 ? kUserError : kDone;
}

}  // namespace

Command AddScore(CLI::App& root, Context& context) {
  CLI::App* app =
      root.add_subcommand("score", "Run the student over trajectories, once, into a run directory");
  auto flags = std::make_shared<Flags>();
  AddStudentFlags(*app, flags->student);
  AddInputFlags(*app, flags->input);
  app->add_option("-o,--out", flags->options.out,
                  "run directory; one that holds the same run is continued")
      ->type_name("RUN")
      ->required();
  app->add_option("--shard", flags->input.input.shard,
                  "only this part of the rows, for several machines: 2/3 is the second of three, "
                  "each scored into a RUN of its own")
      ->type_name("I/N");
  AddEngineFlags(*app, flags->engine);
  app->add_option("--bad-rows", flags->bad_rows,
                  "skip: score the rest, then exit 1; fail: stop at the first")
      ->type_name("WHAT")
      ->capture_default_str();
  AddThreads(*app, flags->options.threads);
  AddNumber(*app, "--sweep-rows", flags->options.sweep_rows, 1,
            "positions per vocabulary sweep: memory and speed, never results");
  app->add_flag("--json", flags->json, "the summary as JSON on stdout");
  AddQuiet(*app, context.printer);
  app->footer(
      "Ctrl-C finishes the trajectories in flight and prints the command that goes on; the run "
      "loses nothing.\n\n"
      "Examples:\n"
      "  rsr score --student student.gguf --out runs/math r1.jsonl qwq.jsonl\n"
      "  rsr score --student student.gguf --out runs/agents --mask turn --max-tokens 8192 "
      "agents.jsonl\n"
      "  rsr score --student student.gguf --out runs/pilot --sample 200/teacher --keep domain "
      "'data/*.jsonl.gz'");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
