#include "text/turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

struct Extent {
  int64_t begin = -1, end = -1;  // of the owned bytes; -1: none
  bool found() const { return begin >= 0; }
};

std::vector<Extent> MessageExtents(const MarkedText& rendered, size_t messages) {
  std::vector<Extent> extents(messages);
  for (size_t i = 0; i < rendered.owner.size(); ++i) {
    if (rendered.owner[i] == MarkedText::kTemplate) continue;
    Extent& extent = extents[rendered.fields[rendered.owner[i]].message];
    if (!extent.found()) extent.begin = static_cast<int64_t>(i);
    extent.end = static_cast<int64_t>(i) + 1;
  }
  return extents;
}

std::string CommonPrefix(const std::string& a, const std::string& b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return {a.begin(), end};
}

std::string CommonSuffix(const std::string& a, const std::string& b) {
  const auto end = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first;
  return {end.base(), a.end()};
}

Message Make(Role role, const char* content) {
  Message message;
  message.role = role;
  message.content = content;
  return message;
}

// Length of an empty think block with the whitespace around it, if the text begins with one.
size_t EmptyThinkBlock(std::string_view text) {
  const auto skip_space = [&](size_t at) {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
    return at;
  };
  size_t at = skip_space(0);
  if (!text.substr(at).starts_with("<think>")) return 0;
  at = skip_space(at + 7);
  if (!text.substr(at).starts_with("</think>")) return 0;
  return skip_space(at + 8);
}

}  // namespace

TurnFinder::TurnFinder(const ChatTemplate& chat_template,
                       const std::function<Range(const std::string&)>& first_special,
                       const std::string& where) {
  const std::vector<Message> probe = {
      Make(Role::kUser, "Quoz one?"), Make(Role::kAssistant, "Vexil one."),
      Make(Role::kUser, "Quoz two?"), Make(Role::kAssistant, "Vexil two.")};
  MarkedText rendered;
  try {
    rendered = chat_template.Render(probe, "");
  } catch (const RowError& e) {
    throw Error(fmt::format("{}: {} (a probe of two plain turns)", where, e.message),
                "give another template with --chat-template NAME or FILE");
  }
  const auto at = MessageExtents(rendered, probe.size());
  if (std::any_of(at.begin(), at.end(), [](const Extent& e) { return !e.found(); }) ||
      at[0].end > at[1].begin || at[1].end > at[2].begin || at[2].end > at[3].begin) {
    throw Error(
        fmt::format(
            "{}: the chat template does not print the messages of a plain conversation in order",
            where),
        "give another template with --chat-template NAME or FILE");
  }
  const auto between = [&](int64_t begin, int64_t end) {
    return rendered.text.substr(begin, end - begin);
  };

  // Right of the text: what stands behind an assistant turn both inside and at the end of the
  // conversation. Some templates close only one of the two.
  const std::string inner = between(at[1].end, at[2].begin);
  const std::string final = between(at[3].end, static_cast<int64_t>(rendered.text.size()));
  std::string closing = CommonPrefix(inner, final);
  if (closing.empty()) closing = final;
  const Range special = first_special(closing);
  end_token_ = closing.substr(special.begin, special.end - special.begin);
  before_end_ = end_token_.empty() ? "" : closing.substr(0, special.begin);

  // Left of the text.
  const std::string gap = between(at[2].end, at[3].begin);
  std::string prompt;
  try {
    const std::span<const Message> open(probe.data(), 3);
    const std::string without = chat_template.Render(open, "", false).text;
    const std::string with = chat_template.Render(open, "", true).text;
    prompt = with.substr(CommonPrefix(without, with).size());
  } catch (const RowError&) {
    // No generation prompt for this template: the text before both turns serves.
  }
  if (prompt.empty()) {
    header_ = CommonSuffix(between(at[0].end, at[1].begin), gap);
  } else {
    // A prompt may go on into what the model would write (`<think>\n`): what the rendered turn
    // shares with it.
    size_t length = prompt.size();
    while (length > 0 && gap.find(prompt.substr(0, length)) == std::string::npos) --length;
    header_ = prompt.substr(0, length);
  }
}

std::vector<Turn> TurnFinder::Find(const MarkedText& rendered,
                                   std::span<const Message> messages) const {
  const std::string& text = rendered.text;
  const auto extents = MessageExtents(rendered, messages.size());
  std::vector<Turn> turns;
  int64_t before = 0;  // end of what lies before this message; system text may be printed anywhere
  for (size_t m = 0; m < messages.size(); ++m) {
    const Extent& own = extents[m];
    if (messages[m].role != Role::kAssistant) {
      if (messages[m].role != Role::kSystem && own.found()) before = std::max(before, own.end);
      continue;
    }
    int64_t after = static_cast<int64_t>(text.size());
    for (size_t next = m + 1; next < messages.size(); ++next) {
      if (messages[next].role == Role::kSystem || !extents[next].found()) continue;
      after = extents[next].begin;
      break;
    }
    if (own.found() && (own.begin < before || own.end > after)) {
      throw RowError{"turn-not-found",
                     fmt::format("the chat template prints message {} out of order", m + 1)};
    }
    Turn turn{static_cast<int32_t>(m), 0, 0, 0};
    int64_t search = before;  // the end token is looked for behind this
    if (own.found()) {
      // The header closest to the anchor; where it is not there (two assistant messages in one
      // turn) the anchor begins.
      const size_t header = header_.empty() || own.begin < static_cast<int64_t>(header_.size())
                                ? std::string::npos
                                : text.rfind(header_, own.begin - header_.size());
      turn.begin = header != std::string::npos && static_cast<int64_t>(header) >= before
                       ? static_cast<int64_t>(header + header_.size())
                       : own.begin;
      search = own.end;
    } else {
      // Nothing of it survived as its own: it may have been printed through tojson, or not at all.
      const size_t header = header_.empty() ? std::string::npos : text.find(header_, before);
      if (header == std::string::npos || static_cast<int64_t>(header + header_.size()) > after) {
        turn.begin = turn.end = turn.end_of_turn = before;
        turns.push_back(turn);
        continue;
      }
      turn.begin = search = static_cast<int64_t>(header + header_.size());
    }
    const size_t close = end_token_.empty() ? std::string::npos : text.find(end_token_, search);
    if (close != std::string::npos && static_cast<int64_t>(close + end_token_.size()) <= after) {
      turn.end = static_cast<int64_t>(close);
      turn.end_of_turn = turn.end + static_cast<int64_t>(end_token_.size());
      const int64_t cut = turn.end - static_cast<int64_t>(before_end_.size());
      if (cut >= search && text.compare(cut, before_end_.size(), before_end_) == 0) turn.end = cut;
    } else {
      turn.end = turn.end_of_turn = search;
    }
    const int64_t owned = own.found() ? own.begin : turn.end;
    turn.begin += static_cast<int64_t>(
        EmptyThinkBlock(std::string_view(text).substr(turn.begin, owned - turn.begin)));
    before = turn.end_of_turn;
    turns.push_back(turn);
  }
  return turns;
}

}  // namespace rsr
