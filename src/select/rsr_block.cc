#include "select/rsr_block.h"

namespace rsr {

using Json = nlohmann::ordered_json;

namespace {

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);  // file names need not be UTF-8
}

}  // namespace

Json RsrBlock(const ScoredRows& data, const Candidate& pick) {
  const ScoredRow& row = data.rows[pick.index];
  Json block = {{"id", row.id},
                {"problem_id", row.problem_id},
                {"teacher", row.teacher},
                {"source", row.source},
                {"correct", row.correct ? Json(*row.correct) : Json()},
                {"metric", data.metrics.front()->name},
                {"score", pick.value},
                {"sum_rank_clip", row.sum_rank_clip},
                {"sum_surprisal", row.sum_surprisal},
                {"scored_tokens", row.scored_tokens},
                {"rank", pick.rank},
                {"candidates", pick.candidates},
                {"file", data.runs[row.run].info.inputs.at(row.file).path},
                {"line", row.line}};
  if (pick.weight) block["weight"] = *pick.weight;
  return block;
}

std::string WithBlock(std::string_view record, const Json& block) {
  if (record.find("\"rsr\"") != std::string_view::npos) {
    Json parsed = Json::parse(record, nullptr, false);
    if (parsed.is_object() && parsed.contains("rsr")) {
      parsed["rsr"] = block;
      return Text(parsed);
    }
  }
  const size_t end = record.rfind('}');
  const std::string_view before = record.substr(0, end);
  const bool empty = before.find_last_not_of(" \t\r\n") == before.find('{');
  return std::string(before) + (empty ? "" : ", ") + "\"rsr\": " + Text(block) +
         std::string(record.substr(end));
}

}  // namespace rsr
