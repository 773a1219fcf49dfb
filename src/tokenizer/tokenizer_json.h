// Reads a Hugging Face tokenizer.json.
#pragma once

#include <string>

#include "tokenizer/definition.h"

namespace rsr {

// The file is untrusted: size, types, ids and merges are checked. Throws rsr::Error naming file and
// field: damaged, or of a kind that rsr does not know (the hint says how to convert the model).
TokenizerDefinition ReadTokenizerJson(const std::string& path);

}  // namespace rsr
