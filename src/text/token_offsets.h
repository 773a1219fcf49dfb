// Where each token lies in the text it was cut from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/vocabulary.h"

namespace rsr {

// First byte of each token in the text, and the text's length behind them. Throws RowError
// ("tokenizer-mismatch") if the tokens do not spell the text.
std::vector<int64_t> TokenBegins(const Vocabulary& vocabulary, const std::vector<int32_t>& ids,
                                 const std::string& text);

}  // namespace rsr
