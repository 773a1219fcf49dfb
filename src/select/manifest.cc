#include "select/manifest.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "rsr/version.h"
#include "select/composition.h"
#include "select/controls.h"
#include "select/export.h"

namespace rsr {
namespace {

using Json = nlohmann::ordered_json;

Json RunsJson(const ScoredRows& data) {
  Json runs = Json::array();
  for (const ScoredRows::Run& run : data.runs) {
    Json inputs = Json::array();
    for (const RunInfo::Input& input : run.info.inputs)
      inputs.push_back({{"path", input.path}, {"xxh3_128", input.hash}});
    runs.push_back({{"path", run.path},
                    {"student", run.info.student_name},
                    {"student_hash", run.info.student_hash},
                    {"tokenizer_hash", run.info.tokenizer_hash},
                    {"template_source", run.info.template_source},
                    {"template_date", run.info.template_date},
                    {"template_hash", run.info.template_hash},
                    {"mask", run.info.mask},
                    {"thinking", run.info.thinking},
                    {"precision", run.info.precision},
                    {"inputs", inputs}});
  }
  return runs;
}

Json RowsJson(const ScoredRows& data, const std::vector<Candidate>& picks) {
  Json rows = Json::array();
  for (const Candidate& pick : picks) {
    const ScoredRow& row = data.rows[pick.index];
    rows.push_back({{"id", row.id},
                    {"problem_id", row.problem_id},
                    {"teacher", row.teacher},
                    {"value", pick.value},
                    {"rank_in_problem", pick.rank},
                    {"file", data.runs[row.run].info.inputs.at(row.file).path},
                    {"line", row.line}});
    if (pick.weight) rows.back()["weight"] = *pick.weight;
  }
  return rows;
}

Json QuotasJson(const SelectSummary& summary) {
  Json quotas = Json::array();
  const auto limit = [](int64_t n) { return n < 0 ? Json() : Json(n); };
  for (const SelectSummary::Quota& quota : summary.quotas) {
    quotas.push_back({{"group", quota.group},
                      {"max_rows", limit(quota.max_rows)},
                      {"max_tokens", limit(quota.max_tokens)},
                      {"candidates", quota.candidates},
                      {"rows", quota.rows},
                      {"tokens", quota.tokens}});
  }
  return quotas;
}

Json DuplicatesJson(const ScoredRows& data, const Choice& choice) {
  Json duplicates = Json::array();
  for (const Choice::Duplicate& duplicate : choice.duplicates) {
    duplicates.push_back({{"id", data.rows[duplicate.index].id},
                          {"of", data.rows[duplicate.of].id},
                          {"similarity", duplicate.similarity}});
  }
  return duplicates;
}

Json OptionsJson(const SelectOptions& options) {
  Json controls = Json::array();
  for (const Control control : options.controls) controls.push_back(ControlName(control));
  return {{"per_problem", options.per_problem},
          {"top", options.top},
          {"budget_tokens", options.budget_tokens},
          {"quotas", options.quotas},
          {"join", options.join},
          {"where", options.where},
          {"correct_only", options.correct_only},
          {"replace_unfit", options.replace_unfit},
          {"controls", controls},
          {"dedup",
           {{"jaccard", options.dedup.jaccard},
            {"shingle", options.dedup.shingle},
            {"permutations", options.dedup.permutations}}},
          {"weights", options.chi2_weights ? Json("chi2") : Json()},
          {"seed", options.seed}};
}

Json SetsJson(const SelectSummary& summary) {
  Json sets = Json::object();
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  for (const Composition& set : summary.sets) {
    sets[set.name] = {{"rows", set.rows},
                      {"problems", set.problems},
                      {"scored_tokens", set.scored_tokens},
                      {"accuracy", number(set.accuracy)},
                      {"value", number(set.value)},
                      {"also_selected", set.also_selected},
                      {"by_teacher", set.by_teacher}};
  }
  return sets;
}

}  // namespace

std::string Manifest(const ScoredRows& data, const SelectOptions& options,
                     const SelectSummary& summary, const std::string& name,
                     const std::string& folder, const std::vector<Candidate>& picks,
                     const Choice& choice) {
  const Metric& metric = *data.metrics.front();
  const std::string data_file = DataFileName(options.format);
  Json manifest = {
      {"tool_version", kVersion},
      {"set", name},
      {"metric", metric.name},
      {"better", BetterName(metric.better)},
      {"format", FormatName(options.format)},
      {"data_file", {{"name", data_file}, {"xxh3_128", HashFile(folder + "/" + data_file)}}},
      {"options", OptionsJson(options)},
      {"runs", RunsJson(data)},
      {"candidates", summary.candidates},
      {"problems", summary.problems},
      {"left_out", summary.left_out_by_reason}};
  if (name == kSelected) {
    manifest["passed_over"] = summary.passed_over;
    manifest["duplicates"] = DuplicatesJson(data, choice);
    manifest["quotas"] = QuotasJson(summary);
    manifest["unfit"] = summary.unfit_by_reason;
  }
  manifest["sets"] = SetsJson(summary);
  manifest["rows"] = RowsJson(data, picks);
  // File names need not be UTF-8.
  return manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rsr
