// Version of the library and what it was built with.
#pragma once

#include <string>

namespace rsr {

inline constexpr const char* kVersion = "0.1.0";

// Version, instruction set the kernels run at, and versions of what is linked; several lines for
// `rsr --version`.
std::string VersionDetails();

}  // namespace rsr
