// XXH3-128 hashes: fast enough to run over every student and shard; they find accidents, not
// attackers.
#pragma once

#include <string>
#include <string_view>

namespace rsr {

std::string HashBytes(std::string_view bytes);  // 32 hex digits, equal to `xxh128sum`
std::string HashFile(const std::string& path);  // of the content; throws rsr::Error if unreadable

}  // namespace rsr
