// A whole run in memory, by id, and its comparison bit for bit.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "store/run.h"

namespace rsr {

inline std::map<std::string, RunRow> ReadRows(const std::string& run) {
  std::map<std::string, RunRow> rows;
  RunReader::Open(run)->ForEach(RunReader::kAll, [&](const RunRow& row) {
    EXPECT_TRUE(rows.emplace(row.id, row).second) << "stored twice: " << row.id;
  });
  return rows;
}

template <typename T>
void ExpectSameBits(const std::vector<T>& a, const std::vector<T>& b, const char* column,
                    const std::string& id) {
  ASSERT_EQ(a.size(), b.size()) << id << " " << column;
  EXPECT_EQ(a.empty() ? 0 : std::memcmp(a.data(), b.data(), a.size() * sizeof(T)), 0)
      << id << " " << column;
}

// All columns that do not say where in the input a row lay.
inline void ExpectSameRows(const std::map<std::string, RunRow>& a,
                           const std::map<std::string, RunRow>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [id, row] : a) {
    const auto found = b.find(id);
    ASSERT_NE(found, b.end()) << id << " is missing";
    const RunRow& other = found->second;
    EXPECT_EQ(row.teacher, other.teacher) << id;
    EXPECT_EQ(row.problem_id, other.problem_id) << id;
    EXPECT_EQ(row.prompt_tokens, other.prompt_tokens) << id;
    EXPECT_EQ(row.sum_surprisal, other.sum_surprisal) << id;
    EXPECT_EQ(row.sum_rank, other.sum_rank) << id;
    EXPECT_EQ(row.sum_rank_clip, other.sum_rank_clip) << id;
    EXPECT_EQ(row.sum_entropy, other.sum_entropy) << id;
    const TokenColumns &x = row.tokens, &y = other.tokens;
    ExpectSameBits(x.surprisal, y.surprisal, "surprisal", id);
    ExpectSameBits(x.entropy, y.entropy, "entropy", id);
    ExpectSameBits(x.mass_above, y.mass_above, "mass_above", id);
    ExpectSameBits(x.sum_p2, y.sum_p2, "sum_p2", id);
    ExpectSameBits(x.top1_logprob, y.top1_logprob, "top1_logprob", id);
    ExpectSameBits(x.rank, y.rank, "rank", id);
    ExpectSameBits(x.ties, y.ties, "ties", id);
    ExpectSameBits(x.top1_id, y.top1_id, "top1_id", id);
    ExpectSameBits(x.token_id, y.token_id, "token_id", id);
    ExpectSameBits(x.position, y.position, "position", id);
    ExpectSameBits(x.kind, y.kind, "kind", id);
  }
}

}  // namespace rsr
