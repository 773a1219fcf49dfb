// The published script's mask, with its defect, for comparison (docs/masks.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/mask.h"

namespace rsr {

// Looks for `header` among the ids and scores what follows up to `end_of_turn`. A tokenizer that
// joins the header's last newline with white space of the text makes other ids of it: the turn is
// then not found. Sets positions, kinds (all kAnswer) and turns_found.
void MarkAsReference(std::span<const int32_t> header, int32_t end_of_turn, MaskedTokens* masked);

}  // namespace rsr
