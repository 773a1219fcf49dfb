// The scored tokens of one trajectory as text, coloured or marked by token ratio.
#pragma once

#include <string>
#include <vector>

#include "rsr/table.h"
#include "store/run.h"

namespace rsr {

// Step of the token ratio r / s (paper table 12): 1 below 1, 2 below 2, 3 below 5, 4 below 20,
// 5 above. 0 for a token of surprisal below ln 2: it is more likely than all others together, so
// its rank is 1 whatever else holds, and its ratio says no more than its surprisal.
int RatioStep(float surprisal, int32_t rank);

std::string RatioLegend(bool color);

// Pieces of `vocab` joined; where scored tokens do not follow each other the gap is named. ANSI
// background colours from blue (step 1) to red (step 5); without colour, ⟨ and ⟩ around step 4,
// ⟪ and ⟫ around step 5. A character made of several tokens takes the highest step of them. Line
// breaks stay, all other control characters are escaped.
std::string TokenText(const TokenColumns& tokens, const std::vector<std::string>& vocab,
                      bool color);

// One row a token.
Table TokenTable(const TokenColumns& tokens, const std::vector<std::string>& vocab);

}  // namespace rsr
