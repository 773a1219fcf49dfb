// rsr select: choose training data from the scores.
#include "rsr/select.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/shared_flags.h"
#include "cli/usage.h"

namespace rsr::cli {
namespace {

struct Flags {
  SelectOptions options;
  std::string format = "jsonl", unfit = "next", weights;
  std::string controls;
  bool json = false;
};

nlohmann::ordered_json Number(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

std::string Json(const SelectSummary& s) {
  nlohmann::ordered_json out;
  out["selected"] = s.selected;
  out["selected_tokens"] = s.selected_tokens;
  out["candidates"] = s.candidates;
  out["problems"] = s.problems;
  out["left_out"] = s.left_out;
  out["left_out_by_reason"] = s.left_out_by_reason;
  out["passed_over"] = s.passed_over;
  out["unfit"] = s.unfit;
  out["unfit_by_reason"] = s.unfit_by_reason;
  out["unfit_examples"] = s.unfit_examples;
  out["sets"] = nlohmann::ordered_json::array();
  for (const Composition& set : s.sets) {
    out["sets"].push_back({{"name", set.name},
                           {"rows", set.rows},
                           {"problems", set.problems},
                           {"scored_tokens", set.scored_tokens},
                           {"accuracy", Number(set.accuracy)},
                           {"value", Number(set.value)},
                           {"also_selected", set.also_selected},
                           {"by_teacher", set.by_teacher}});
  }
  out["quotas"] = nlohmann::ordered_json::array();
  for (const SelectSummary::Quota& quota : s.quotas) {
    out["quotas"].push_back({{"group", quota.group},
                             {"max_rows", quota.max_rows},
                             {"max_tokens", quota.max_tokens},
                             {"candidates", quota.candidates},
                             {"rows", quota.rows},
                             {"tokens", quota.tokens}});
  }
  out["warnings"] = s.warnings;
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

Cell Value(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }

Table Sets(const SelectSummary& summary, const std::string& metric) {
  Table table{{{"set"},
               {"rows"},
               {"problems"},
               {"scored_tokens"},
               {"mean_tokens", 1},
               {"accuracy"},
               {metric}},
              {}};
  const bool controls = summary.sets.size() > 2;
  if (controls) table.columns.push_back({"also_selected"});
  for (const Composition& set : summary.sets) {
    table.rows.push_back({set.name, set.rows, set.problems, set.scored_tokens,
                          static_cast<double>(set.scored_tokens) / static_cast<double>(set.rows),
                          Value(set.accuracy), Value(set.value)});
    if (controls) table.rows.back().push_back(set.also_selected);
  }
  return table;
}

// The share of each teacher in each set.
Table Teachers(const SelectSummary& summary) {
  Table table{{{"teacher"}}, {}};
  for (const Composition& set : summary.sets) table.columns.push_back({set.name});
  for (const auto& [teacher, of_all] : summary.sets.front().by_teacher) {
    std::vector<Cell> cells = {teacher};
    for (const Composition& set : summary.sets) {
      const auto rows = set.by_teacher.find(teacher);
      const int64_t n = rows == set.by_teacher.end() ? 0 : rows->second;
      cells.emplace_back(static_cast<double>(n) / static_cast<double>(set.rows));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

// "10 of 165 candidates taken, at most 10 rows".
std::string QuotaLine(const SelectSummary::Quota& quota) {
  const std::string taken =
      fmt::format("quota {}: {} of {} taken", quota.group, Thousands(quota.rows),
                  Plural(quota.candidates, "candidate"));
  if (quota.max_tokens < 0) return fmt::format("{}, at most {}", taken, Thousands(quota.max_rows));
  return fmt::format("{}, {} tokens of at most {}", taken, Thousands(quota.tokens),
                     Thousands(quota.max_tokens));
}

void PrintSummary(const SelectSummary& summary, const SelectOptions& options, Printer& printer) {
  printer.Note(fmt::format("selected {} of {}: {}", Thousands(summary.selected),
                           Plural(summary.candidates, "candidate"), summary.data_file));
  if (!options.controls.empty()) printer.Note(fmt::format("controls: {}/controls", options.out));
  if (summary.left_out > 0)
    printer.Note(fmt::format("left out: {}", Counts(summary.left_out_by_reason)));
  if (const auto n = summary.passed_over.find("duplicate"); n != summary.passed_over.end())
    printer.Note(fmt::format("passed over {} of rows taken; the manifest says which of which",
                             Plural(n->second, "near-duplicate")));
  for (const SelectSummary::Quota& quota : summary.quotas) {
    printer.Note(QuotaLine(quota));
  }
  for (const std::string& warning : summary.warnings) printer.Warning(warning);
  if (summary.unfit == 0) return;
  printer.Warning(fmt::format(
      "{} chosen but left out, as this format cannot say what they say: {}; {}/rejected.jsonl{}",
      Plural(summary.unfit, "row"), Counts(summary.unfit_by_reason), options.out,
      options.replace_unfit ? "; the next best took their places where there was one" : ""));
  for (const std::string& example : summary.unfit_examples) printer.Detail("  " + example);
}

int Run(const Flags& flags, Context& context) {
  SelectOptions options = flags.options;
  if (options.per_problem == 0 && options.top == 0 && options.budget_tokens == 0) {
    throw Error("rsr select: give --per-problem K, --top N or --budget-tokens N",
                "--per-problem 1 takes the best trajectory of each problem, --top 1000 the best "
                "1,000 of all, --budget-tokens 10000000 the best with 10 million scored tokens");
  }
  options.replace_unfit =
      ParseChoice<bool>("--unfit", flags.unfit, {{"next", true}, {"drop", false}});
  if (!flags.weights.empty())
    options.chi2_weights = ParseChoice<bool>("--weights", flags.weights, {{"chi2", true}});
  if (!flags.controls.empty()) {
    for (const std::string& name : CLI::detail::split(flags.controls, ','))
      options.controls.push_back(ParseChoice<Control>("--controls", name,
                                                      {{"random", Control::kRandom},
                                                       {"token-matched", Control::kTokenMatched},
                                                       {"length-matched", Control::kLengthMatched},
                                                       {"worst", Control::kWorst}}));
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
  context.printer.Out(FormatTable(Sets(summary, options.metric), TableFormat::kText) + "\n" +
                      FormatTable(Teachers(summary), TableFormat::kText));
  context.printer.Flush();
  PrintSummary(summary, options, context.printer);
  context.printer.Note("manifest: " + summary.manifest_file);
  const std::string next = Next(options);
  if (!next.empty()) context.printer.Note("next: " + next);
  return kDone;
}

void AddHowMuch(CLI::App& app, SelectOptions& options) {
  constexpr const char* kGroup = "How much, best first (at least one of the first three)";
  const auto number = [&](const char* flag, int64_t& value, const char* name, const char* text) {
    app.add_option(flag, value, text)->type_name(name)->check(WholeNumber(1))->group(kGroup);
  };
  number("--per-problem", options.per_problem, "K", "at most K of each problem");
  number("--top", options.top, "N", "at most N of all");
  number("--budget-tokens", options.budget_tokens, "N", "at most N scored tokens");
  app.add_option("--quota", options.quotas,
                 "at most so much of each group: source:math=50%,code=50%, teacher:*=200, "
                 "problem_accuracy:0..0.5=70% (may be given again)")
      ->type_name("COLUMN:VALUE=LIMIT,..")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kGroup);
}

void AddWhich(CLI::App& app, SelectOptions& options) {
  constexpr const char* kGroup = "Of which rows, and by what";
  AddRankingMetric(app, options.metric)->group(kGroup);
  AddJoin(app, options.join)->group(kGroup);
  app.add_option("--where", options.where,
                 "only rows for which this is true, of columns and metrics: \"correct and "
                 "avg_surprisal < 1\"")
      ->type_name("FILTER")
      ->group(kGroup);
  app.add_flag("--correct-only", options.correct_only,
               "not rows labelled wrong; a row without a label is an error")
      ->group(kGroup);
  app.add_option("--dedup", options.dedup.jaccard,
                 "not near-duplicates of a row already taken: their sets of shingles of scored "
                 "tokens are this similar (0.8, say), by MinHash")
      ->type_name("JACCARD")
      ->group(kGroup);
  AddNumber(app, "--dedup-shingle", options.dedup.shingle, 1, "tokens of a shingle")->group(kGroup);
  AddNumber(app, "--dedup-permutations", options.dedup.permutations, 1, "more: a better estimate")
      ->group(kGroup);
}

void AddWritten(CLI::App& app, Flags& flags) {
  constexpr const char* kGroup = "How it is written";
  app.add_option("--format", flags.format, "jsonl, original, llamafactory, trl, axolotl or parquet")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--weights", flags.weights,
                 "chi2: LARK's weight of each row among its problem's, as rsr.weight")
      ->type_name("NAME")
      ->group(kGroup);
  app.add_option("--unfit", flags.unfit,
                 "for a row that the format cannot say: next takes the next best, drop none")
      ->type_name("WHAT")
      ->capture_default_str()
      ->group(kGroup);
}

void AddControls(CLI::App& app, Flags& flags) {
  constexpr const char* kGroup = "What it is compared with";
  app.add_option("--controls", flags.controls,
                 "sets written beside it: random, token-matched, length-matched, worst")
      ->type_name("NAME,..")
      ->group(kGroup);
  AddNumber(app, "--seed", flags.options.seed, 0, "of what is random")->group(kGroup);
}

}  // namespace

Command AddSelect(CLI::App& root, Context& context) {
  CLI::App* app =
      root.add_subcommand("select", "Write the best trajectories, as they came, for training");
  auto flags = std::make_shared<Flags>();
  AddRuns(*app, flags->options.runs)->required();
  app->add_option("-o,--out", flags->options.out, "a new directory")->type_name("DIR")->required();
  app->add_flag("--json", flags->json, "the summary as JSON");
  AddQuiet(*app, context.printer);
  AddHowMuch(*app, flags->options);
  AddWhich(*app, flags->options);
  AddWritten(*app, *flags);
  AddControls(*app, *flags);
  app->footer(
      "Examples:\n"
      "  rsr select runs/math --per-problem 1 --out selected\n"
      "  rsr select runs/math --per-problem 1 --format llamafactory --out selected\n"
      "  rsr select runs/math --budget-tokens 10000000 --where correct --quota 'teacher:*=30%' "
      "--out "
      "selected\n"
      "  rsr select runs/math --top 5000 --controls random,length-matched,worst --out selected");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
