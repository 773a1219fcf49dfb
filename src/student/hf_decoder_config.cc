// What config.json says of a decoder.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/printable.h"
#include "student/decoder_config.h"
#include "student/hf_config.h"
#include "student/rope_scaling.h"
#include "student/student_info.h"

namespace rsr {
namespace {

using Json = nlohmann::json;

struct Rope {
  const char* where;  // its key in config.json
  const Json* scaling;
  double theta;
  std::string type = "default";
};

// One scaling in the words of both: other words would be another model than transformers', which
// takes `rope_scaling`.
void CheckAgree(const HfConfig& hf, const Json& older, const Json& parameters) {
  if (!older.is_object()) return;
  for (const auto& [key, value] : older.items()) {
    const Json& other = JsonFile::At(parameters, key == "type" ? "rope_type" : key.c_str());
    if (value != (other.is_null() && value == "default" ? Json("default") : other)) {
      hf.Refuse("rope_scaling", "the same as in rope_parameters, or null", older);
    }
  }
}

// transformers 5 writes `rope_parameters`, by kind of layer where they differ; before it was
// `rope_theta` and `rope_scaling`. `base_key`: the older name of this kind's base.
Rope ReadRope(const HfConfig& hf, const char* layer_type, const char* base_key) {
  static const Json none = Json::object();
  Rope rope{"rope_parameters", &hf["rope_parameters"], hf.Real(base_key)};
  if (rope.scaling->is_object() && JsonFile::At(*rope.scaling, layer_type).is_object()) {
    rope.scaling = &JsonFile::At(*rope.scaling, layer_type);
  }
  // The older form scales the layers without a window only.
  const bool scaled = std::string_view(base_key) == "rope_theta";
  if (rope.scaling->is_object() && scaled) CheckAgree(hf, hf["rope_scaling"], *rope.scaling);
  if (rope.scaling->is_null()) {
    rope.where = "rope_scaling";
    rope.scaling = scaled ? &hf["rope_scaling"] : &none;
  }
  if (rope.scaling->is_null()) rope.scaling = &none;
  if (!rope.scaling->is_object()) hf.Refuse(rope.where, "an object", *rope.scaling);
  rope.theta = hf.RealOf(*rope.scaling, rope.where, "rope_theta", rope.theta);
  for (const char* key : {"type", "rope_type"}) {
    const Json& type = JsonFile::At(*rope.scaling, key);
    if (type.is_string()) rope.type = type.get<std::string>();
  }
  return rope;
}

// The context that positions are scaled from. As in transformers, a key beside the object (Phi-3's)
// goes before one in it.
double ContextBefore(const HfConfig& hf, const Rope& rope) {
  constexpr const char* kKey = "original_max_position_embeddings";
  const double own = hf.RealOf(*rope.scaling, rope.where, kKey, hf.Real("max_position_embeddings"));
  return hf.Real(kKey, own);
}

void ReadLlama3(const HfConfig& hf, const Rope& rope, DecoderConfig* config) {
  const auto real = [&](const char* key) { return hf.RealOf(*rope.scaling, rope.where, key); };
  const Llama3Scaling scaling{.factor = real("factor"),
                              .low_frequency = real("low_freq_factor"),
                              .high_frequency = real("high_freq_factor"),
                              .context = ContextBefore(hf, rope)};
  if (!(scaling.factor > 0) || !(scaling.high_frequency > scaling.low_frequency) ||
      !(scaling.context > 0)) {
    hf.Refuse(rope.where,
              "factor, low_freq_factor < high_freq_factor and original_max_position_embeddings",
              *rope.scaling);
  }
  config->rope_factors = scaling.Factors(config->rope_width, rope.theta);
}

// How much longer the context became, where no `factor` says it.
double Growth(const HfConfig& hf, const Rope& rope) {
  return hf.RealOf(*rope.scaling, rope.where, "factor",
                   hf.Real("max_position_embeddings") / ContextBefore(hf, rope));
}

void ReadYarn(const HfConfig& hf, const Rope& rope, DecoderConfig* config) {
  const auto real = [&](const char* key, double absent) {
    const double value = hf.RealOf(*rope.scaling, rope.where, key);
    return value == 0 ? absent : value;  // as transformers takes it
  };
  const YarnScaling yarn{.factor = Growth(hf, rope),
                         .context = ContextBefore(hf, rope),
                         .fast = real("beta_fast", 32),
                         .slow = real("beta_slow", 1),
                         .truncate = JsonFile::At(*rope.scaling, "truncate") != false};
  if (!yarn.Makes(rope.theta)) {
    hf.Refuse(rope.where, "factor >= 1, original_max_position_embeddings and beta_fast > beta_slow",
              *rope.scaling);
  }
  config->rope_factors = yarn.Factors(config->rope_width, rope.theta);
  const double numerator = real("mscale", 0), denominator = real("mscale_all_dim", 0);
  const bool both = numerator != 0 && denominator != 0;
  const double scale = both ? yarn.Scale(numerator) / yarn.Scale(denominator) : yarn.Scale();
  config->rope_scale =
      static_cast<float>(hf.RealOf(*rope.scaling, rope.where, "attention_factor", scale));
}

// Phi's: factors pair by pair, others for rows that are longer than the context before.
void ReadLongRope(const HfConfig& hf, const Rope& rope, DecoderConfig* config) {
  const auto factors = [&](const char* key) {
    const Json& values = JsonFile::At(*rope.scaling, key);
    std::vector<float> out;
    for (const Json& value : values.is_array() ? values : Json::array()) {
      if (value.is_number()) out.push_back(value.get<float>());
    }
    const auto good = [](float value) { return value > 0 && std::isfinite(value); };
    if (static_cast<int64_t>(out.size()) != config->rope_width / 2 || values.size() != out.size() ||
        !std::ranges::all_of(out, good)) {
      hf.Refuse(fmt::format("{}.{}", rope.where, key),
                "a number above 0 for each rotated pair of a head", values);
    }
    return out;
  };
  config->rope_factors = factors("short_factor");
  config->rope_long_factors = factors("long_factor");
  const double context = ContextBefore(hf, rope), growth = Growth(hf, rope);
  constexpr double kMost = 1 << 30;
  if (!(context > 1) || context > kMost) {
    hf.Refuse(rope.where, "original_max_position_embeddings", *rope.scaling);
  }
  config->rope_long_beyond = static_cast<int64_t>(context);
  const double scale = growth <= 1 ? 1 : std::sqrt(1 + std::log(growth) / std::log(context));
  config->rope_scale =
      static_cast<float>(hf.RealOf(*rope.scaling, rope.where, "attention_factor", scale));
}

// Nothing, and `why_not`, for a scaling that is not known.
bool ReadRopes(const HfConfig& hf, const Family& family, DecoderConfig* config,
               std::string* why_not) {
  const Rope rope = ReadRope(hf, "full_attention", "rope_theta");
  config->rope_base = static_cast<float>(rope.theta);
  const double partial = hf.RealOf(*rope.scaling, rope.where, "partial_rotary_factor",
                                   hf.Real("partial_rotary_factor", 1));
  if (!(partial > 0 && partial <= 1)) {
    hf.Refuse("partial_rotary_factor", "more than 0, at most 1", Json(partial));
  }
  config->rope_width = static_cast<int64_t>(static_cast<double>(config->head_width) * partial);
  // Phi-3's older names of it.
  const bool phi = family.fused && (rope.type == "su" || rope.type == "yarn");
  const std::string type = phi ? "longrope" : rope.type;
  if (type == "linear") {
    config->rope_factor = static_cast<float>(hf.RealOf(*rope.scaling, rope.where, "factor"));
  } else if (type == "llama3" && !family.window_rope) {
    ReadLlama3(hf, rope, config);
  } else if (type == "yarn" && !family.window_rope) {
    ReadYarn(hf, rope, config);
  } else if (type == "longrope" && !family.window_rope) {
    ReadLongRope(hf, rope, config);
  } else if (type != "default" && type != "dynamic") {  // which scales beyond the context only
    *why_not = fmt::format("its positions are scaled ('{}')", Excerpt(type));
    return false;
  }
  config->window_rope_base = config->rope_base;
  config->window_rope_factor = config->rope_factor;
  if (!family.window_rope) return true;
  const Rope window = ReadRope(hf, "sliding_attention", "rope_local_base_freq");
  config->window_rope_base = static_cast<float>(window.theta);
  config->window_rope_factor = 1;
  if (window.type == "default") return true;
  *why_not = fmt::format("positions within its windows are scaled ('{}')", Excerpt(window.type));
  return false;
}

bool ReadWindows(const HfConfig& hf, const Family& family, DecoderConfig* config,
                 std::string* why_not) {
  using Window = HfFamily::Window;
  const Window rule = hf.family()->window;
  const int64_t window = hf.Integer("sliding_window");
  if (rule == Window::kNever || window == 0) return true;
  if (rule == Window::kIfUsed && !hf.Flag("use_sliding_window")) return true;
  std::vector<bool> windowed;
  if (const Json& types = hf["layer_types"]; types.is_array()) {
    for (const Json& type : types) {
      if (type != "sliding_attention" && type != "full_attention") {
        *why_not = fmt::format("it has layers of type {}", Excerpt(type.dump()));
        return false;
      }
      windowed.push_back(type == "sliding_attention");
    }
    if (static_cast<int64_t>(windowed.size()) != config->layers) {
      hf.Refuse("layer_types", "one a layer", Json(windowed.size()));
    }
  } else if (rule == Window::kIfUsed && family.no_rope_every > 0) {
    *why_not = "its attention has a sliding window, and config.json does not say in which layers";
    return false;
  } else {
    const int64_t pattern = hf.Integer(
        "sliding_window_pattern", hf.Integer("_sliding_window_pattern", family.window_pattern));
    const int64_t from = hf.Integer("max_window_layers");
    for (int64_t i = 0; i < config->layers && config->layers <= kMostLayers; ++i) {
      windowed.push_back(rule == Window::kIfUsed ? i >= from
                         : pattern < 1           ? true
                                                 : i % pattern < pattern - 1);
    }
  }
  config->window = window;
  config->windowed = std::move(windowed);
  return true;
}

// Which layers turn queries and keys: SmolLM 3 says it layer by layer (1: turns), or by interval.
void ReadRotated(const HfConfig& hf, const Family& family, DecoderConfig* config) {
  if (family.no_rope_every == 0) return;
  const Json& layers = hf["no_rope_layers"];
  if (layers.is_null()) {
    Family own = family;
    own.no_rope_every = hf.Integer("no_rope_layer_interval", family.no_rope_every);
    if (own.no_rope_every < 1) {
      hf.Refuse("no_rope_layer_interval", "at least 1", hf["no_rope_layer_interval"]);
    }
    config->rotated = RotatedLayers(own, config->layers);
    return;
  }
  if (!layers.is_array() || static_cast<int64_t>(layers.size()) != config->layers) {
    hf.Refuse("no_rope_layers", "one number a layer", layers);
  }
  for (const Json& turns : layers) {
    if (!turns.is_number_integer()) hf.Refuse("no_rope_layers", "one number a layer", layers);
    config->rotated.push_back(turns != 0);
  }
}

void ReadScales(const HfConfig& hf, const Family& family, DecoderConfig* config) {
  const auto real = [&](const char* key, double absent = 0) {
    return static_cast<float>(hf.Real(key, absent));
  };
  const double scalar = hf.Real("query_pre_attn_scalar", static_cast<double>(config->head_width));
  config->attention_scale = static_cast<float>(1 / std::sqrt(scalar));
  if (family.gemma) {
    config->gelu = config->norms_less_one = true;
    config->embedding_scale = std::sqrt(static_cast<float>(config->width));
    config->attention_soft_cap = real("attn_logit_softcapping");
    config->logit_soft_cap = real("final_logit_softcapping");
  }
  if (family.granite_scales) {
    config->embedding_scale = real("embedding_multiplier");
    config->residual_scale = real("residual_multiplier");
    config->attention_scale = real("attention_multiplier");
    config->logit_scale = 1 / real("logits_scaling");
  }
}

std::string Unsupported(const HfConfig& hf, const Family& family) {
  if (hf["quantization_config"].is_object()) return "its weights are quantised";
  const char* key = family.gemma ? "hidden_activation" : "hidden_act";
  const char* wanted = family.gemma ? "gelu_pytorch_tanh" : "silu";
  if (const std::string activation = hf.Text(key); !activation.empty() && activation != wanted) {
    return fmt::format("its activation is '{}'", Excerpt(activation));
  }
  if (hf["use_bidirectional_attention"] == true) return "its attention looks ahead";
  return "";
}

}  // namespace

std::optional<DecoderConfig> ReadHfConfig(const StudentInfo& student, std::string* why_not) {
  const HfConfig hf(student.path);
  if (hf.family() == nullptr) {
    *why_not =
        fmt::format("model_type '{}' is not among {}", Excerpt(hf.model_type()), HfFamilyNames());
    return std::nullopt;
  }
  const Family& family = *FindFamily(hf.family()->architecture);
  *why_not = Unsupported(hf, family);
  if (!why_not->empty()) return std::nullopt;
  DecoderConfig config;
  config.architecture = student.architecture;
  config.layers = hf.Integer("num_hidden_layers");
  config.width = hf.Integer("hidden_size");
  config.heads = hf.Integer("num_attention_heads");
  config.vocab = hf.Integer("vocab_size");
  config.context_length = student.context_length;
  config.feed_forward = hf.Integer("intermediate_size");
  config.kv_heads = hf.Integer("num_key_value_heads", config.heads);
  config.head_width = hf.Integer("head_dim", config.heads > 0 ? config.width / config.heads : 0);
  config.norm_epsilon = static_cast<float>(hf.Real("rms_norm_eps", -1));
  config.norm_before = family.norm_before;
  config.norm_after = family.norm_after;
  config.query_key_norm = family.query_key_norm;
  config.fused = family.fused;
  const auto presence = [](bool yes) { return yes ? Presence::kYes : Presence::kNo; };
  const bool attention_bias = hf.Flag("attention_bias");
  config.query_key_value_bias = presence(attention_bias || family.query_key_value_bias);
  config.attention_output_bias = presence(attention_bias);
  config.feed_forward_bias = presence(hf.Flag("mlp_bias"));
  config.output_matrix = presence(!hf.Flag("tie_word_embeddings"));
  ReadScales(hf, family, &config);
  ReadRotated(hf, family, &config);
  if (!ReadRopes(hf, family, &config, why_not) || !ReadWindows(hf, family, &config, why_not)) {
    return std::nullopt;
  }
  return config;
}

}  // namespace rsr
