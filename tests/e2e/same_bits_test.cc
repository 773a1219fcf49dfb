// The native engine's bits on the tiny model of every family: alone or in any pack, any sweep size,
// one thread or several, resident or layer by layer. families/make_families.py makes the models.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "engine/native/native_engine.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

struct Sequence {
  std::vector<int32_t> ids, positions;
};

// Lengths around the decoder's blocks of 128 rows and the attention's tiles of 128 keys; of some
// sequences only a few positions are scored, of one none.
std::vector<Sequence> Sequences(int64_t vocab) {
  std::mt19937 random(7);
  std::vector<Sequence> sequences;
  for (const size_t length : {2, 3, 17, 127, 128, 129, 130, 61, 200, 257, 299, 5, 40}) {
    Sequence s;
    for (size_t i = 0; i < length; ++i) {
      s.ids.push_back(static_cast<int32_t>(random() % static_cast<uint32_t>(vocab)));
    }
    for (size_t i = 1; i < length; i += sequences.size() % 3 == 2 ? 1 + random() % 9 : 1) {
      s.positions.push_back(static_cast<int32_t>(i));
    }
    sequences.push_back(std::move(s));
  }
  sequences[3].positions.clear();
  return sequences;
}

using Stats = std::vector<std::vector<TokenStats>>;

// Scores the sequences that `order` names, `at_once` in a pack.
Stats ScorePacks(Engine& engine, const std::vector<Sequence>& sequences,
                 const std::vector<size_t>& order, size_t at_once) {
  const auto worker = engine.NewWorker();
  Stats stats(sequences.size());
  std::vector<ScoreRequest> pack;
  for (const size_t i : order) {
    stats[i].resize(sequences[i].positions.size());
    pack.push_back({sequences[i].ids, sequences[i].positions, stats[i].data()});
    if (pack.size() < at_once && i != order.back()) continue;
    worker->Score(pack);
    pack.clear();
  }
  return stats;
}

void ExpectSame(const Stats& got, const Stats& want, const std::string& how) {
  for (size_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(got[i].size(), want[i].size());
    EXPECT_EQ(std::memcmp(got[i].data(), want[i].data(), want[i].size() * sizeof(TokenStats)), 0)
        << how << ", sequence " << i;
  }
}

class SameBitsTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Engine> Open(int64_t sweep_rows = 256, bool layer_by_layer = false) const {
    return OpenNativeEngine(
        {.student = {.path = Path()}, .layer_by_layer = layer_by_layer, .sweep_rows = sweep_rows});
  }
  static std::string Path() {
    return std::string(RSR_SOURCE_DIR) + "/tests/golden/families/" + GetParam() + ".gguf";
  }
};

TEST_P(SameBitsTest, WhateverThePack) {
  const std::vector<Sequence> sequences = Sequences(ReadGguf(Path()).vocab);
  std::vector<size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), 0);
  const auto engine = Open(), small_sweeps = Open(7);
  const Stats alone = ScorePacks(*engine, sequences, order, 1);
  ExpectSame(ScorePacks(*engine, sequences, order, 100), alone, "one pack");
  ExpectSame(ScorePacks(*small_sweeps, sequences, order, 4), alone, "small sweeps");
  std::mt19937 random(3);
  std::vector<std::thread> threads;
  for (const size_t at_once : {2, 3, 5}) {
    std::shuffle(order.begin(), order.end(), random);
    threads.emplace_back([&, order, at_once] {
      ExpectSame(ScorePacks(*engine, sequences, order, at_once), alone, "other packs in a thread");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(SameBitsTest, LayerByLayer) {
  const std::vector<Sequence> sequences = Sequences(ReadGguf(Path()).vocab);
  std::vector<size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), 0);
  const auto resident = Open(), layered = Open(256, true);
  EXPECT_FALSE(resident->info().plan.layer_by_layer);
  EXPECT_TRUE(layered->info().plan.layer_by_layer);
  const Stats expected = ScorePacks(*resident, sequences, order, 1);
  ExpectSame(ScorePacks(*layered, sequences, order, 100), expected, "one pack");
  std::vector<std::thread> threads;
  for (const size_t at_once : {1, 3, 5}) {  // other numbers of passes: some wait for nobody
    threads.emplace_back([&, at_once] {
      ExpectSame(ScorePacks(*layered, sequences, order, at_once), expected, "in step");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(All, SameBitsTest,
                         testing::Values("llama", "qwen2", "qwen3", "smollm3", "gemma2", "gemma3",
                                         "olmo2", "granite"),
                         [](const testing::TestParamInfo<std::string>& info) {
                           return info.param;
                         });

}  // namespace
}  // namespace rsr
