// Standard input, kept in the run directory until the run is complete, so that a run that was
// killed can go on without it.
#pragma once

#include <functional>
#include <string>

namespace rsr {

// Copies standard input into the run directory `dir`, or finds what was kept of an earlier session
// where nothing (a terminal, an empty stream) is piped in now. Returns the file. Throws rsr::Error
// where there is neither, where another content was kept, where it cannot be written, and if `stop`
// says so behind the copy: an interrupt also ends the program in front of the pipe, so that what
// came is not the whole.
std::string KeepStdin(const std::string& dir, const std::function<bool()>& stop);

void DropKeptStdin(const std::string& dir);

}  // namespace rsr
