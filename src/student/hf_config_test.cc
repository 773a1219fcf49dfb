// config.json as published models have it, in the words of transformers 4 and 5.
#include "student/hf_config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/student_info.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class HfConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fmt::format("{}rsr-hf-config-{}", testing::TempDir(), getpid());
    std::filesystem::create_directories(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::optional<DecoderConfig> Read(const Json& config) {
    std::ofstream(dir_ + "/config.json") << config;
    StudentInfo student;
    student.path = dir_;
    student.is_directory = true;
    why_not_.clear();
    return ReadHfConfig(student, &why_not_);
  }

  std::string dir_, why_not_;
};

Json Sizes(const char* type, int64_t width, int64_t feed_forward, int64_t layers, int64_t heads,
           int64_t kv_heads, int64_t vocab) {
  return {{"model_type", type},
          {"hidden_size", width},
          {"intermediate_size", feed_forward},
          {"num_hidden_layers", layers},
          {"num_attention_heads", heads},
          {"num_key_value_heads", kv_heads},
          {"vocab_size", vocab}};
}

Json With(Json config, const Json& more) {
  config.update(more);
  return config;
}

int64_t CountWindowed(const DecoderConfig& config) {
  return std::count(config.windowed.begin(), config.windowed.end(), true);
}

TEST_F(HfConfigTest, Llama31) {
  const Json rope = {{"factor", 8.0},
                     {"low_freq_factor", 1.0},
                     {"high_freq_factor", 4.0},
                     {"original_max_position_embeddings", 8192},
                     {"rope_type", "llama3"}};
  const auto config =
      Read(With(Sizes("llama", 4096, 14336, 32, 32, 8, 128256), {{"rope_theta", 500000.0},
                                                                 {"rope_scaling", rope},
                                                                 {"rms_norm_eps", 1e-5},
                                                                 {"attention_bias", false},
                                                                 {"mlp_bias", false},
                                                                 {"hidden_act", "silu"},
                                                                 {"tie_word_embeddings", false}}));
  ASSERT_TRUE(config) << why_not_;
  EXPECT_EQ(config->head_width, 128);
  EXPECT_EQ(config->kv_heads, 8);
  EXPECT_EQ(config->rope_base, 500000);
  EXPECT_FALSE(config->rope_side_by_side);
  EXPECT_EQ(config->norm_epsilon, 1e-5f);
  EXPECT_EQ(config->window, 0);
  EXPECT_EQ(config->output_matrix, Presence::kYes);
  EXPECT_EQ(config->query_key_value_bias, Presence::kNo);
  // Short waves as they are, long ones by the factor, some between: as in rope_freqs.weight of the
  // GGUF files.
  ASSERT_EQ(config->rope_factors.size(), 64u);
  EXPECT_EQ(config->rope_factors[0], 1);
  EXPECT_EQ(config->rope_factors[28], 1);
  EXPECT_GT(config->rope_factors[30], 1);
  EXPECT_LT(config->rope_factors[32], 8);
  EXPECT_EQ(config->rope_factors[40], 8);
  EXPECT_EQ(config->rope_factors[63], 8);
}

TEST_F(HfConfigTest, MistralsWindow) {
  const Json v1 = Sizes("mistral", 4096, 14336, 32, 32, 8, 32000);
  const auto config = Read(With(v1, {{"sliding_window", 4096}, {"rope_theta", 10000.0}}));
  ASSERT_TRUE(config) << why_not_;
  EXPECT_EQ(config->window, 4096);
  EXPECT_EQ(CountWindowed(*config), 32);
  EXPECT_EQ(config->window_rope_base, 10000);
  EXPECT_EQ(Read(v1)->window, 4096);  // transformers' default
  EXPECT_EQ(Read(With(v1, {{"sliding_window", nullptr}}))->window, 0);
}

TEST_F(HfConfigTest, QwensWindowOnlyIfUsed) {
  const Json qwen25 =
      With(Sizes("qwen2", 896, 4864, 24, 14, 2, 151936), {{"sliding_window", 32768},
                                                          {"use_sliding_window", false},
                                                          {"max_window_layers", 21},
                                                          {"rope_theta", 1000000.0},
                                                          {"tie_word_embeddings", true}});
  const auto config = Read(qwen25);
  ASSERT_TRUE(config) << why_not_;
  EXPECT_EQ(config->window, 0);
  EXPECT_EQ(config->query_key_value_bias, Presence::kYes);
  EXPECT_EQ(config->attention_output_bias, Presence::kNo);
  EXPECT_EQ(config->output_matrix, Presence::kNo);
  const auto used = Read(With(qwen25, {{"use_sliding_window", true}}));
  EXPECT_EQ(used->window, 32768);
  EXPECT_EQ(CountWindowed(*used), 3);
  EXPECT_FALSE(used->windowed[20]);
  EXPECT_TRUE(used->windowed[21]);
  const auto qwen3 = Read(With(Sizes("qwen3", 1024, 3072, 28, 16, 8, 151936), {{"head_dim", 128}}));
  EXPECT_EQ(qwen3->head_width, 128);
  EXPECT_EQ(qwen3->query_key_norm, QueryKeyNorm::kHead);
}

TEST_F(HfConfigTest, SmolLm3) {
  Json no_rope = Json::array();
  for (int i = 0; i < 36; ++i) no_rope.push_back(i % 4 == 3 ? 0 : 1);
  const Json sizes = Sizes("smollm3", 2048, 11008, 36, 16, 4, 128256);
  for (const Json& more :
       {Json{{"no_rope_layers", no_rope}}, Json{{"no_rope_layer_interval", 4}}}) {
    const auto config = Read(With(sizes, more));
    ASSERT_TRUE(config) << why_not_;
    EXPECT_TRUE(config->Rotated(2));
    EXPECT_FALSE(config->Rotated(3));
    EXPECT_FALSE(config->Rotated(35));
    EXPECT_EQ(config->rope_base, 2e6f);
    EXPECT_EQ(config->output_matrix, Presence::kNo);
  }
}

TEST_F(HfConfigTest, Gemma2) {
  const auto config = Read(With(Sizes("gemma2", 2304, 9216, 26, 8, 4, 256000),
                                {{"head_dim", 256},
                                 {"query_pre_attn_scalar", 224},
                                 {"sliding_window", 4096},
                                 {"attn_logit_softcapping", 50.0},
                                 {"final_logit_softcapping", 30.0},
                                 {"hidden_act", "gelu_pytorch_tanh"},
                                 {"hidden_activation", "gelu_pytorch_tanh"}}));
  ASSERT_TRUE(config) << why_not_;
  EXPECT_TRUE(config->gelu && config->norms_less_one && config->norm_after);
  EXPECT_EQ(config->embedding_scale, 48);
  EXPECT_EQ(config->attention_scale, static_cast<float>(1 / std::sqrt(224.0)));
  EXPECT_EQ(config->attention_soft_cap, 50);
  EXPECT_EQ(config->logit_soft_cap, 30);
  EXPECT_EQ(CountWindowed(*config), 13);
  EXPECT_TRUE(config->windowed[0]);
  EXPECT_EQ(config->window_rope_base, 10000);
}

TEST_F(HfConfigTest, Gemma3) {
  // The published 4B: text and images, most of the text model's keys left out.
  const Json text = {{"hidden_size", 2560},
                     {"intermediate_size", 10240},
                     {"model_type", "gemma3_text"},
                     {"num_hidden_layers", 34},
                     {"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}},
                     {"sliding_window", 1024}};
  const auto both = Read({{"model_type", "gemma3"}, {"text_config", text}});
  ASSERT_TRUE(both) << why_not_;
  EXPECT_EQ(both->heads, 8);
  EXPECT_EQ(both->head_width, 256);
  EXPECT_EQ(both->vocab, 262208);
  EXPECT_EQ(both->rope_base, 1e6f);
  EXPECT_EQ(both->rope_factor, 8);
  EXPECT_EQ(both->window_rope_base, 10000);
  EXPECT_EQ(both->window_rope_factor, 1);
  EXPECT_EQ(both->window, 1024);
  EXPECT_EQ(CountWindowed(*both), 29);
  EXPECT_FALSE(both->windowed[5]);
  EXPECT_EQ(both->logit_soft_cap, 0);
  // In the words of transformers 5, and of 4 with names for both bases.
  Json types = Json::array();
  for (int i = 0; i < 18; ++i) types.push_back(i % 6 == 5 ? "full_attention" : "sliding_attention");
  const Json small = With(Sizes("gemma3_text", 640, 2048, 18, 4, 1, 262144),
                          {{"head_dim", 256}, {"sliding_window", 512}, {"layer_types", types}});
  const Json five = {{"rope_parameters",
                      {{"full_attention", {{"rope_theta", 1e6}, {"rope_type", "default"}}},
                       {"sliding_attention", {{"rope_theta", 1e4}, {"rope_type", "default"}}}}}};
  const Json four = {{"rope_theta", 1e6}, {"rope_local_base_freq", 1e4}, {"rope_scaling", nullptr}};
  for (const Json& more : {five, four}) {
    const auto config = Read(With(small, more));
    ASSERT_TRUE(config) << why_not_;
    EXPECT_EQ(config->rope_base, 1e6f);
    EXPECT_EQ(config->window_rope_base, 10000);
    EXPECT_EQ(config->rope_factor, 1);
    EXPECT_EQ(CountWindowed(*config), 15);
    EXPECT_EQ(config->attention_scale, 0.0625f);
  }
}

TEST_F(HfConfigTest, Phi3) {
  const Json mini = With(Sizes("phi3", 3072, 8192, 32, 32, 32, 32064),
                         {{"sliding_window", 2047}, {"rope_scaling", nullptr}});
  const auto config = Read(mini);
  ASSERT_TRUE(config) << why_not_;
  EXPECT_TRUE(config->fused);
  EXPECT_EQ(config->window, 2047);
  EXPECT_EQ(CountWindowed(*config), 32);
  EXPECT_EQ(config->norm_epsilon, 1e-5f);
  EXPECT_EQ(config->rope_width, 96);
  EXPECT_EQ(Read(With(mini, {{"partial_rotary_factor", 0.75}}))->rope_width, 72);
}

TEST_F(HfConfigTest, PhisLongContexts) {
  Json of_long = Json::array(), of_short = Json::array();
  for (int i = 0; i < 48; ++i) of_long.push_back(1 + i), of_short.push_back(1.0);
  const Json rope = {{"long_factor", of_long}, {"short_factor", of_short}, {"type", "longrope"}};
  const Json phi4_mini = With(Sizes("phi3", 3072, 8192, 32, 24, 8, 200064),
                              {{"max_position_embeddings", 131072},
                               {"original_max_position_embeddings", 4096},
                               {"partial_rotary_factor", 0.75},
                               {"rope_scaling", rope},
                               {"rope_theta", 10000.0},
                               {"sliding_window", 262144},
                               {"tie_word_embeddings", true}});
  const auto config = Read(phi4_mini);
  ASSERT_TRUE(config) << why_not_;
  EXPECT_EQ(config->rope_width, 96);
  EXPECT_EQ(config->rope_long_beyond, 4096);
  EXPECT_EQ(config->rope_factors, std::vector<float>(48, 1));
  EXPECT_EQ(config->rope_long_factors[47], 48);
  EXPECT_NEAR(config->rope_scale, 1.190238, 1e-6);  // sqrt(1 + log(32) / log(4096))
  Json phi3_mini_128k = phi4_mini;                  // by its older name
  phi3_mini_128k["rope_scaling"]["type"] = "su";
  EXPECT_EQ(Read(phi3_mini_128k)->rope_long_factors, config->rope_long_factors);

  const auto refusal = [&](const char* key, const Json& value) {
    Json broken = phi4_mini;
    broken["rope_scaling"][key] = value;
    try {
      Read(broken);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string();
  };
  EXPECT_THAT(refusal("long_factor", {1, 2}), HasSubstr("rope_scaling.long_factor: expected a"));
  EXPECT_THAT(refusal("short_factor", nullptr), HasSubstr("rope_scaling.short_factor"));
  of_long[7] = 0;
  EXPECT_THAT(refusal("long_factor", of_long), HasSubstr("number above 0"));
  of_long[7] = "7";
  EXPECT_THAT(refusal("long_factor", of_long), HasSubstr("number above 0"));
}

// transformers' _compute_yarn_parameters gives these for Qwen3-8B's configuration.
TEST_F(HfConfigTest, QwensYarn) {
  const Json qwen3 =
      With(Sizes("qwen3", 4096, 12288, 36, 32, 8, 151936),
           {{"head_dim", 128}, {"max_position_embeddings", 40960}, {"rope_theta", 1000000.0}});
  const auto with = [&](const Json& rope) {
    return Read(With(qwen3, {{"rope_scaling", With({{"rope_type", "yarn"}}, rope)}}));
  };
  const auto config = with({{"factor", 4.0}, {"original_max_position_embeddings", 32768}});
  ASSERT_TRUE(config) << why_not_;
  ASSERT_EQ(config->rope_factors.size(), 64u);
  EXPECT_EQ(config->rope_factors[23], 1);
  EXPECT_NEAR(config->rope_factors[24], 1.0461539, 1e-6);
  EXPECT_NEAR(config->rope_factors[39], 3.4, 1e-6);
  EXPECT_EQ(config->rope_factors[40], 4);
  EXPECT_NEAR(config->rope_scale, 1.138629, 1e-6);  // 0.1 log(4) + 1
  // The ratio of the contexts where no factor is given; none gained, nothing scaled.
  EXPECT_NEAR(with({{"original_max_position_embeddings", 4096}})->rope_factors[63], 10, 1e-5);
  EXPECT_EQ(with(Json::object())->rope_factors, std::vector<float>(64, 1));
  EXPECT_EQ(with(Json::object())->rope_scale, 1);
  EXPECT_EQ(with({{"factor", 4.0}, {"attention_factor", 1.5}})->rope_scale, 1.5f);
  EXPECT_EQ(with({{"factor", 4.0}, {"mscale", 0.7}, {"mscale_all_dim", 0.7}})->rope_scale, 1);
  EXPECT_NE(with({{"factor", 4.0}, {"truncate", false}})->rope_factors,
            with({{"factor", 4.0}})->rope_factors);
  EXPECT_NE(with({{"factor", 4.0}, {"beta_fast", 16}})->rope_factors,
            with({{"factor", 4.0}})->rope_factors);
  EXPECT_THROW(with({{"factor", 0.5}}), Error);
  EXPECT_THROW(with({{"factor", 4.0}, {"beta_fast", 1}, {"beta_slow", 32}}), Error);
  EXPECT_THROW(with({{"factor", "4"}}), Error);
}

TEST_F(HfConfigTest, DynamicScalingIsNoneWithinTheContext) {
  const auto config = Read(With(Sizes("llama", 64, 128, 2, 4, 2, 100),
                                {{"rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}}}));
  ASSERT_TRUE(config) << why_not_;
  EXPECT_TRUE(config->rope_factors.empty());
  EXPECT_EQ(config->rope_factor, 1);
}

TEST_F(HfConfigTest, Granite) {
  const auto config =
      Read(With(Sizes("granite", 2048, 8192, 40, 32, 8, 49155), {{"attention_multiplier", 0.015625},
                                                                 {"embedding_multiplier", 12.0},
                                                                 {"logits_scaling", 8.0},
                                                                 {"residual_multiplier", 0.22},
                                                                 {"rope_theta", 5000000.0},
                                                                 {"tie_word_embeddings", true}}));
  ASSERT_TRUE(config) << why_not_;
  EXPECT_EQ(config->attention_scale, 0.015625f);
  EXPECT_EQ(config->embedding_scale, 12);
  EXPECT_EQ(config->logit_scale, 0.125f);
  EXPECT_EQ(config->residual_scale, 0.22f);
}

TEST_F(HfConfigTest, Olmo2) {
  const auto config = Read(Sizes("olmo2", 2048, 8192, 16, 16, 16, 100352));
  ASSERT_TRUE(config) << why_not_;
  EXPECT_FALSE(config->norm_before);
  EXPECT_EQ(config->query_key_norm, QueryKeyNorm::kRow);
  EXPECT_EQ(config->norm_epsilon, 1e-5f);
}

TEST_F(HfConfigTest, SaysWhatItDoesNotCompute) {
  const auto why_not = [&](const char* type, const Json& more) {
    EXPECT_FALSE(Read(With(Sizes(type, 64, 128, 2, 4, 2, 100), more))) << more;
    return why_not_;
  };
  EXPECT_THAT(why_not("qwen2_moe", Json::object()),
              HasSubstr("model_type 'qwen2_moe' is not among llama"));
  EXPECT_THAT(why_not("llama", {{"rope_scaling", {{"type", "mrope"}}}}), HasSubstr("'mrope'"));
  EXPECT_THAT(why_not("gemma3_text", {{"rope_scaling", {{"type", "yarn"}}}}), HasSubstr("'yarn'"));
  EXPECT_THAT(why_not("gemma2", {{"hidden_activation", "gelu"}}), HasSubstr("'gelu'"));
  EXPECT_THAT(why_not("gemma2", {{"layer_types", {"chunked_attention", "full_attention"}}}),
              HasSubstr("layers of type \"chunked_attention\""));
  EXPECT_THAT(why_not("gemma3_text",
                      {{"rope_parameters", {{"sliding_attention", {{"rope_type", "linear"}}}}}}),
              HasSubstr("positions within its windows are scaled"));
  EXPECT_THAT(why_not("smollm3", {{"use_sliding_window", true}, {"sliding_window", 8}}),
              HasSubstr("does not say in which layers"));
}

}  // namespace
}  // namespace rsr
