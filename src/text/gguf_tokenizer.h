// The tokenizer in a GGUF header, as the family published it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tokenizer/definition.h"

namespace rsr {

// A GGUF file names its pre-tokenizer and leaves out normalizer and flags; for the families in the
// table of gguf_tokenizer.cc they are put back. Empty for all others: their text goes through
// llama.cpp's own vocabulary code. Throws rsr::Error: a byte-pair vocabulary that does not name its
// pre-tokenizer, merges or types that do not fit.
std::optional<TokenizerDefinition> ReadGgufTokenizer(const std::string& path);

}  // namespace rsr
