// The native engine beside llama.cpp on tiny models, and its bits whatever surrounds a sequence.
#include "engine/native/native_engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <thread>

#include "base/file.h"
#include "engine/llama/llama_engine.h"
#include "engine/llama/tiny_model.h"
#include "kernels/matmul.h"
#include "rsr/error.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

std::vector<int32_t> SomeIds(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids(count);
  for (int32_t& id : ids) id = static_cast<int32_t>(random() % kTinyVocab);
  return ids;
}

std::vector<TokenStats> ScoreAll(EngineWorker& worker, const std::vector<int32_t>& ids) {
  std::vector<int32_t> positions(ids.size() - 1);
  std::iota(positions.begin(), positions.end(), 1);
  std::vector<TokenStats> stats(positions.size());
  worker.Score(ids, positions, stats.data());
  return stats;
}

bool SameStats(const std::vector<TokenStats>& a, const TokenStats* b) {
  return std::memcmp(a.data(), b, a.size() * sizeof(TokenStats)) == 0;
}

class NativeEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-native-{}.gguf", testing::TempDir(), getpid());
    Write();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  // With biases, frequency factors and an output matrix of its own; without what `drop` names.
  void Write(const std::function<bool(std::string_view)>& drop = {}) const {
    WriteTinyModel("llama", path_);
    DropTensors(path_, [&](std::string_view name) {
      return name.ends_with("scale") || (drop && drop(name));  // of float4 weights
    });
  }
  void ExpectAgreement() const;
  std::unique_ptr<Engine> Open(int64_t sweep_rows = 256,
                               Precision precision = Precision::kF32) const {
    return OpenNativeEngine(
        {.student = {.path = path_, .precision = precision}, .sweep_rows = sweep_rows});
  }
  std::string path_;
};

// Both engines on `ids`, surprisals and entropies within `tolerance` nats.
void ExpectAgreementOn(const std::string& path, double tolerance) {
  const std::vector<int32_t> ids = SomeIds(400, 1);
  const auto native = OpenNativeEngine({.student = {.path = path}});
  const auto llama = OpenLlamaEngine({.student = {.path = path, .precision = Precision::kF32}});
  const auto got = ScoreAll(*native->NewWorker(), ids);
  const auto want = ScoreAll(*llama->NewWorker(), ids);
  double spread = 0;
  int other_ranks = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i].surprisal, want[i].surprisal, tolerance) << i;
    ASSERT_NEAR(got[i].entropy, want[i].entropy, tolerance) << i;
    other_ranks += got[i].rank != want[i].rank;
    spread = std::max<double>(spread, std::abs(got[i].surprisal - got[0].surprisal));
  }
  EXPECT_LE(other_ranks, tolerance < 1e-3 ? 0 : 4);
  EXPECT_GT(spread, 0.1);  // or the model says nothing
}

// Logits of these models reach 20; float32 sums of another order move them by some 1e-5.
constexpr double kRounding = 2e-4;

void NativeEngineTest::ExpectAgreement() const { ExpectAgreementOn(path_, kRounding); }

TEST_F(NativeEngineTest, AgreesWithTheLlamaEngine) {
  ExpectAgreement();
  EXPECT_EQ(Open()->info().name, "native");
  EXPECT_EQ(Open()->info().precision, "f32");
}

// Activations and weights with 8 bits: logits of up to 20 move by some hundredths.
TEST_F(NativeEngineTest, Bf16IsNearFloat32) {
  const auto bf16 = Open(256, Precision::kBf16);
  EXPECT_EQ(bf16->info().precision, "bf16");
  EXPECT_LT(bf16->info().weights_bytes, Open()->info().weights_bytes);
  const std::vector<int32_t> ids = SomeIds(400, 1);
  const auto got = ScoreAll(*bf16->NewWorker(), ids), want = ScoreAll(*Open()->NewWorker(), ids);
  double sum = 0;
  for (size_t i = 0; i < got.size(); ++i) sum += std::abs(got[i].surprisal - want[i].surprisal);
  const double mean = sum / static_cast<double>(got.size());
  EXPECT_GT(mean, 1e-4);  // or it is not bf16
  EXPECT_LT(mean, 0.1);
  EXPECT_THROW(OpenLlamaEngine({.student = {.path = path_, .precision = Precision::kBf16}}), Error);
}

TEST_F(NativeEngineTest, AutoIsFloat32AndSaysWhy) {
  const auto engine = Open(256, Precision::kAuto);
  EXPECT_EQ(engine->info().precision, "f32");
  EXPECT_THAT(engine->info().precision_why, HasSubstr("auto takes f32"));
  EXPECT_EQ(engine->info().precision_note.starts_with("--precision bf16"), Bf16IsFaster());
  EXPECT_EQ(Open()->info().precision_why, "");
  EXPECT_EQ(Open()->info().precision_note, "");
}

TEST_F(NativeEngineTest, AgreesWithoutWhatAFileMayLack) {
  Write([](std::string_view name) { return name.ends_with(".bias"); });
  ExpectAgreement();
  Write([](std::string_view name) { return name == "rope_freqs.weight"; });
  ExpectAgreement();
  Write([](std::string_view name) { return name == "output.weight"; });
  ExpectAgreement();
  Write([](std::string_view name) { return name == "blk.1.attn_k.bias"; });
  ExpectAgreement();
}

class BitsTest : public NativeEngineTest, public testing::WithParamInterface<Precision> {};

TEST_P(BitsTest, DependOnTheSequenceAlone) {
  const auto engine = Open(256, GetParam()), small_sweeps = Open(7, GetParam());
  const std::vector<int32_t> ids = SomeIds(400, 1);
  const auto worker = engine->NewWorker();
  const auto all = ScoreAll(*worker, ids);
  EXPECT_TRUE(SameStats(ScoreAll(*small_sweeps->NewWorker(), ids), all.data()));
  // The beginning of a sequence does not know how it goes on; nothing of the long one is left over.
  for (size_t length = 2; length < 400; length += 13) {
    const std::vector<int32_t> begin(ids.begin(), ids.begin() + static_cast<int64_t>(length));
    EXPECT_TRUE(SameStats(ScoreAll(*worker, begin), all.data())) << length;
  }
  std::vector<std::vector<TokenStats>> stats(2);
  std::vector<std::thread> threads;
  for (auto& own : stats) {
    threads.emplace_back([&] { own = ScoreAll(*engine->NewWorker(), ids); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : stats) EXPECT_TRUE(SameStats(own, all.data()));
}

INSTANTIATE_TEST_SUITE_P(Precisions, BitsTest, testing::Values(Precision::kF32, Precision::kBf16));

TEST_F(NativeEngineTest, SomePositionsOnly) {
  const std::vector<int32_t> ids = SomeIds(300, 1);
  const auto engine = Open();
  const auto all = ScoreAll(*engine->NewWorker(), ids);
  const std::vector<int32_t> positions = {1, 2, 130, 257};
  std::vector<TokenStats> some(positions.size());
  engine->NewWorker()->Score(ids, positions, some.data());
  for (size_t i = 0; i < some.size(); ++i) {
    EXPECT_TRUE(SameStats({some[i]}, &all[static_cast<size_t>(positions[i]) - 1])) << i;
  }
  engine->NewWorker()->Score(ids, {}, nullptr);
}

TEST_F(NativeEngineTest, HiddenStatesAreThoseThatAreScored) {
  const std::vector<int32_t> ids = SomeIds(200, 1), positions = {1, 2, 130, 199};
  const auto engine = Open();
  std::vector<TokenStats> want(positions.size()), got(positions.size());
  const auto worker = engine->NewWorker();
  worker->Score(ids, positions, want.data());
  const OutputHead head = engine->head();
  std::vector<float> hidden(positions.size() * static_cast<size_t>(head.matrix->width()));
  worker->Hidden(ids, positions, hidden.data());
  std::vector<int32_t> targets;
  for (const int32_t position : positions) targets.push_back(ids[static_cast<size_t>(position)]);
  NewVocabSweep(*head.matrix, head.transform)->Run(hidden.data(), targets, got.data());
  EXPECT_TRUE(SameStats(want, got.data()));
}

TEST_F(NativeEngineTest, RefusesWhatItCannotScore) {
  const auto engine = Open();
  const auto message = [&](std::vector<int32_t> ids, std::vector<int32_t> positions) {
    std::vector<TokenStats> stats(positions.size());
    try {
      engine->NewWorker()->Score(ids, positions, stats.data());
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  EXPECT_THAT(message({1, kTinyVocab}, {1}), HasSubstr("outside the vocabulary"));
  EXPECT_THAT(message({1, 2}, {2}), HasSubstr("position 2 cannot be scored"));
  EXPECT_THAT(message(SomeIds(kTinyContext + 1, 1), {1}), HasSubstr("context of 512"));
  EXPECT_THROW(Open(0), Error);
}

TEST_F(NativeEngineTest, NamesTheSequenceThatFails) {
  // Token 5 is all in the first value, which after the last norm is then the root of the width; one
  // weight of the output matrix, too great for that, is small enough for any other token.
  std::string bytes = ReadFile(path_);
  const GgufInfo info = ReadGguf(path_);
  const auto set = [&](const char* name, int64_t row, float value) {
    for (const StudentTensor& tensor : info.tensors) {
      if (tensor.name != name) continue;
      const auto at = static_cast<size_t>(tensor.offset + row * info.width * 4);
      std::memcpy(bytes.data() + at, &value, sizeof value);
    }
  };
  set("token_embd.weight", 5, 1e10f);
  set("output_norm.weight", 0, 1);
  set("output.weight", 7, 3e38f / std::sqrt(static_cast<float>(info.width)) * 1.3f);
  WriteFileAtomic(path_, bytes);
  const auto engine = Open();
  const auto worker = engine->NewWorker();
  const std::vector<int32_t> good = {1, 2, 3, 4}, bad = {1, 2, 5, 3, 4}, wrong = {1, kTinyVocab};
  const std::vector<int32_t> positions = {1, 2, 3}, first = {1};
  std::vector<TokenStats> a(3), b(3), c(3);
  const auto failed = [&](std::vector<ScoreRequest> pack) {
    try {
      worker->Score(pack);
    } catch (const SequenceError& error) {
      return fmt::format("{}: {}", error.sequence(), error.message());
    }
    return std::string("none");
  };
  const ScoreRequest first_good{good, positions, a.data()}, second_good{good, positions, c.data()};
  EXPECT_EQ(failed({first_good, {bad, positions, b.data()}, second_good}),
            "1: position 3: a logit is infinite or not a number");
  EXPECT_THAT(failed({first_good, second_good, {wrong, first, b.data()}}),
              HasSubstr("2: token id 160 at position 1 is outside"));
  EXPECT_EQ(failed({first_good, second_good}), "none");
  EXPECT_TRUE(SameStats(a, c.data()));
}

TEST_F(NativeEngineTest, LeavesOtherFamiliesAlone) {
  EXPECT_EQ(WhyNotNative(ReadStudent(path_)), "");
  WriteTinyModel("gpt2", path_, [](gguf_context* file, const std::string& prefix) {
    gguf_set_val_u32(file, (prefix + "attention.head_count_kv").c_str(), 4);
  });
  EXPECT_THAT(WhyNotNative(ReadStudent(path_)), HasSubstr("architecture 'gpt2'"));
  try {
    Open();
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("architecture 'gpt2'"));
    EXPECT_THAT(error.hint(), HasSubstr("--engine llama"));
  }
}

struct FamilyCase {
  std::string architecture;
  double tolerance;
  MetadataHook more;
};

void PrintTo(const FamilyCase& c, std::ostream* out) { *out << c.architecture; }

class FamilyTest : public testing::TestWithParam<FamilyCase> {};

TEST_P(FamilyTest, AgreesWithTheLlamaEngine) {
  const FamilyCase& c = GetParam();
  const std::string path =
      fmt::format("{}rsr-native-{}-{}.gguf", testing::TempDir(), c.architecture, getpid());
  WriteTinyModel(c.architecture, path, [&](gguf_context* file, const std::string& prefix) {
    // As many layers as show every kind; heads whose width is not the width / heads.
    gguf_set_val_u32(file, (prefix + "block_count").c_str(), 7);
    if (c.more) c.more(file, prefix);
  });
  DropTensors(path, [](std::string_view name) {
    return name.ends_with("scale") || name == "output.bias" || name.starts_with("cls.") ||
           name.starts_with("rope_factors");
  });
  ExpectAgreementOn(path, c.tolerance);
  std::filesystem::remove(path);
}

MetadataHook Reals(std::vector<std::pair<const char*, float>> values, uint32_t window = 0) {
  return [=](gguf_context* file, const std::string& prefix) {
    for (const auto& [key, value] : values) gguf_set_val_f32(file, (prefix + key).c_str(), value);
    if (window > 0) {
      gguf_set_val_u32(file, (prefix + "attention.sliding_window").c_str(), window);
    }
  };
}

// ggml looks GELU up in a table of float16.
constexpr double kGgmlGelu = 0.05;

INSTANTIATE_TEST_SUITE_P(
    All, FamilyTest,
    testing::Values(FamilyCase{"llama", kRounding, Reals({{"rope.scaling.factor", 2}})},
                    FamilyCase{"qwen2", kRounding,
                               [](gguf_context* file, const std::string& prefix) {
                                 const auto key = [&](const char* name) {
                                   return prefix + "rope.scaling." + name;
                                 };
                                 gguf_set_val_str(file, key("type").c_str(), "yarn");
                                 gguf_set_val_f32(file, key("factor").c_str(), 4);
                                 gguf_set_val_u32(file, key("original_context_length").c_str(),
                                                  128);
                               }},
                    FamilyCase{"qwen3", kRounding, {}}, FamilyCase{"smollm3", kRounding, {}},
                    FamilyCase{"phi3", kRounding, {}},
                    FamilyCase{
                        "gemma2", kGgmlGelu,
                        Reals({{"attn_logit_softcapping", 5}, {"final_logit_softcapping", 3}}, 32)},
                    FamilyCase{"gemma3", kGgmlGelu,
                               Reals({{"rope.freq_base", 1e6f}, {"rope.scaling.factor", 8}}, 32)},
                    FamilyCase{"olmo2", kRounding, {}},
                    FamilyCase{"granite", kRounding,
                               Reals({{"logit_scale", 4},
                                      {"embedding_scale", 3},
                                      {"residual_scale", 0.3f},
                                      {"attention.scale", 0.2f}})}),
    [](const testing::TestParamInfo<FamilyCase>& info) { return info.param.architecture; });

}  // namespace
}  // namespace rsr
