// Options given as '': an unset variable of a script must not mean "no filter".
#pragma once

#include <CLI/CLI.hpp>

namespace rsr::cli {

// Throws rsr::Error for one, of the command that was parsed.
void RefuseEmptyValues(const CLI::App& root);

}  // namespace rsr::cli
