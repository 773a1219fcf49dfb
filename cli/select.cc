// rsr select: choose training data from the scores.
#include "rsr/select.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/shared_flags.h"
#include "cli/usage.h"

namespace rsr::cli {
namespace {

struct Flags {
  SelectOptions options;
  std::string where, format = "jsonl";
  bool json = false;
};

std::string Json(const SelectSummary& s) {
  nlohmann::ordered_json out;
  out["selected"] = s.selected;
  out["candidates"] = s.candidates;
  out["problems"] = s.problems;
  out["left_out"] = s.left_out;
  out["unfit"] = s.unfit;
  out["unfit_by_reason"] = s.unfit_by_reason;
  out["unfit_examples"] = s.unfit_examples;
  out["by_teacher"] = s.by_teacher;
  out["data_file"] = s.data_file;
  out["manifest_file"] = s.manifest_file;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// How the trainer is told of the selection.
std::string Next(const SelectOptions& options) {
  switch (options.format) {
    case ExportFormat::kLlamaFactory:
      return "in LLaMA-Factory's configuration: " +
             fmt::format("dataset_dir: {}, dataset: rsr_selected", options.out);
    case ExportFormat::kTrl:
      return fmt::format("load_dataset(\"json\", data_files=\"{}/selected.jsonl\")", options.out);
    case ExportFormat::kAxolotl:
      return fmt::format("the lines of {}/axolotl.yaml in Axolotl's configuration", options.out);
    default:
      return "";
  }
}

int Run(const Flags& flags, Context& context) {
  SelectOptions options = flags.options;
  if ((options.per_problem == 0) == (options.top == 0)) {
    throw Error("rsr select: give one of --per-problem K and --top N",
                "--per-problem 1 takes the best trajectory of each problem, --top 1000 the best "
                "1,000 of all");
  }
  if (!flags.where.empty()) {
    options.correct_only = ParseChoice<bool>("--where", flags.where, {{"correct", true}});
  }
  options.format = ParseChoice<ExportFormat>("--format", flags.format,
                                             {{"jsonl", ExportFormat::kJsonl},
                                              {"original", ExportFormat::kOriginal},
                                              {"llamafactory", ExportFormat::kLlamaFactory},
                                              {"trl", ExportFormat::kTrl},
                                              {"axolotl", ExportFormat::kAxolotl},
                                              {"parquet", ExportFormat::kParquet}});
  const SelectSummary summary = Select(options);
  if (flags.json) {
    context.printer.Out(Json(summary));
    return kDone;
  }
  Table table{{{"teacher"}, {"selected"}}, {}};
  for (const auto& [teacher, n] : summary.by_teacher) table.rows.push_back({teacher, n});
  context.printer.Out(FormatTable(table, TableFormat::kText));
  context.printer.Flush();
  context.printer.Note(
      fmt::format("selected {} of {} of {}, {} left out: {}", Thousands(summary.selected),
                  Plural(summary.candidates, "candidate"), Plural(summary.problems, "problem"),
                  Thousands(summary.left_out), summary.data_file));
  if (summary.unfit > 0) {
    context.printer.Warning(fmt::format(
        "{} chosen but left out, as this format cannot say what they say: {}; {}/rejected.jsonl",
        Plural(summary.unfit, "row"), Counts(summary.unfit_by_reason), options.out));
    for (const std::string& example : summary.unfit_examples) {
      context.printer.Detail("  " + example);
    }
  }
  context.printer.Note("manifest: " + summary.manifest_file);
  const std::string next = Next(options);
  if (!next.empty()) context.printer.Note("next: " + next);
  return kDone;
}

}  // namespace

Command AddSelect(CLI::App& root, Context& context) {
  CLI::App* app =
      root.add_subcommand("select", "Write the best trajectories, as they came, for training");
  auto flags = std::make_shared<Flags>();
  AddRuns(*app, flags->options.runs);
  app->get_option("RUN")->required();
  app->add_option("-o,--out", flags->options.out, "a new directory")->type_name("DIR")->required();
  app->add_option("--per-problem", flags->options.per_problem, "the best K of each problem")
      ->type_name("K")
      ->check(WholeNumber(1));
  app->add_option("--top", flags->options.top, "the best N of all")
      ->type_name("N")
      ->check(WholeNumber(1));
  app->add_option("--metric", flags->options.metric, "see `rsr metrics --list`")
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option("--where", flags->where, "`correct`: leave out rows labelled wrong")
      ->type_name("LABEL");
  app->add_option("--format", flags->format,
                  "jsonl, original, llamafactory, trl, axolotl or parquet")
      ->type_name("NAME")
      ->capture_default_str();
  app->add_flag("--json", flags->json, "the summary as JSON");
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr select runs/math --per-problem 1 --out selected\n"
      "  rsr select runs/math --per-problem 1 --format llamafactory --out selected\n"
      "  rsr select runs/math --top 5000 --metric avg_surprisal --where correct --out selected");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
