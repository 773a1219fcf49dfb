// Look into one stored trajectory, a run, or a model file.
#pragma once

#include <string>

#include "rsr/table.h"

namespace rsr {

struct InspectOptions {
  std::string run;
  std::string id;      // empty: the first trajectory
  bool color = true;   // ANSI colours by token ratio rank / surprisal (paper table 12)
  bool table = false;  // one line a token with its numbers instead of running text
};

// The scored tokens of one trajectory as text for a terminal. Throws rsr::Error; an unknown id
// names the nearest. Control characters in the data are escaped: a stored token cannot drive the
// terminal.
std::string Inspect(const InspectOptions& options);

// Name / value rows that describe a run directory, a GGUF file, or a Hugging Face directory
// (org/name: one in the local cache). Throws rsr::Error for what is none of them, or is damaged.
Table Info(const std::string& path);

}  // namespace rsr
