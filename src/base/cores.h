// How many cores this process may use.
#pragma once

namespace rsr {

int UsableCores();  // at least 1

}  // namespace rsr
