// rsr bench: how fast this machine scores with a student.
#include "rsr/bench.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/engine_flags.h"
#include "cli/format.h"
#include "cli/shared_flags.h"
#include "cli/student_flags.h"
#include "cli/usage.h"

namespace rsr::cli {
namespace {

constexpr int64_t kTrajectories = 5000;

struct Flags {
  EngineFlags engine;
  BenchOptions options;
  bool json = false;
};

nlohmann::ordered_json Json(const BenchProduct& p) {
  return {{"precision", p.precision},
          {"depth", p.depth},
          {"columns", p.columns},
          {"gflops_one_core", p.one_core},
          {"gflops_all_cores", p.all_cores}};
}

nlohmann::ordered_json Json(const BenchRate& r) {
  return {{"length", r.length},
          {"in_pack", r.in_pack},
          {"measured", r.measured},
          {"tokens_per_second", r.tokens_per_second},
          {"tokens_per_cpu_second", r.tokens_per_cpu_second},
          {"body_tokens_per_second", r.body_tokens_per_second},
          {"gflop_per_token", r.gflop_per_token},
          {"gflops_per_core", r.gflops_per_core},
          {"share_of_peak", r.share_of_peak},
          {"peak_rss_bytes", r.peak_rss_bytes}};
}

std::string Json(const BenchReport& report) {
  nlohmann::ordered_json out;
  out["cpu"] = report.cpu;
  out["threads"] = report.threads;
  out["engine"] = report.engine;
  out["why_not_native"] = report.why_not_native;
  out["precision"] = report.precision;
  out["cpu_level"] = report.cpu_level;
  out["weights_bytes"] = report.weights_bytes;
  out["products"] = nlohmann::ordered_json::array();
  for (const BenchProduct& product : report.products) out["products"].push_back(Json(product));
  out["rates"] = nlohmann::ordered_json::array();
  for (const BenchRate& rate : report.rates) out["rates"].push_back(Json(rate));
  out["trajectories"] = kTrajectories;
  out["hours"] = BenchHours(report, kTrajectories);
  out["seconds"] = report.seconds;
  out["busy_share"] = report.busy_share;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string Text(const BenchReport& report) {
  std::string text = fmt::format("{}, {}; engine {} in {}, kernels at {}, weights {}\n", report.cpu,
                                 Plural(report.threads, "core"), report.engine, report.precision,
                                 report.cpu_level, Gigabytes(report.weights_bytes));
  if (!report.products.empty()) {
    text += "\nBare products of 128 rows with the student's matrices, GFLOP/s\n" +
            FormatTable(BenchProductsTable(report), TableFormat::kText);
  }
  text += "\nSequences of random tokens, every position scored\n" +
          FormatTable(BenchRatesTable(report), TableFormat::kText);
  if (!report.rates.empty()) {
    text += fmt::format("\n{} trajectories of {} tokens take about {} here\n",
                        Thousands(kTrajectories), Thousands(report.rates.back().length),
                        Duration(3600 * BenchHours(report, kTrajectories)));
  }
  return text;
}

int Run(const Flags& flags, Context& context) {
  BenchOptions options = flags.options;
  flags.engine.Apply(&options.student);
  Printer& printer = context.printer;
  options.on_step = [&printer](const std::string& what) { printer.Status(what); };
  const BenchReport report = Bench(options);
  printer.ClearStatus();
  printer.Out(flags.json ? Json(report) : Text(report));
  printer.Flush();
  if (!report.why_not_native.empty()) {
    printer.Note(fmt::format("measured with the llama engine: {}", report.why_not_native));
  }
  if (report.busy_share > 0.1) {
    printer.Warning(fmt::format(
        "other programs took {:.0f} % of the cores meanwhile: an idle machine is faster; GFLOP/s "
        "and shares are by CPU time and suffer less",
        100 * report.busy_share));
  }
  return kDone;
}

}  // namespace

Command AddBench(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand("bench", "How fast this machine scores with a student");
  auto flags = std::make_shared<Flags>();
  AddStudent(*app, flags->options.student.path);
  app->add_option("--lengths", flags->options.lengths,
                  "tokens of the sequences (default: 128,512,2048,4096,8192)")
      ->type_name("N,..")
      ->delimiter(',')
      ->check(WholeNumber(2));
  app->add_option("--seconds", flags->options.seconds,
                  "lengths that would take longer are estimated, unless --lengths asks for them")
      ->type_name("S")
      ->check(WholeNumber(1))
      ->capture_default_str();
  AddEngineFlags(*app, flags->engine);
  AddThreads(*app, flags->options.threads);
  app->add_flag("--json", flags->json, "everything as JSON");
  AddQuiet(*app, context.printer);
  app->footer(
      "Measures bare matrix products of the student's shapes, then the engine on random tokens: "
      "with the output layer and all statistics, and the body alone. GFLOP/s and shares are by CPU "
      "time, tokens/s by the clock; memory is the most that the program has held until then.\n\n"
      "Examples:\n"
      "  rsr bench --student student.gguf\n"
      "  rsr bench --student student.gguf --lengths 512,8192 --json");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
