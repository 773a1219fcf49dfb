// For tests of this module and those built on it: rows with known numbers, and real runs made of
// them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/error.h"
#include "store/run.h"

namespace rsr::test {

// An empty directory of this test's own, removed at its end.
class Scratch {
 public:
  Scratch() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("rsr_") + test->test_suite_name() + "_" + test->name() + "_";
    std::replace(name.begin(), name.end(), '/', '_');
    path_ = std::filesystem::path(::testing::TempDir()) / (name + std::to_string(getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string Name(const char* prefix, int64_t number) {
  return fmt::format("{}{}", prefix, number);
}

struct Token {
  float surprisal = 1;
  int32_t rank = 1;
  float entropy = 0;
  int32_t id = 0, position = -1;  // position -1: the next one
};

inline RunRow MakeRow(int64_t row, const std::string& id, const std::string& problem,
                      const std::string& teacher, const std::vector<Token>& tokens) {
  RunRow r{.row = row, .id = id, .problem_id = problem, .teacher = teacher};
  r.prompt_tokens = 10;
  r.scored_tokens = static_cast<int32_t>(tokens.size());
  r.turns = 1;
  int32_t position = 9;
  for (const Token& token : tokens) {
    position = token.position >= 0 ? token.position : position + 1;
    r.sum_surprisal += token.surprisal;
    r.sum_rank += token.rank;
    r.sum_rank_clip += std::min(token.rank, 100);
    r.sum_entropy += token.entropy;
    r.tokens.surprisal.push_back(token.surprisal);
    r.tokens.rank.push_back(token.rank);
    r.tokens.ties.push_back(0);
    r.tokens.entropy.push_back(token.entropy);
    r.tokens.mass_above.push_back(0);
    r.tokens.sum_p2.push_back(0);
    r.tokens.top1_id.push_back(0);
    r.tokens.top1_logprob.push_back(-1);
    r.tokens.token_id.push_back(token.id);
    r.tokens.position.push_back(position);
    r.tokens.kind.push_back(0);
  }
  return r;
}

inline RunInfo MakeInfo(const std::vector<RunInfo::Input>& inputs) {
  RunInfo info;
  info.tool_version = "0.1.0";
  info.created = "2026-01-01T00:00:00Z";
  info.student_path = "student.gguf";
  info.student_hash = "11111111111111111111111111111111";
  info.student_name = "Student";
  info.architecture = "llama";
  info.template_hash = "22222222222222222222222222222222";
  info.vocab_size = 4;
  info.engine = "llama";
  info.precision = "f32";
  info.mask = "content";
  info.inputs = inputs;
  return info;
}

inline void WriteRun(const std::string& dir, const RunInfo& info, const std::vector<RunRow>& rows,
                     const std::vector<std::string>& vocab = {"a", "b", "c", "d"}) {
  const std::unique_ptr<RunWriter> writer = RunWriter::Open(dir, info);
  std::vector<VocabPiece> pieces;
  for (size_t i = 0; i < vocab.size(); ++i) pieces.push_back({static_cast<int32_t>(i), vocab[i]});
  writer->WriteVocab(pieces);
  for (const RunRow& row : rows) writer->Append(row);
  writer->WriteRejected({});
  writer->Finish(true);
}

// Rows as LoadRows gives them, without a run; the vocabulary as in WriteRun.
inline ScoredRows Loaded(const std::vector<RunRow>& rows, const std::vector<std::string>& metrics,
                         const RunInfo& info = MakeInfo({{"data.jsonl", "", 0, 0}}),
                         const std::vector<std::string>& vocab = {"a", "b", "c", "d"}) {
  ScoredRows data;
  data.runs.push_back({"RUN", info});
  for (const std::string& name : metrics) data.metrics.push_back(&FindMetric(name));
  data.metrics = WithNeeded(data.metrics);
  const VocabTraits traits(vocab);
  for (const RunRow& row : rows)
    data.rows.push_back(FoldRow(row, 0, data.metrics, traits, &row.pass));
  OrderRows(data);
  CombineRows(data, metrics.size());
  return data;
}

// The error that `call` throws; a failure and an empty one if it does not.
inline Error ErrorOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no rsr::Error was thrown";
  return Error("");
}

}  // namespace rsr::test
