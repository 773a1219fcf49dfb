#include "text/token_kinds.h"

#include <algorithm>
#include <string_view>

#include "text/think_tags.h"

namespace rsr {
namespace {

bool Holds(const ByteRange& range, int64_t byte) { return byte >= range.begin && byte < range.end; }

}  // namespace

KindMarker::KindMarker(const MarkedText& rendered, const Turn& turn, bool has_tool_calls)
    : turn_(turn) {
  using Kind = MarkedField::Kind;
  // First and last byte that each kind of field owns in the turn.
  ByteRange own[3] = {{-1, -1}, {-1, -1}, {-1, -1}};
  for (int64_t byte = turn.begin; byte < turn.end; ++byte) {
    const int32_t owner = rendered.owner[byte];
    if (owner < 0) continue;
    ByteRange& range = own[static_cast<size_t>(rendered.fields[owner].kind)];
    if (range.begin < 0) range.begin = byte;
    range.end = byte + 1;
  }
  const ByteRange& content = own[static_cast<size_t>(Kind::kContent)];
  const ByteRange& reasoning = own[static_cast<size_t>(Kind::kReasoning)];
  const ByteRange& arguments = own[static_cast<size_t>(Kind::kToolCalls)];

  const std::string_view text =
      std::string_view(rendered.text).substr(turn.begin, turn.end - turn.begin);
  const ByteRange tagged = FindThinkBlock(text);
  if (tagged.begin < tagged.end) {
    reasoning_ = {turn.begin + tagged.begin, turn.begin + tagged.end};
  } else if (reasoning.begin >= 0) {
    // What else the template writes around it (channel names and such) belongs to it.
    int64_t end = turn.end;
    for (const ByteRange& next : {content, arguments}) {
      if (next.begin >= reasoning.end) end = std::min(end, next.begin);
    }
    reasoning_ = {turn.begin, std::max(end, reasoning.end)};
  }
  if (has_tool_calls) {
    // Calls come last; where they do not, only what their arguments span is told apart.
    const int64_t before = std::max({content.end, reasoning_.end, turn.begin});
    if (arguments.begin < 0 || arguments.begin >= before) {
      tool_calls_.push_back({before, turn.end});
    } else {
      tool_calls_.push_back(arguments);
    }
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
  if (byte >= turn_.end) return TokenKind::kEndOfTurn;
  if (Holds(reasoning_, byte)) return TokenKind::kReasoning;
  for (const ByteRange& call : tool_calls_) {
    if (Holds(call, byte)) return TokenKind::kToolCall;
  }
  return TokenKind::kAnswer;
}

}  // namespace rsr
