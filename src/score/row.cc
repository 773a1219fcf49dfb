#include "score/row.h"

#include <fmt/format.h>

#include <algorithm>

namespace rsr {
namespace {
constexpr int32_t kClip = 100;  // r_max of the paper (arXiv 2601.14249 eq. 7)
}

RunRow MakeRow(const Trajectory& trajectory, const MaskedTokens& masked,
               std::span<const TokenStats> stats) {
  RunRow row;
  row.row = trajectory.row;
  row.id = trajectory.id;
  row.problem_id = trajectory.problem_id;
  row.teacher = trajectory.teacher;
  row.source = trajectory.source;
  row.correct = trajectory.correct;
  row.file = trajectory.span.file;
  row.offset = trajectory.span.offset;
  row.length = trajectory.span.length;
  row.line = trajectory.span.line;
  row.record = trajectory.record;
  row.kept = trajectory.kept;
  row.scored_tokens = static_cast<int32_t>(stats.size());
  row.prompt_tokens = static_cast<int32_t>(masked.ids.size() - stats.size());
  row.turns = masked.turns_found;
  row.turns_given = masked.turns_given;
  row.truncated = masked.truncated;

  TokenColumns& t = row.tokens;
  for (size_t i = 0; i < stats.size(); ++i) {
    const TokenStats& s = stats[i];
    t.surprisal.push_back(s.surprisal);
    t.entropy.push_back(s.entropy);
    t.mass_above.push_back(s.mass_above);
    t.sum_p2.push_back(s.sum_p2);
    t.top1_logprob.push_back(s.top1_logprob);
    t.rank.push_back(s.rank);
    t.ties.push_back(s.ties);
    t.top1_id.push_back(s.top1_id);
    t.token_id.push_back(masked.ids[masked.positions[i]]);
    t.position.push_back(masked.positions[i]);
    t.kind.push_back(static_cast<uint8_t>(masked.kinds[i]));
    row.sum_surprisal += s.surprisal;
    row.sum_rank += s.rank;
    row.sum_rank_clip += std::min(s.rank, kClip);
    row.sum_entropy += s.entropy;
  }
  return row;
}

RejectedRow MakeRejected(const std::string& file, const Trajectory& trajectory,
                         const RowError& error) {
  return {file,           trajectory.span.line,
          trajectory.row, trajectory.id,
          error.reason,   fmt::format("{}:{}: {}", file, trajectory.span.line, error.message)};
}

void AddNotes(const MaskedTokens& masked, MaskNotes* notes) {
  notes->special_tokens_in_content += masked.special_tokens_in_content;
  notes->turns_excluded += masked.turns_excluded;
  notes->reasoning_turns_stripped += masked.stripped.reasoning_turns;
  notes->reasoning_chars_stripped += masked.stripped.reasoning_chars;
  notes->content_turns_stripped += masked.stripped.content_turns;
}

}  // namespace rsr
