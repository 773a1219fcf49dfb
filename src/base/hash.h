// XXH3-128 hashes: fast enough to run over every student and shard; they find accidents, not
// attackers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rsr {

std::string HashBytes(std::string_view bytes);  // 32 hex digits, equal to `xxh128sum`
std::string HashFile(const std::string& path);  // of the content; throws rsr::Error if unreadable

uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);  // XXH3-64

}  // namespace rsr
