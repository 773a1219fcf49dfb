#include "engine/llama/llama_engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <numeric>
#include <thread>

#include "base/file.h"
#include "engine/llama/llama_body.h"
#include "engine/llama/tiny_model.h"
#include "rsr/error.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;
using Stats = std::vector<TokenStats>;

// The demo student, its float32 copy shared with the other tests of this build.
std::unique_ptr<Engine> OpenDemo(int64_t sweep_rows = 256, Precision precision = Precision::kF32,
                                 int workers = 1) {
  return OpenLlamaEngine({.student = {.path = RSR_DEMO_STUDENT,
                                      .precision = precision,
                                      .cache_dir = std::string(RSR_BINARY_DIR) + "/student_cache"},
                          .workers = workers,
                          .sweep_rows = sweep_rows});
}

std::vector<int32_t> Ids(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids(count);
  for (int32_t& id : ids) id = static_cast<int32_t>(random() % 49152);
  return ids;
}

std::vector<int32_t> AllPositions(size_t count) {
  std::vector<int32_t> positions(count - 1);
  std::iota(positions.begin(), positions.end(), 1);
  return positions;
}

Stats ScoreAll(EngineWorker& worker, const std::vector<int32_t>& ids) {
  const auto positions = AllPositions(ids.size());
  Stats stats(positions.size());
  worker.Score(ids, positions, stats.data());
  return stats;
}

bool SameBits(const Stats& a, const Stats& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(TokenStats)) == 0;
}

TEST(LlamaEngine, SameBitsWhateverElseIsScored) {
  const auto engine = OpenDemo();
  EXPECT_EQ(engine->info().name, "llama");
  EXPECT_EQ(engine->info().precision, "f32");
  EXPECT_EQ(engine->info().weights_bytes, 134515008 * 4);
  // Around the 128 tokens that go through the model at once.
  std::vector<std::vector<int32_t>> sequences;
  for (const size_t length : {140u, 20u, 129u, 2u}) {
    sequences.push_back(Ids(length, static_cast<uint32_t>(length)));
  }
  std::vector<Stats> alone;
  for (const auto& ids : sequences) alone.push_back(ScoreAll(*engine->NewWorker(), ids));

  const auto worker = engine->NewWorker();
  for (const size_t i : {1, 0, 3, 2, 1}) {
    EXPECT_TRUE(SameBits(ScoreAll(*worker, sequences[i]), alone[i])) << sequences[i].size();
  }
  std::vector<std::thread> threads;
  for (const size_t first : {0, 1}) {
    threads.emplace_back([&, first] {
      const auto own = engine->NewWorker();
      for (size_t i = first; i < sequences.size(); ++i) {
        EXPECT_TRUE(SameBits(ScoreAll(*own, sequences[i]), alone[i])) << sequences[i].size();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  // A few positions out of many.
  const std::vector<int32_t> some = {1, 2, 64, 127, 128, 139};
  Stats stats(some.size());
  worker->Score(sequences[0], some, stats.data());
  for (size_t i = 0; i < some.size(); ++i) {
    EXPECT_EQ(std::memcmp(&stats[i], &alone[0][static_cast<size_t>(some[i]) - 1], sizeof stats[i]),
              0)
        << some[i];
  }
  worker->Score(sequences[0], {}, nullptr);  // nothing to score is no error
}

TEST(LlamaEngine, SameBitsForAnySweepSize) {
  const std::vector<int32_t> ids = Ids(40, 9);
  const Stats expected = ScoreAll(*OpenDemo(256)->NewWorker(), ids);
  for (const int64_t rows : {1, 7, 39}) {
    EXPECT_TRUE(SameBits(ScoreAll(*OpenDemo(rows)->NewWorker(), ids), expected)) << rows;
  }
}

TEST(LlamaEngine, HiddenStatesAreThoseThatAreScored) {
  const std::vector<int32_t> ids = Ids(140, 3), positions = {1, 2, 128, 129, 139};
  const auto engine = OpenDemo();
  const auto worker = engine->NewWorker();
  Stats want(positions.size()), got(positions.size());
  worker->Score(ids, positions, want.data());
  const OutputHead head = engine->head();
  std::vector<float> hidden(positions.size() * static_cast<size_t>(head.matrix->width()));
  worker->Hidden(ids, positions, hidden.data());
  std::vector<int32_t> targets;
  for (const int32_t position : positions) targets.push_back(ids[static_cast<size_t>(position)]);
  NewVocabSweep(*head.matrix, head.transform)->Run(hidden.data(), targets, got.data());
  EXPECT_TRUE(SameBits(got, want));
}

TEST(LlamaEngine, NativeIsNearFloat32) {
  const auto native = OpenDemo(256, Precision::kNative);
  EXPECT_EQ(native->info().precision, "native");
  const std::vector<int32_t> ids = Ids(60, 3);
  const Stats expected = ScoreAll(*OpenDemo()->NewWorker(), ids);
  const Stats stats = ScoreAll(*native->NewWorker(), ids);
  double difference = 0, mean = 0;
  for (size_t i = 0; i < stats.size(); ++i) {
    difference += std::abs(stats[i].surprisal - expected[i].surprisal);
    mean += expected[i].surprisal;
  }
  EXPECT_GT(difference, 0);  // ggml rounds activations to 8 bits here
  EXPECT_LT(difference / mean, 0.05);
}

TEST(LlamaEngine, AutoTakesWhatFits) {
  EXPECT_EQ(OpenDemo(256, Precision::kAuto, 1000000)->info().precision, "native");
}

TEST(LlamaEngine, RefusesWhatCannotBeScored) {
  const auto engine = OpenDemo();
  const auto worker = engine->NewWorker();
  const std::vector<int32_t> ids = {1, 2, 3};
  TokenStats stats[3];
  const auto score = [&](std::vector<int32_t> sequence, std::vector<int32_t> positions) {
    worker->Score(sequence, positions, stats);
  };
  EXPECT_THROW(score(ids, {0}), Error);
  EXPECT_THROW(score(ids, {3}), Error);
  EXPECT_THROW(score(ids, {2, 2}), Error);
  EXPECT_THROW(score({1, -1, 2}, {1}), Error);
  EXPECT_THROW(score({1, 49152, 2}, {1}), Error);
  try {
    score(std::vector<int32_t>(8193, 5), {1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(),
                HasSubstr("8193 tokens is longer than the student's context of 8192"));
  }
  score(ids, {1, 2});  // and goes on working
}

class LlamaEngineFiles : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-engine-{}-{}.gguf", testing::TempDir(), getpid(),
                        testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Error Caught() {
    try {
      OpenLlamaEngine({.student = {.path = path_, .precision = Precision::kF32}});
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "opened";
    return Error("");
  }
  std::string path_;
};

TEST_F(LlamaEngineFiles, SaysWhatLlamaCppSaysAndPrintsNothing) {
  WriteTinyModel("llama", path_);
  std::string bytes = ReadFile(path_);
  testing::internal::CaptureStderr();
  const size_t at = bytes.find("blk.1.ffn_up.weight");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 4] = '7';
  WriteFileAtomic(path_, bytes);
  EXPECT_THAT(Caught().message(), HasSubstr("blk.1.ffn_up.weight"));
  const size_t architecture = bytes.find("llama");
  bytes.replace(architecture, 5, "lamas");
  WriteFileAtomic(path_, bytes);
  EXPECT_THAT(Caught().message(), HasSubstr("unknown model architecture: 'lamas'"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(LlamaEngineFiles, NotFiniteLogitsAreAnErrorAndDoNotSpread) {
  WriteTinyModel("gpt2", path_, [](gguf_context* file, const std::string& prefix) {
    gguf_set_val_u32(file, (prefix + "attention.head_count_kv").c_str(), 4);
  });
  // Position 20's embedding becomes infinite.
  std::string bytes = ReadFile(path_);
  for (const StudentTensor& tensor : ReadGguf(path_).tensors) {
    if (tensor.name != "position_embd.weight") continue;
    const float infinity = INFINITY;
    std::memcpy(bytes.data() + tensor.offset + 20 * tensor.bytes / kTinyContext, &infinity,
                sizeof infinity);
  }
  WriteFileAtomic(path_, bytes);
  const auto engine = OpenLlamaEngine({.student = {.path = path_, .precision = Precision::kF32}});
  const auto worker = engine->NewWorker();
  const std::vector<int32_t> good = {1, 2, 3, 4}, bad(30, 5);
  const Stats expected = ScoreAll(*worker, good);
  try {
    ScoreAll(*worker, bad);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("position 1: a logit is infinite"));
  }
  EXPECT_TRUE(SameBits(ScoreAll(*worker, good), expected));
}

TEST(ContextSize, DependsOnTheLengthInFewSteps) {
  const BodyShape shape{.context_length = 131072, .heads = 9};
  const std::map<int64_t, int64_t> expected = {{1, 4096},      {4096, 4096},   {4097, 8192},
                                               {16384, 16384}, {16385, 32768}, {32769, 49152}};
  for (const auto& [length, tokens] : expected) {
    EXPECT_EQ(SizeFor(shape, length).tokens, tokens) << length;
    EXPECT_EQ(SizeFor(shape, length).at_once, 128) << length;
  }
  EXPECT_EQ(SizeFor({.context_length = 2048, .heads = 9}, 100).tokens, 2048);
  // Many heads: fewer tokens at once where the scores would be gigabytes.
  const BodyShape large{.context_length = 131072, .heads = 64};
  EXPECT_EQ(SizeFor(large, 4000).at_once, 128);
  EXPECT_EQ(SizeFor(large, 32768).at_once, 64);
}

}  // namespace
}  // namespace rsr
