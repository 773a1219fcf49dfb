// How wide text stands in a terminal.
#pragma once

#include <string_view>

namespace rsr {

// Terminal cells: 0 for combining marks and joiners, 2 for East Asian wide characters and emoji,
// else 1.
int DisplayWidth(std::string_view text);

}  // namespace rsr
