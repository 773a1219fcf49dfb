#include "text/token_kinds.h"

#include <string_view>

namespace rsr {

KindMarker::KindMarker(const MarkedText& rendered, const Turn& turn)
    : rendered_(rendered), turn_(turn) {
  const std::string_view text =
      std::string_view(rendered.text).substr(turn.begin, turn.end - turn.begin);
  const size_t close = text.find("</think>");
  if (close != std::string_view::npos) {
    // A prompt that ends in `<think>` leaves only the closing tag in the turn.
    const size_t open = text.substr(0, close).find("<think>");
    think_begin_ = turn.begin + static_cast<int64_t>(open == std::string_view::npos ? 0 : open);
    think_end_ = turn.begin + static_cast<int64_t>(close) + 8;
  }
  for (size_t at = 0; (at = text.find("<tool_call>", at)) != std::string_view::npos;) {
    const size_t end = text.find("</tool_call>", at);
    const size_t stop = end == std::string_view::npos ? text.size() : end + 12;
    tool_calls_.push_back(
        {turn.begin + static_cast<int64_t>(at), turn.begin + static_cast<int64_t>(stop)});
    at = stop;
  }
}

TokenKind KindMarker::At(int64_t byte) const {
  const int32_t owner = rendered_.owner[byte];
  const auto kind = owner < 0 ? MarkedField::Kind::kContent : rendered_.fields[owner].kind;
  if (kind == MarkedField::Kind::kReasoning || (byte >= think_begin_ && byte < think_end_)) {
    return TokenKind::kReasoning;
  }
  if (kind == MarkedField::Kind::kToolCalls) return TokenKind::kToolCall;
  for (const auto& [begin, end] : tool_calls_) {
    if (byte >= begin && byte < end) return TokenKind::kToolCall;
  }
  return byte >= turn_.end ? TokenKind::kEndOfTurn : TokenKind::kAnswer;
}

}  // namespace rsr
