#include "score/passes/turn_start.h"

#include <string>
#include <string_view>

namespace rsr {
namespace {

// Where the tokens of `header` begin that end in front of `end`; `end` if they do not.
int64_t HeaderBegin(const MaskedTokens& masked, const TextSide& text, std::string_view header,
                    int64_t end) {
  int64_t at = end;
  while (!header.empty() && at > 0) {
    const std::string piece = text.Piece(masked.ids[at - 1]);
    if (!header.ends_with(piece)) return end;
    header.remove_suffix(piece.size());
    --at;
  }
  return header.empty() ? at : end;
}

}  // namespace

std::vector<int32_t> TurnStart(const MaskedTokens& masked, const TextSide& text) {
  const int64_t answer = masked.positions.front();
  const std::string header = text.assistant_header();
  int64_t begin = answer;
  for (size_t joined = 0; joined < header.size() && begin == answer; ++joined) {
    begin = HeaderBegin(masked, text, std::string_view(header).substr(0, header.size() - joined),
                        answer);
  }
  std::vector<int32_t> start;
  // Where the header opens with that token itself it is not given twice.
  const bool begins = text.Piece(masked.ids[0]) == text.begin_of_text() &&
                      (begin == answer || masked.ids[begin] != masked.ids[0]);
  if (begin > 0 && (begins || begin == answer)) start.push_back(masked.ids[0]);
  start.insert(start.end(), masked.ids.begin() + begin, masked.ids.begin() + answer);
  return start;
}

}  // namespace rsr
