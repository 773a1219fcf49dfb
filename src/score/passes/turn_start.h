// What opens an assistant turn, cut out of a conversation's own tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "text/mask.h"

namespace rsr {

// The begin-of-text token, if the conversation starts with it, and the tokens of the template's
// assistant header that stand in front of the first scored token; the conversation's first token
// where the template has neither. Where the tokenizer joins the header's last character with the
// answer, that token is the answer's.
std::vector<int32_t> TurnStart(const MaskedTokens& masked, const TextSide& text);

}  // namespace rsr
