// ggml and libllama print to stderr and abort unless told otherwise; a library may do neither.
#pragma once

#include <string>

namespace rsr {

// Takes over their log and their abort, once for the process; cheap to call again. From then on a
// failed GGML_ASSERT on the calling thread ends in an rsr::Error (kInternal) instead of abort().
// Call it before the first call into ggml or libllama.
void CatchGgmlMessages();

// The warnings and errors this thread has caused since the last call, as one line; empty: none.
std::string TakeGgmlMessages();

}  // namespace rsr
