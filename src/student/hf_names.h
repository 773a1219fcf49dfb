// Names of tensors: Hugging Face's and GGUF's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "student/decoder_config.h"

namespace rsr {

// "blk.12.attn_q.weight": 12 and "attn_q.weight"; nothing for names that are not a layer's.
std::optional<std::pair<int64_t, std::string_view>> SplitLayer(std::string_view name,
                                                               std::string_view prefix = "blk.");

// Our name for Hugging Face's; that itself if we have none; empty for what is no part of the
// language model's computation.
std::string FromHfName(std::string_view name, const DecoderConfig& config);

// The other way round, for messages about what is missing.
std::string ToHfName(std::string_view name, const DecoderConfig& config);

}  // namespace rsr
