// Standard input, kept in the run directory until the run is complete, so that a run that was
// killed can go on without it.
#pragma once

#include <string>

namespace rsr {

// Copies standard input into the run directory `dir`, or finds what was kept of an earlier session
// where nothing (a terminal, an empty stream) is piped in now. Returns the file. Throws rsr::Error
// where there is neither, where another content was kept, and where it cannot be written.
std::string KeepStdin(const std::string& dir);

void DropKeptStdin(const std::string& dir);

}  // namespace rsr
