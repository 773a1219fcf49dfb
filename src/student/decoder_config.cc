#include "student/decoder_config.h"

#include <fmt/format.h>

#include <cmath>

#include "base/printable.h"
#include "rsr/error.h"
#include "student/decoder_tensors.h"
#include "student/family.h"

namespace rsr {
namespace {

constexpr const char* kBroken = "the model's header or config.json is broken";

void Check(const DecoderConfig& config, const std::string& path) {
  constexpr int64_t kMost = int64_t{1} << 24;  // far above any student; products stay below 2^63
  const auto size = [&](const char* name, int64_t value) {
    if (value >= 1 && value <= kMost) return;
    throw Error(fmt::format("{}: {} is {}, expected 1 to {}", path, name, value, kMost), kBroken);
  };
  if (config.layers > kMostLayers) {
    throw Error(fmt::format("{}: the number of layers is {}, expected {} at the most", path,
                            config.layers, kMostLayers),
                kBroken);
  }
  size("the number of layers", config.layers);
  size("the width", config.width);
  size("the feed-forward width", config.feed_forward);
  size("the number of heads", config.heads);
  size("the number of KV heads", config.kv_heads);
  size("the width of a head", config.head_width);
  size("the rotated width of a head", config.rope_width);
  size("the vocabulary", config.vocab);
  if (config.window != 0) size("the sliding window", config.window);
  for (const float scale :
       {config.embedding_scale, config.residual_scale, config.attention_scale, config.logit_scale,
        config.attention_soft_cap, config.logit_soft_cap, config.window_rope_base,
        config.window_rope_factor, config.rope_scale}) {
    if (std::isfinite(scale)) continue;
    throw Error(fmt::format("{}: a scale is {}", path, scale), kBroken);
  }
  if (config.heads % config.kv_heads != 0 || config.rope_width > config.head_width ||
      config.rope_width % 2 != 0 || !(config.rope_base > 0) || !std::isfinite(config.rope_base) ||
      !(config.rope_factor > 0) || !(config.norm_epsilon >= 0)) {
    throw Error(
        fmt::format("{}: {} heads over {} KV heads of {} values, {} of them rotated with "
                    "base {} and factor {}, norm epsilon {}",
                    path, config.heads, config.kv_heads, config.head_width, config.rope_width,
                    config.rope_base, config.rope_factor, config.norm_epsilon),
        "the model's header or config.json contradicts itself");
  }
}

}  // namespace

std::optional<DecoderConfig> ReadDecoderConfig(const StudentInfo& student, std::string* why_not) {
  auto config =
      student.is_directory ? ReadHfConfig(student, why_not) : ReadGgufConfig(student, why_not);
  if (!config) return config;
  Check(*config, student.is_directory ? student.path + "/config.json" : student.path);
  if (const std::string name = UnknownTensor(student, *config); !name.empty()) {
    *why_not = fmt::format("it has a tensor '{}'", Printable(name));
    return std::nullopt;
  }
  return config;
}

}  // namespace rsr
