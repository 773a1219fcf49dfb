// Tiny models of several architectures: our output layer against llama.cpp's own logits.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>

#include "engine/llama/llama_engine.h"
#include "engine/llama/tiny_model.h"
#include "rsr/error.h"

namespace rsr {
namespace {

struct Case {
  std::string architecture;
  std::string note;
  MetadataHook more;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.architecture; }

std::vector<int32_t> SomeIds(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> ids(count);
  for (int32_t& id : ids) id = static_cast<int32_t>(random() % kTinyVocab);
  return ids;
}

// Surprisal of ids[1..] by llama.cpp's own graph, all at once, in double from its logits.
std::vector<double> PlainSurprisals(const std::string& path, std::vector<int32_t> ids) {
  llama_model_params model_params = llama_model_default_params();
  model_params.use_extra_bufts = false;
  const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
      llama_model_load_from_file(path.c_str(), model_params), llama_model_free);
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = kTinyContext;
  params.n_threads = params.n_threads_batch = 1;
  params.type_k = params.type_v = GGML_TYPE_F32;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  const std::unique_ptr<llama_context, decltype(&llama_free)> context(
      llama_init_from_model(model.get(), params), llama_free);
  llama_batch batch = llama_batch_init(static_cast<int32_t>(ids.size()), 0, 1);
  batch.n_tokens = static_cast<int32_t>(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    batch.token[i] = ids[i];
    batch.pos[i] = static_cast<llama_pos>(i);
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = 1;
  }
  EXPECT_EQ(llama_decode(context.get(), batch), 0);
  llama_batch_free(batch);
  std::vector<double> surprisals;
  for (size_t i = 1; i < ids.size(); ++i) {
    const float* logits = llama_get_logits_ith(context.get(), static_cast<int32_t>(i) - 1);
    double sum = 0;
    for (int64_t v = 0; v < kTinyVocab; ++v) sum += std::exp(double{logits[v]});
    surprisals.push_back(std::log(sum) - logits[ids[i]]);
  }
  return surprisals;
}

class ArchitectureTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-tiny-{}-{}.gguf", testing::TempDir(), GetParam().note, getpid());
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
};

TEST_P(ArchitectureTest, AgreesWithLlamaCppsOwnLogits) {
  WriteTinyModel(GetParam().architecture, path_, GetParam().more);
  const auto engine =
      OpenLlamaEngine({.student = {.path = path_, .precision = Precision::kF32}, .sweep_rows = 50});
  const auto worker = engine->NewWorker();
  const std::vector<int32_t> ids = SomeIds(300, 1);
  std::vector<int32_t> positions(ids.size() - 1);
  std::iota(positions.begin(), positions.end(), 1);
  std::vector<TokenStats> stats(positions.size());
  worker->Score(ids, positions, stats.data());
  const std::vector<double> expected = PlainSurprisals(path_, ids);
  double spread = 0;
  for (size_t i = 0; i < stats.size(); ++i) {
    // Logits of these models reach 20; float32 sums of another order move them by some 1e-5.
    EXPECT_NEAR(stats[i].surprisal, expected[i], 2e-4) << i;
    spread = std::max(spread, std::abs(expected[i] - expected[0]));
  }
  EXPECT_GT(spread, 0.1);  // or the model says nothing

  // A short sequence after the long one, as alone: nothing of the long one's cache leaks.
  const std::vector<int32_t> short_ids = SomeIds(70, 2);
  std::vector<TokenStats> alone(69), after(69);
  engine->NewWorker()->Score(short_ids, {positions.data(), 69}, alone.data());
  worker->Score(short_ids, {positions.data(), 69}, after.data());
  EXPECT_EQ(std::memcmp(alone.data(), after.data(), sizeof(TokenStats) * 69), 0);
}

const MetadataHook kNothing;
INSTANTIATE_TEST_SUITE_P(
    All, ArchitectureTest,
    testing::Values(
        Case{"llama", "llama", kNothing}, Case{"qwen2", "qwen2", kNothing},
        Case{"qwen3", "qwen3", kNothing}, Case{"smollm3", "smollm3", kNothing},
        Case{"olmo2", "olmo2", kNothing},
        // Learned positions.
        Case{"gpt2", "gpt2",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_u32(f, (p + "attention.head_count_kv").c_str(), 4);
             }},
        // A bias on the logits.
        Case{"phi2", "phi2",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_u32(f, (p + "attention.head_count_kv").c_str(), 4);
             }},
        // Soft-capped logits, and attention through a sliding window shorter than the sequence.
        Case{"gemma2", "gemma2",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_f32(f, (p + "final_logit_softcapping").c_str(), 3.0f);
               gguf_set_val_u32(f, (p + "attention.sliding_window").c_str(), 32);
             }},
        Case{"gemma3", "gemma3",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_u32(f, (p + "attention.sliding_window").c_str(), 32);
             }},
        // Logits divided, multiplied, and scaled before the product.
        Case{"granite", "granite",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_f32(f, (p + "logit_scale").c_str(), 4.0f);
             }},
        Case{"command-r", "command-r",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_f32(f, (p + "logit_scale").c_str(), 0.25f);
             }},
        Case{"minicpm", "minicpm",
             [](gguf_context* f, const std::string& p) {
               gguf_set_val_f32(f, (p + "logit_scale").c_str(), 2.0f);
               gguf_set_val_f32(f, (p + "embedding_scale").c_str(), 1.0f);
               gguf_set_val_f32(f, (p + "residual_scale").c_str(), 1.0f);
             }}),
    [](const testing::TestParamInfo<Case>& info) {
      std::string name = info.param.note;
      for (char& c : name) c = c == '-' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace rsr
