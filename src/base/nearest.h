// "did you mean": the nearest known names to an unknown one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rsr {

// Up to `most` names in order of edit distance (case ignored), those further than a third of their
// length left out.
std::vector<std::string> NearestNames(std::string_view name, std::span<const std::string> known,
                                      size_t most = 3);

// "did you mean 'a' or 'b'?", or "one of: a, b, c" where nothing is near.
std::string NearestHint(std::string_view name, std::span<const std::string> known);

}  // namespace rsr
