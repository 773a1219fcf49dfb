#include "text/turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include "text/mask.h"
#include "text/think_tags.h"

namespace rsr {

// A turn's anchor and what lies around it.
struct TurnFinder::Neighbours {
  int32_t message = 0;
  Extent own;
  int64_t before = 0;                  // end of what lies before this turn
  int64_t after = 0;                   // begin of the next message's own bytes, or the text's end
  std::optional<Role> previous, next;  // roles of the messages before and behind
};

TurnFinder::TurnFinder(const ChatTemplate& chat_template, std::vector<std::string> end_tokens,
                       const std::string& where)
    : shape_(LearnTurnShape(chat_template, end_tokens, where)),
      end_tokens_(std::move(end_tokens)),
      generation_blocks_(chat_template.has_generation_blocks()) {}

std::vector<Turn> TurnFinder::Find(const MarkedText& rendered,
                                   std::span<const Message> messages) const {
  const auto extents = MessageExtents(rendered, messages.size());
  std::vector<Turn> turns;
  Neighbours near;
  for (size_t m = 0; m < messages.size(); ++m) {
    const Extent& own = extents[m];
    if (messages[m].role != Role::kAssistant) {
      // System text may be printed anywhere.
      if (messages[m].role != Role::kSystem && own.found()) {
        near.before = std::max(near.before, own.end);
      }
      continue;
    }
    near.message = static_cast<int32_t>(m);
    near.own = own;
    near.after = static_cast<int64_t>(rendered.text.size());
    near.previous = m > 0 ? std::optional(messages[m - 1].role) : std::nullopt;
    near.next = m + 1 < messages.size() ? std::optional(messages[m + 1].role) : std::nullopt;
    const int64_t least = std::max(near.before, own.end);
    for (size_t next = m + 1; next < messages.size(); ++next) {
      if (!extents[next].found()) continue;
      if (messages[next].role == Role::kSystem && extents[next].begin < least) continue;
      near.after = extents[next].begin;
      break;
    }
    if (own.found() && (own.begin < near.before || own.end > near.after)) {
      throw RowError{"turn-not-found",
                     fmt::format("the chat template prints message {} out of order", m + 1)};
    }
    turns.push_back(Place(rendered, near));
    near.before = std::max(turns.back().end, turns.back().trained.end);
  }
  if (!generation_blocks_) return turns;
  if (rendered.generation.size() != turns.size()) {
    throw RowError{"turn-not-found",
                   fmt::format("the chat template has {} generation blocks for {} assistant turns",
                               rendered.generation.size(), turns.size())};
  }
  for (size_t t = 0; t < turns.size(); ++t) {
    Turn& turn = turns[t];
    turn.trained = rendered.generation[t];
    turn.begin = std::clamp(turn.begin, turn.trained.begin, turn.trained.end);
    turn.end = std::clamp(turn.end, turn.begin, turn.trained.end);
  }
  return turns;
}

Turn TurnFinder::Place(const MarkedText& rendered, const Neighbours& near) const {
  const std::string& text = rendered.text;
  const std::string& header = shape_.header;
  const auto size = static_cast<int64_t>(header.size());
  Turn turn{near.message, near.before, near.before, {near.before, near.before}};
  size_t at = std::string::npos;
  if (!header.empty()) {
    // The header closest to the anchor; without an anchor (all was printed in another form) the
    // first one.
    at = !near.own.found()        ? text.find(header, near.before)
         : near.own.begin >= size ? text.rfind(header, near.own.begin - size)
                                  : std::string::npos;
  }
  bool opened = at != std::string::npos && static_cast<int64_t>(at) >= near.before &&
                static_cast<int64_t>(at) + size <= near.after;
  turn.begin = static_cast<int64_t>(at) + size;
  if (!opened && near.previous == Role::kTool && !shape_.tool_closing.empty()) {
    at = text.find(shape_.tool_closing, near.before);
    turn.begin = static_cast<int64_t>(at + shape_.tool_closing.size());
    opened =
        at != std::string::npos && turn.begin <= (near.own.found() ? near.own.begin : near.after);
  }
  if (!opened) {
    // Two assistant messages in one turn, or nothing of it is there.
    turn.begin = near.own.found() ? near.own.begin : near.before;
    if (!near.own.found()) return turn;
  }

  const int64_t search = near.own.found() ? near.own.end : turn.begin;
  const int64_t region = RegionEnd(text, search, near);
  const int64_t closer = CloserLength(std::string_view(text).substr(search, region - search));
  turn.end = region - closer;

  // Think tags that the model did not have to write.
  const int64_t owned = near.own.found() ? near.own.begin : turn.end;
  const auto head = [&] { return std::string_view(text).substr(turn.begin, owned - turn.begin); };
  if (head().starts_with(shape_.prompt_think)) {
    turn.begin += static_cast<int64_t>(shape_.prompt_think.size());
  }
  turn.begin += static_cast<int64_t>(EmptyThinkBlock(head()));
  turn.trained = {turn.begin, region};
  return turn;
}

// Where the turn and what closes it end, white space behind it left out.
int64_t TurnFinder::RegionEnd(const std::string& text, int64_t search,
                              const Neighbours& near) const {
  const auto limit = static_cast<size_t>(near.after);
  const auto find = [&](const std::string& what) {
    const size_t at = what.empty() ? std::string::npos : text.find(what, search);
    return at != std::string::npos && at + what.size() <= limit ? at : std::string::npos;
  };
  size_t end = std::string::npos;
  if (near.next == Role::kUser) end = find(shape_.user_header);
  if (near.next == Role::kTool) {
    end = find(shape_.tool_header);
    if (end != std::string::npos) end += shape_.call_tail;
  }
  if (near.next == Role::kAssistant) end = find(shape_.header);
  size_t closed = find(shape_.closing);
  if (closed != std::string::npos) closed += shape_.closing.size();
  if (end == std::string::npos) {
    if (closed != std::string::npos) {
      end = closed;
    } else if (!near.next) {
      end = text.size();
      if (text.ends_with(shape_.tail)) end -= shape_.tail.size();
    } else {
      end = static_cast<size_t>(search);
    }
  } else if (closed < end &&
             text.substr(closed, end - closed).find(shape_.header) == std::string::npos) {
    // Something else stands between the two, tool schemas for one. But a message of several parts
    // may close each.
    end = closed;
  }
  auto trimmed = static_cast<int64_t>(end);
  while (trimmed > search && std::isspace(static_cast<unsigned char>(text[trimmed - 1]))) --trimmed;
  return trimmed;
}

// Bytes at the region's end that close the turn.
int64_t TurnFinder::CloserLength(std::string_view region) const {
  if (!shape_.closing.empty() && region.ends_with(shape_.closing)) {
    return static_cast<int64_t>(shape_.closing.size());
  }
  size_t longest = 0;
  for (const std::string& token : end_tokens_) {
    if (!token.empty() && region.ends_with(token)) longest = std::max(longest, token.size());
  }
  return static_cast<int64_t>(longest);
}

}  // namespace rsr
