#include "select/manifest.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "rsr/version.h"
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

Json RowsJson(const ScoredRows& data, const Choice& choice) {
  Json rows = Json::array();
  for (const Candidate& pick : choice.picks) {
    const ScoredRow& row = data.rows[pick.index];
    rows.push_back({{"id", row.id},
                    {"problem_id", row.problem_id},
                    {"teacher", row.teacher},
                    {"value", pick.value},
                    {"rank_in_problem", pick.rank},
                    {"file", data.runs[row.run].info.inputs.at(row.file).path},
                    {"line", row.line}});
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

}  // namespace

std::string Manifest(const ScoredRows& data, const SelectOptions& options, const Choice& choice,
                     const SelectSummary& summary) {
  const Metric& metric = *data.metrics.front();
  const Json manifest = {
      {"tool_version", kVersion},
      {"metric", metric.name},
      {"better", BetterName(metric.better)},
      {"format", FormatName(options.format)},
      {"data_file",
       {{"name", DataFileName(options.format)}, {"xxh3_128", HashFile(summary.data_file)}}},
      {"options",
       {{"per_problem", options.per_problem},
        {"top", options.top},
        {"budget_tokens", options.budget_tokens},
        {"quotas", options.quotas},
        {"where", options.where},
        {"correct_only", options.correct_only},
        {"replace_unfit", options.replace_unfit}}},
      {"runs", RunsJson(data)},
      {"selected", summary.selected},
      {"candidates", summary.candidates},
      {"problems", summary.problems},
      {"selected_tokens", summary.selected_tokens},
      {"left_out", summary.left_out_by_reason},
      {"passed_over", summary.passed_over},
      {"quotas", QuotasJson(summary)},
      {"unfit", summary.unfit_by_reason},
      {"by_teacher", summary.by_teacher},
      {"rows", RowsJson(data, choice)},
  };
  // File names need not be UTF-8.
  return manifest.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rsr
