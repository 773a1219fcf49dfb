// config.json of students people distil into, as it was published: every one goes to the native
// engine from its directory.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "student/decoder_config.h"
#include "student/student_info.h"

namespace rsr {
namespace {

struct Published {
  const char* name;
  const char* config;
  // What makes it another student than its siblings.
  int64_t head_width, kv_heads, rope_width;
  float rope_base;
  bool tied;
};

constexpr Published kStudents[] = {
    {"Qwen2_5_0_5B_Instruct", R"({"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
      "bos_token_id": 151643, "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 896,
      "initializer_range": 0.02, "intermediate_size": 4864, "max_position_embeddings": 32768,
      "max_window_layers": 21, "model_type": "qwen2", "num_attention_heads": 14,
      "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
      "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": true,
      "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false,
      "vocab_size": 151936})",
     64, 2, 64, 1e6f, true},
    {"Qwen2_5_7B_with_yarn", R"({"architectures": ["Qwen2ForCausalLM"], "hidden_act": "silu",
      "hidden_size": 3584, "intermediate_size": 18944, "max_position_embeddings": 32768,
      "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
      "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06,
      "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": false,
      "use_sliding_window": false, "vocab_size": 152064, "rope_scaling": {"factor": 4.0,
      "original_max_position_embeddings": 32768, "type": "yarn"}})",
     128, 4, 128, 1e6f, false},
    {"DeepSeek_R1_Distill_Qwen_1_5B", R"({"architectures": ["Qwen2ForCausalLM"],
      "bos_token_id": 151643, "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 1536,
      "intermediate_size": 8960, "max_position_embeddings": 131072, "max_window_layers": 21,
      "model_type": "qwen2", "num_attention_heads": 12, "num_hidden_layers": 28,
      "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 10000,
      "sliding_window": 4096, "tie_word_embeddings": false, "use_mrope": false,
      "use_sliding_window": false, "vocab_size": 151936})",
     128, 2, 128, 1e4f, false},
    {"Qwen3_0_6B", R"({"architectures": ["Qwen3ForCausalLM"], "attention_bias": false,
      "attention_dropout": 0.0, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024,
      "intermediate_size": 3072, "max_position_embeddings": 40960, "max_window_layers": 28,
      "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28,
      "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null,
      "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true,
      "use_sliding_window": false, "vocab_size": 151936})",
     128, 8, 128, 1e6f, true},
    {"Llama_3_2_1B", R"({"architectures": ["LlamaForCausalLM"], "attention_bias": false,
      "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 64,
      "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
      "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
      "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8,
      "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 32.0,
      "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192,
      "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": true,
      "vocab_size": 128256})",
     64, 8, 64, 5e5f, true},
    {"Gemma_3_1B_it", R"({"architectures": ["Gemma3ForCausalLM"], "attention_bias": false,
      "attn_logit_softcapping": null, "cache_implementation": "hybrid",
      "eos_token_id": [1, 106], "final_logit_softcapping": null, "head_dim": 256,
      "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152, "intermediate_size": 6912,
      "max_position_embeddings": 32768, "model_type": "gemma3_text", "num_attention_heads": 4,
      "num_hidden_layers": 26, "num_key_value_heads": 1, "query_pre_attn_scalar": 256,
      "rms_norm_eps": 1e-06, "rope_local_base_freq": 10000, "rope_scaling": null,
      "rope_theta": 1000000, "sliding_window": 512, "sliding_window_pattern": 6,
      "vocab_size": 262144})",
     256, 1, 256, 1e6f, true},
    {"SmolLM3_3B", R"({"architectures": ["SmolLM3ForCausalLM"], "attention_bias": false,
      "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 11008,
      "max_position_embeddings": 65536, "max_window_layers": 28, "mlp_bias": false,
      "model_type": "smollm3", "no_rope_layer_interval": 4, "no_rope_layers": [1, 1, 1, 0, 1, 1, 1,
      0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0],
      "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 4,
      "pretraining_tp": 2, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 5000000.0,
      "sliding_window": null, "use_sliding_window": false, "vocab_size": 128256})",
     128, 4, 128, 5e6f, true},
    {"OLMo_2_1B", R"({"architectures": ["Olmo2ForCausalLM"], "attention_bias": false,
      "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 8192,
      "max_position_embeddings": 4096, "model_type": "olmo2", "num_attention_heads": 16,
      "num_hidden_layers": 16, "num_key_value_heads": 16, "rms_norm_eps": 1e-06,
      "rope_scaling": null, "rope_theta": 500000, "tie_word_embeddings": false,
      "vocab_size": 100352})",
     128, 16, 128, 5e5f, false},
    {"Granite_3_3_2B", R"({"architectures": ["GraniteForCausalLM"], "attention_bias": false,
      "attention_multiplier": 0.015625, "embedding_multiplier": 12.0, "hidden_act": "silu",
      "hidden_size": 2048, "intermediate_size": 8192, "logits_scaling": 8.0,
      "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "granite",
      "num_attention_heads": 32, "num_hidden_layers": 40, "num_key_value_heads": 8,
      "residual_multiplier": 0.22, "rms_norm_eps": 1e-05, "rope_scaling": null,
      "rope_theta": 10000000.0, "tie_word_embeddings": true, "vocab_size": 49159})",
     64, 8, 64, 1e7f, true},
    {"Mistral_7B_v0_3", R"({"architectures": ["MistralForCausalLM"], "attention_dropout": 0.0,
      "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336,
      "max_position_embeddings": 32768, "model_type": "mistral", "num_attention_heads": 32,
      "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05,
      "rope_theta": 1000000.0, "sliding_window": null, "tie_word_embeddings": false,
      "vocab_size": 32768})",
     128, 8, 128, 1e6f, false},
    {"Phi_4", R"({"architectures": ["Phi3ForCausalLM"], "attention_bias": false,
      "hidden_act": "silu", "hidden_size": 5120, "intermediate_size": 17920,
      "max_position_embeddings": 16384, "model_type": "phi3", "num_attention_heads": 40,
      "num_hidden_layers": 40, "num_key_value_heads": 10, "original_max_position_embeddings": 16384,
      "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 250000, "sliding_window": null,
      "tie_word_embeddings": false, "vocab_size": 100352})",
     128, 10, 128, 2.5e5f, false},
};

TEST(PublishedConfigs, GoToTheNativeEngine) {
  const std::string dir = fmt::format("{}rsr-published-{}", testing::TempDir(), getpid());
  std::filesystem::create_directories(dir);
  for (const Published& student : kStudents) {
    std::ofstream(dir + "/config.json") << student.config;
    StudentInfo info;
    info.path = dir;
    info.is_directory = true;
    std::string why_not;
    const auto config = ReadHfConfig(info, &why_not);
    ASSERT_TRUE(config) << student.name << ": " << why_not;
    EXPECT_EQ(config->head_width, student.head_width) << student.name;
    EXPECT_EQ(config->kv_heads, student.kv_heads) << student.name;
    EXPECT_EQ(config->rope_width, student.rope_width) << student.name;
    EXPECT_EQ(config->rope_base, student.rope_base) << student.name;
    EXPECT_EQ(config->output_matrix == Presence::kNo, student.tied) << student.name;
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace rsr
