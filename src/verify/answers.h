// The final answer of a text, and whether two are the same as written.
#pragma once

#include <string>
#include <string_view>

namespace rsr {

// What is behind the last "</think>"; all of it without one.
std::string_view WithoutReasoning(std::string_view text);

// The content of the last whole \boxed{..}; else the rest of the line behind the last "####" (as in
// GSM8K); else the last number; else nothing.
std::string FinalAnswer(std::string_view text);

// A reference column may hold the answer alone or a whole solution: what is marked in it as above,
// else all of it.
std::string ReferenceAnswer(std::string_view reference);

// Without what does not change the meaning: blanks, $, \left and \right, \text{..} around, \dfrac
// for \frac, commas between digits, a full stop or units like % and ^\circ at the end.
std::string NormalisedAnswer(std::string_view answer);

// Whether the final answer of `text` is `reference`: as numbers if both are, else as normalised.
bool ExactMatch(std::string_view text, std::string_view reference);

}  // namespace rsr
