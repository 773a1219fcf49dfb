#include "student/decoder_config.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>

#include "rsr/error.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;
using Change = std::function<void(gguf_context*)>;

class DecoderConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-config-{}.gguf", testing::TempDir(), getpid());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // A header of the llama family and one tensor; `change` may set other keys.
  GgufInfo Header(const Change& change = {}, const char* tensor = "blk.1.attn_q.weight") {
    const std::unique_ptr<gguf_context, decltype(&gguf_free)> file(gguf_init_empty(), gguf_free);
    const auto number = [&](const char* key, uint32_t value) {
      gguf_set_val_u32(file.get(), key, value);
    };
    gguf_set_val_str(file.get(), "general.architecture", "llama");
    number("llama.block_count", 2);
    number("llama.context_length", 128);
    number("llama.embedding_length", 64);
    number("llama.feed_forward_length", 96);
    number("llama.attention.head_count", 4);
    number("llama.attention.head_count_kv", 2);
    gguf_set_val_f32(file.get(), "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    const char* tokens[] = {"a", "b", "c"};
    gguf_set_arr_str(file.get(), "tokenizer.ggml.tokens", tokens, 3);
    if (change) change(file.get());
    const std::unique_ptr<ggml_context, decltype(&ggml_free)> memory(
        ggml_init({size_t{1} << 16, nullptr, false}), ggml_free);
    ggml_tensor* values = ggml_new_tensor_1d(memory.get(), GGML_TYPE_F32, 8);
    ggml_set_name(values, tensor);
    gguf_add_tensor(file.get(), values);
    gguf_write_to_file(file.get(), path_.c_str(), false);
    return ReadGguf(path_);
  }
  std::string WhyNot(const Change& change, const char* tensor = "output.weight") {
    std::string why_not;
    EXPECT_FALSE(ReadDecoderConfig(Header(change, tensor), &why_not));
    return why_not;
  }
  static Change Set(const char* key, uint32_t value) {
    return [=](gguf_context* file) { gguf_set_val_u32(file, key, value); };
  }

  std::string path_;
};

TEST_F(DecoderConfigTest, ReadsTheHeader) {
  std::string why_not;
  const auto config = ReadDecoderConfig(Header(), &why_not);
  ASSERT_TRUE(config) << why_not;
  EXPECT_EQ(config->layers, 2);
  EXPECT_EQ(config->feed_forward, 96);
  EXPECT_EQ(config->kv_heads, 2);
  EXPECT_EQ(config->head_width, 16);
  EXPECT_EQ(config->rope_width, 16);
  EXPECT_EQ(config->rope_base, 10000);
  EXPECT_EQ(config->vocab, 3);
  EXPECT_EQ(config->norm_epsilon, 1e-5f);
  EXPECT_TRUE(config->rope_side_by_side);
}

TEST_F(DecoderConfigTest, LinearScaling) {
  std::string why_not;
  const auto factor = [&](const char* type, float value) {
    const GgufInfo info = Header([&](gguf_context* file) {
      if (type) gguf_set_val_str(file, "llama.rope.scaling.type", type);
      gguf_set_val_f32(file, "llama.rope.scaling.factor", value);
    });
    return ReadDecoderConfig(info, &why_not)->rope_factor;
  };
  EXPECT_EQ(factor("linear", 4), 4);
  EXPECT_EQ(factor(nullptr, 4), 4);  // llama.cpp takes it for linear, too
  EXPECT_EQ(factor("linear", 0), 1);
  EXPECT_EQ(factor("none", 4), 1);
}

TEST_F(DecoderConfigTest, Yarn) {
  const auto yarn = [&](const char* key, float value) {
    std::string why_not;
    const GgufInfo info = Header([&](gguf_context* file) {
      gguf_set_val_str(file, "llama.rope.scaling.type", "yarn");
      gguf_set_val_f32(file, "llama.rope.scaling.factor", 4);
      gguf_set_val_u32(file, "llama.rope.scaling.original_context_length", 32);
      gguf_set_val_f32(file, key, value);
    });
    return ReadDecoderConfig(info, &why_not).value_or(DecoderConfig{.architecture = why_not});
  };
  constexpr const char* kAttention = "llama.rope.scaling.attn_factor";
  const DecoderConfig config = yarn(kAttention, 1);
  EXPECT_EQ(config.rope_factor, 1);
  EXPECT_EQ(config.rope_factors.size(), 8u);
  EXPECT_EQ(config.rope_factors[0], 1);
  EXPECT_EQ(config.rope_factors[7], 4);
  EXPECT_NEAR(config.rope_scale, 1.138629, 1e-6);
  EXPECT_NEAR(yarn(kAttention, 2).rope_scale, 2 * 1.138629, 1e-6);
  EXPECT_NE(yarn("llama.rope.scaling.yarn_beta_slow", 2).rope_factors, config.rope_factors);
  EXPECT_THAT(yarn("llama.rope.scaling.yarn_attn_factor", 2).architecture,
              HasSubstr("yarn_attn_factor is 2"));
  EXPECT_THROW(yarn("llama.rope.scaling.factor", 0.5f), Error);
  EXPECT_THROW(yarn("llama.rope.freq_base", 1), Error);
}

// The same header for another family.
Change Family(const char* architecture, const Change& more = {}) {
  return [=](gguf_context* file) {
    const std::string prefix = std::string(architecture) + ".";
    gguf_set_val_str(file, "general.architecture", architecture);
    for (const auto& [key, value] : {std::pair<const char*, uint32_t>{"block_count", 7},
                                     {"embedding_length", 64},
                                     {"feed_forward_length", 96},
                                     {"attention.head_count", 4}}) {
      gguf_set_val_u32(file, (prefix + key).c_str(), value);
    }
    gguf_set_val_f32(file, (prefix + "attention.layer_norm_rms_epsilon").c_str(), 1e-6f);
    if (more) more(file);
  };
}

TEST_F(DecoderConfigTest, SlidingWindows) {
  std::string why_not;
  const auto windowed = [&](const Change& change) {
    return ReadDecoderConfig(Header(change), &why_not)->windowed;
  };
  const auto gemma3 = ReadDecoderConfig(
      Header(Family("gemma3", Set("gemma3.attention.sliding_window", 512))), &why_not);
  EXPECT_EQ(gemma3->window, 512);
  EXPECT_EQ(gemma3->windowed, (std::vector<bool>{true, true, true, true, true, false, true}));
  EXPECT_EQ(gemma3->window_rope_base, 10000);
  EXPECT_EQ(ReadDecoderConfig(Header(Family("gemma3")), &why_not)->window, 0);
  EXPECT_EQ(windowed(Family("gemma2")),
            (std::vector<bool>{true, false, true, false, true, false, true}));
  EXPECT_EQ(windowed(Family("gemma2", Set("gemma2.attention.sliding_window_pattern", 3))),
            (std::vector<bool>{true, true, false, true, true, false, true}));
  EXPECT_EQ(windowed(Family("gemma2",
                            [](gguf_context* file) {
                              const bool layers[] = {false, true, true};  // the rest: none
                              gguf_set_arr_data(file, "gemma2.attention.sliding_window_pattern",
                                                GGUF_TYPE_BOOL, layers, 3);
                            })),
            (std::vector<bool>{false, true, true, false, false, false, false}));
}

TEST_F(DecoderConfigTest, ScalesAndCaps) {
  std::string why_not;
  const auto gemma2 = ReadDecoderConfig(Header(Family("gemma2")), &why_not);
  EXPECT_EQ(gemma2->embedding_scale, 8);
  EXPECT_EQ(gemma2->attention_soft_cap, 50);
  EXPECT_EQ(gemma2->logit_soft_cap, 30);
  EXPECT_EQ(gemma2->attention_scale, 0.25f);
  // Gemma 2's 27B and Gemma 3's alone, known by their layers, scale by another width than a head's.
  for (const auto& [name, layers] : {std::pair("gemma2", 46), {"gemma3", 62}}) {
    const std::string prefix = std::string(name) + ".";
    const auto big = ReadDecoderConfig(
        Header(Family(name,
                      [&](gguf_context* file) {
                        gguf_set_val_u32(file, (prefix + "block_count").c_str(), layers);
                        for (const char* key : {"attention.key_length", "attention.value_length"}) {
                          gguf_set_val_u32(file, (prefix + key).c_str(), 64);
                        }
                      })),
        &why_not);
    EXPECT_EQ(big->attention_scale, 0.25f) << name;
    EXPECT_EQ(big->head_width, 64);
  }
  const auto granite = ReadDecoderConfig(
      Header(Family("granite",
                    [](gguf_context* file) { gguf_set_val_f32(file, "granite.logit_scale", 8); })),
      &why_not);
  EXPECT_EQ(granite->logit_scale, 0.125f);
  EXPECT_EQ(granite->residual_scale, 1);
  EXPECT_THROW(ReadDecoderConfig(Header(Family("granite")), &why_not), Error);
}

TEST_F(DecoderConfigTest, SaysWhatItDoesNotCompute) {
  EXPECT_THAT(
      WhyNot([](gguf_context* file) { gguf_set_val_str(file, "general.architecture", "mamba"); }),
      HasSubstr("architecture 'mamba' is not among llama"));
  EXPECT_THAT(WhyNot(Set("llama.expert_count", 8)), HasSubstr("mixture of experts"));
  EXPECT_THAT(
      WhyNot([](gguf_context* file) { gguf_set_val_str(file, "llama.rope.scaling.type", "new"); }),
      HasSubstr("'new'"));
  EXPECT_THAT(WhyNot([](gguf_context* file) {
                const uint32_t heads[] = {2, 1};
                gguf_set_arr_data(file, "llama.attention.head_count_kv", GGUF_TYPE_UINT32, heads,
                                  2);
              }),
              HasSubstr("attention.head_count_kv differs by layer"));
  EXPECT_THAT(WhyNot(Set("llama.attention.key_length", 32)), HasSubstr("differ in width"));
  EXPECT_THAT(WhyNot({}, "blk.0.attn_sinks.weight"), HasSubstr("'blk.0.attn_sinks.weight'"));
  EXPECT_THAT(WhyNot({}, "attn_q.weight"), HasSubstr("'attn_q.weight'"));
  // Of other families.
  EXPECT_THAT(WhyNot({}, "blk.0.attn_q_norm.weight"), HasSubstr("'blk.0.attn_q_norm.weight'"));
  EXPECT_THAT(WhyNot({}, "blk.0.post_ffw_norm.weight"), HasSubstr("'blk.0.post_ffw_norm.weight'"));
  EXPECT_THAT(WhyNot(Family("olmo2"), "blk.0.attn_norm.weight"), HasSubstr("attn_norm"));
  EXPECT_THAT(WhyNot(Family("qwen2", Set("qwen2.attention.sliding_window", 64))),
              HasSubstr("sliding window"));
}

TEST_F(DecoderConfigTest, RefusesSizesThatCannotBe) {
  const auto refusal = [&](const Change& change) -> std::string {
    try {
      std::string why_not;
      ReadDecoderConfig(Header(change), &why_not);
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  };
  EXPECT_THAT(refusal(Set("llama.attention.head_count", 0)), HasSubstr("number of heads is 0"));
  EXPECT_THAT(refusal(Set("llama.attention.head_count_kv", 0)), HasSubstr("KV heads is 0"));
  EXPECT_THAT(refusal(Set("llama.attention.head_count_kv", 3)), HasSubstr("4 heads over 3"));
  EXPECT_THAT(refusal(Set("llama.block_count", 1u << 31)), HasSubstr("number of layers"));
  EXPECT_THAT(refusal(Set("llama.feed_forward_length", 0xffffffff)),
              HasSubstr("feed-forward width"));
  EXPECT_THAT(refusal(Set("llama.rope.dimension_count", 18)), HasSubstr("18 of them rotated"));
  EXPECT_THAT(refusal(Set("llama.rope.dimension_count", 15)), HasSubstr("15 of them rotated"));
  EXPECT_THAT(
      refusal([](gguf_context* file) { gguf_set_val_f32(file, "llama.rope.freq_base", NAN); }),
      HasSubstr("base nan"));
  EXPECT_THAT(
      refusal([](gguf_context* file) { gguf_set_val_f32(file, "llama.rope.scaling.factor", -2); }),
      HasSubstr("factor -2"));
  const auto without = [](const char* key) {
    return [=](gguf_context* file) { gguf_remove_key(file, key); };
  };
  EXPECT_THAT(refusal(without("llama.block_count")), HasSubstr("number of layers is 0"));
  EXPECT_THAT(refusal(without("llama.embedding_length")), HasSubstr("the width is 0"));
  EXPECT_THAT(refusal(without("llama.attention.layer_norm_rms_epsilon")),
              HasSubstr("norm epsilon -1"));
  // Of another type; a default in its place would be another model.
  const auto text = [](const char* key) {
    return [=](gguf_context* file) { gguf_set_val_str(file, key, "2"); };
  };
  EXPECT_THAT(refusal(text("llama.block_count")),
              HasSubstr("llama.block_count: expected whole numbers, got str"));
  EXPECT_THAT(refusal(text("llama.attention.head_count_kv")), HasSubstr("whole numbers, got str"));
  EXPECT_THAT(
      refusal([](gguf_context* file) { gguf_set_val_f32(file, "llama.feed_forward_length", 96); }),
      HasSubstr("llama.feed_forward_length: expected whole numbers, got f32"));
  EXPECT_THAT(refusal([](gguf_context* file) {
                const float layers[] = {1, 2};
                gguf_set_arr_data(file, "llama.attention.head_count", GGUF_TYPE_FLOAT32, layers, 2);
              }),
              HasSubstr("expected whole numbers, got a list of f32"));
  EXPECT_THAT(refusal(Set("llama.rope.freq_base", 500000)),
              HasSubstr("llama.rope.freq_base: expected a floating-point number, got u32"));
  EXPECT_THAT(refusal(Set("llama.rope.scaling.type", 1)),
              HasSubstr("llama.rope.scaling.type: expected a string, got u32"));
}

}  // namespace
}  // namespace rsr
