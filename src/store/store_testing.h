// Helpers of the store's tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "rsr/error.h"
#include "store/directory.h"
#include "store/run.h"
#include "store/test_rows.h"

namespace rsr {

// A directory of its own for each test, gone afterwards.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = testing::TempDir() + "rsr-store-" + test->name() + "-" + std::to_string(getpid());
    std::filesystem::create_directories(root_);
    run_ = root_ + "/run";
  }
  ~StoreTest() override { std::filesystem::remove_all(root_); }

  std::string Shard(int n) const { return run_ + "/shards/0000" + std::to_string(n) + ".parquet"; }
  std::string Stream(int n) const { return run_ + "/shards/0000" + std::to_string(n) + ".arrows"; }

  std::string root_, run_;
};

// What `action` throws; a test failure if it throws nothing.
template <class F>
Error ThrownBy(F&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error("");
}

template <class T>
std::string Bits(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Every column, floating point by its bits.
inline void ExpectSameRow(const RunRow& a, const RunRow& b) {
  EXPECT_EQ(a.row, b.row);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.problem_id, b.problem_id);
  EXPECT_EQ(a.teacher, b.teacher);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.correct, b.correct);
  EXPECT_EQ(a.file, b.file);
  EXPECT_EQ(a.offset, b.offset);
  EXPECT_EQ(a.length, b.length);
  EXPECT_EQ(a.line, b.line);
  EXPECT_EQ(a.record, b.record);
  EXPECT_EQ(a.kept, b.kept);
  EXPECT_EQ(a.prompt_tokens, b.prompt_tokens);
  EXPECT_EQ(a.scored_tokens, b.scored_tokens);
  EXPECT_EQ(a.turns, b.turns);
  EXPECT_EQ(a.turns_given, b.turns_given);
  EXPECT_EQ(a.truncated, b.truncated);
  EXPECT_EQ(std::bit_cast<uint64_t>(a.sum_surprisal), std::bit_cast<uint64_t>(b.sum_surprisal));
  EXPECT_EQ(std::bit_cast<uint64_t>(a.sum_rank), std::bit_cast<uint64_t>(b.sum_rank));
  EXPECT_EQ(std::bit_cast<uint64_t>(a.sum_rank_clip), std::bit_cast<uint64_t>(b.sum_rank_clip));
  EXPECT_EQ(std::bit_cast<uint64_t>(a.sum_entropy), std::bit_cast<uint64_t>(b.sum_entropy));
  EXPECT_TRUE(Bits(a.tokens.surprisal) == Bits(b.tokens.surprisal));
  EXPECT_TRUE(Bits(a.tokens.entropy) == Bits(b.tokens.entropy));
  EXPECT_TRUE(Bits(a.tokens.mass_above) == Bits(b.tokens.mass_above));
  EXPECT_TRUE(Bits(a.tokens.sum_p2) == Bits(b.tokens.sum_p2));
  EXPECT_TRUE(Bits(a.tokens.top1_logprob) == Bits(b.tokens.top1_logprob));
  EXPECT_EQ(a.tokens.rank, b.tokens.rank);
  EXPECT_EQ(a.tokens.ties, b.tokens.ties);
  EXPECT_EQ(a.tokens.top1_id, b.tokens.top1_id);
  EXPECT_EQ(a.tokens.token_id, b.tokens.token_id);
  EXPECT_EQ(a.tokens.position, b.tokens.position);
  EXPECT_EQ(a.tokens.kind, b.tokens.kind);
}

// Rows by number; fails on a row met twice.
inline std::map<int64_t, RunRow> ReadRows(const std::string& run,
                                          uint32_t columns = RunReader::kAll) {
  std::map<int64_t, RunRow> rows;
  RunReader::Open(run)->ForEach(columns, [&](const RunRow& row) {
    EXPECT_TRUE(rows.emplace(row.row, row).second) << "row " << row.row << " twice";
  });
  return rows;
}

// The rows 0 .. count - 1 of MakeTestRow(., tokens), each once and bit for bit.
inline void ExpectTestRows(const std::string& run, int64_t count, int32_t tokens) {
  const auto rows = ReadRows(run);
  ASSERT_EQ(rows.size(), static_cast<size_t>(count));
  for (const auto& [number, row] : rows) ExpectSameRow(row, MakeTestRow(number, tokens));
}

// Appends those of rows 0 .. count - 1 that are not there.
inline void AppendTestRows(RunWriter* writer, int64_t count, int32_t tokens) {
  for (int64_t i = 0; i < count; ++i) {
    if (!writer->done().contains(i)) writer->Append(MakeTestRow(i, tokens));
  }
}

}  // namespace rsr
