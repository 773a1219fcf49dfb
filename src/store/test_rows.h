// Synthetic trajectories for tests and benchmarks of the store: the same row number gives the same
// bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "store/run.h"

namespace rsr {

inline constexpr int32_t kTestVocabSize = 49152;

inline RunRow MakeTestRow(int64_t number, int32_t tokens) {
  uint64_t state = 0x9e3779b97f4a7c15u * static_cast<uint64_t>(number + 1);
  const auto uniform = [&state] {  // xorshift64*, (0, 1]
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (static_cast<double>((state * 0x2545f4914f6cdd1du) >> 11) + 1) / 9007199254740992.0;
  };
  RunRow row;
  row.row = number;
  row.id = "trajectory-" + std::to_string(number);
  row.problem_id = "problem-" + std::to_string(number / 3);
  row.teacher = std::string("teacher-") + static_cast<char>('a' + number % 3);
  row.source = number % 2 == 0 ? "synthetic" : "";
  if (number % 4 != 3) row.correct = number % 4 != 1;
  row.file = static_cast<int32_t>(number % 2);
  row.offset = number * 1000;
  row.length = 999;
  row.line = number + 1;
  if (number % 3 == 0) {
    row.offset = -1;
    row.record = "{\"number\": " + std::to_string(number) + ", \"text\": \"\u00e9\"}";
  }
  row.kept = {number % 2 == 0 ? std::optional<std::string>("domain-" + std::to_string(number))
                              : std::nullopt};
  row.prompt_tokens = 40 + static_cast<int32_t>(number % 7);
  row.scored_tokens = tokens;
  row.turns = 1 + static_cast<int32_t>(number % 2);
  row.turns_given = 2;
  row.truncated = number % 5 == 0;
  TokenColumns& t = row.tokens;
  for (int32_t i = 0; i < tokens; ++i) {
    // Most tokens of real text are the most probable one; surprisal has a long tail.
    const double surprisal = std::pow(-std::log(uniform()), 2);
    const bool top = surprisal < 0.6;
    const int32_t id = static_cast<int32_t>(std::pow(uniform(), 4) * (kTestVocabSize - 1));
    t.surprisal.push_back(static_cast<float>(surprisal));
    t.rank.push_back(top ? 1 : 1 + static_cast<int32_t>(std::exp(std::min(surprisal, 10.0))));
    t.ties.push_back(uniform() < 0.001 ? 1 : 0);
    t.entropy.push_back(static_cast<float>(-2 * std::log(uniform())));
    t.mass_above.push_back(static_cast<float>(top ? 0 : uniform()));
    t.sum_p2.push_back(static_cast<float>(uniform()));
    t.top1_id.push_back(top ? id : id / 2);
    t.top1_logprob.push_back(static_cast<float>(top ? -surprisal : std::log(uniform())));
    t.token_id.push_back(id);
    t.position.push_back(row.prompt_tokens + i);
    t.kind.push_back(static_cast<uint8_t>(i < tokens / 2 ? 1 : 0));
    row.sum_surprisal += t.surprisal.back();
    row.sum_rank += t.rank.back();
    row.sum_rank_clip += std::min(t.rank.back(), 100);
    row.sum_entropy += t.entropy.back();
  }
  return row;
}

inline RunInfo MakeTestInfo() {
  RunInfo info;
  info.tool_version = "0.1.0";
  info.created = "2025-01-02T03:04:05Z";
  info.student_path = "student.gguf";
  info.student_hash = "5e0c";
  info.student_name = "Test Student";
  info.architecture = "llama";
  info.tokenizer_hash = "70e1";
  info.template_hash = "7e17";
  info.template_source = "model";
  info.template_date = "2025-01-02";
  info.vocab_size = kTestVocabSize;
  info.max_tokens = 8192;
  info.engine = "llama";
  info.precision = "f32";
  info.cpu_level = "AVX3";
  info.mask = "content";
  info.dialect = "auto";
  info.kept = {"domain"};
  info.inputs = {{"a.jsonl", "aaaa", 1000, 10}, {"b.jsonl", "bbbb", 2000, 20}};
  return info;
}

}  // namespace rsr
