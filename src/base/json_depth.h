// How deep JSON from strangers is nested, told before it is parsed: nlohmann's parser needs no
// stack, but its copies and dumps do, and 100,000 brackets overflow it.
#pragma once

#include <string_view>

namespace rsr {

inline constexpr int kMostJsonDepth = 1024;  // simdjson's, which reads the rows

// Whether lists and objects are nested deeper than `most`; any bytes will do.
bool NestedDeeperThan(int most, std::string_view json);

}  // namespace rsr
