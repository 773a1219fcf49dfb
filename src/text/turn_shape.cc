#include "text/turn_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "rsr/error.h"
#include "text/mask.h"
#include "text/think_tags.h"

namespace rsr {
namespace {

// `length` or less, so that text.substr(0, length) does not end inside a tag like `<|x|>`.
size_t BeforeOpenTag(const std::string& text, size_t length) {
  const size_t open = text.substr(0, length).rfind('<');
  if (open == std::string::npos) return length;
  const size_t inside = text.find_first_of("> \n", open);
  return inside != std::string::npos && inside >= length && text[inside] == '>' ? open : length;
}

std::string CommonPrefix(const std::string& a, const std::string& b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const auto length = static_cast<size_t>(end - a.begin());
  return a.substr(0, std::min(BeforeOpenTag(a, length), BeforeOpenTag(b, length)));
}

std::string CommonSuffix(const std::string& a, const std::string& b) {
  const auto end = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first;
  std::string suffix(end.base(), a.end());
  // Not from inside a tag.
  const size_t close = suffix.find('>'), open = suffix.find('<');
  if (close != std::string::npos && (open == std::string::npos || close < open)) {
    suffix.erase(0, close + 1);
  }
  return suffix;
}

std::string WithoutTrailingSpace(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

std::string FirstTag(const std::string& text) {
  const size_t open = text.find('<');
  const size_t close = text.find('>', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return "";
  return text.substr(open, close + 1 - open);
}

Message Make(Role role, const char* content) {
  Message message;
  message.role = role;
  message.content = content;
  return message;
}

// What opens a turn, and what the generation prompt adds to it.
void LearnHeader(const ChatTemplate& chat_template, const std::vector<std::string>& end_tokens,
                 std::span<const Message> probe, const std::string& first_gap,
                 const std::string& gap, const std::string& final, TurnShape* shape) {
  std::string prompt;
  try {
    const std::string without = chat_template.Render(probe.first(3), "", false).text;
    const std::string with = chat_template.Render(probe.first(3), "", true).text;
    prompt = with.substr(CommonPrefix(without, with).size());
  } catch (const RowError&) {
    // No generation prompt for this template: the text before both turns serves.
  }
  if (prompt.empty()) {
    shape->header = CommonSuffix(first_gap, gap);
    // Or the template always prompts.
    const std::string tag = FirstTag(shape->header);
    const size_t open = tag.empty() ? std::string::npos : final.find(tag);
    if (open != std::string::npos) prompt = final.substr(open);
  }
  if (!prompt.empty()) {
    // A prompt may go on into what only some turns have: what the rendered turn shares with it.
    size_t length = prompt.size();
    while (length > 0 && gap.find(prompt.substr(0, length)) == std::string::npos) --length;
    shape->header = prompt.substr(0, BeforeOpenTag(prompt, length));
    const size_t think = std::min(FindThinkTag(prompt), prompt.size());
    if (think < shape->header.size()) shape->header.resize(think);
    shape->prompt_think = prompt.substr(think);
  }
  // Some templates leave it to this text to close the turn before.
  for (const std::string& token : end_tokens) {
    if (!token.empty() && shape->header.starts_with(token)) shape->header.erase(0, token.size());
  }
}

// What closes a turn and opens the next, out of the text behind a turn inside a conversation
// (`inner`) and at its end (`final`). Some templates close only the inner ones, or the last one in
// another way.
void LearnClosing(const std::string& inner, const std::string& final,
                  const std::string& before_user, TurnShape* shape) {
  // The next turn may open as the assistant's do.
  const std::string next = FirstTag(shape->header);
  const auto cut = [&](const std::string& text) {
    return next.empty() ? text : text.substr(0, text.find(next, 1));
  };
  std::string closing = cut(CommonPrefix(inner, final));
  if (WithoutTrailingSpace(closing).empty()) closing = cut(inner);
  if (closing == inner) {
    closing = inner.substr(0, inner.size() - CommonSuffix(inner, before_user).size());
  }
  shape->closing = WithoutTrailingSpace(closing);
  size_t header = shape->closing.size();
  while (header < inner.size() && std::isspace(static_cast<unsigned char>(inner[header]))) ++header;
  shape->user_header = inner.substr(header);
  if (final.starts_with(shape->closing)) shape->tail = final.substr(shape->closing.size());
}

// The text around a tool's result: before it, from the call's last argument on; behind it, up to
// the assistant's answer; and behind the last argument of a conversation that ends with the call.
struct ToolGaps {
  std::string before, behind, final;
};

// Two probes differ in all that the result's header may repeat of the call.
struct ToolProbe {
  const char *id, *name, *key, *value;
};
constexpr ToolProbe kToolProbes[] = {{"call00001", "wend", "way", "Thither"},
                                     {"fetch0002", "bring", "what", "Firewood"}};

std::string ProbeCalls(const ToolProbe& p) {
  return fmt::format(
      R"([{{"id":"{}","type":"function","function":{{"name":"{}","arguments":"{{\"{}\":\"{}\"}}"}}}}])",
      p.id, p.name, p.key, p.value);
}

std::string ProbeTools(const ToolProbe& p) {
  const std::string properties =
      fmt::format(R"("properties":{{"{}":{{"type":"string","description":"A word."}}}})", p.key);
  return fmt::format(R"([{{"type":"function","function":{{"name":"{}","description":"Does.",)"
                     R"("parameters":{{"type":"object",{},"required":["{}"]}}}}}}])",
                     p.name, properties, p.key);
}

bool FindToolGaps(const ChatTemplate& chat_template, const ToolProbe& made, ToolGaps* gaps) {
  std::vector<Message> probe = {Make(Role::kUser, "Quoz one?"), Make(Role::kAssistant, ""),
                                Make(Role::kTool, "Farrow."), Make(Role::kAssistant, "Vexil two.")};
  probe[1].tool_calls = ProbeCalls(made);
  const std::string tools = ProbeTools(made);
  probe[2].name = made.name;
  probe[2].tool_call_id = made.id;
  const MarkedText whole = chat_template.Render(probe, tools);
  const auto at = MessageExtents(whole, probe.size());
  const MarkedText open = chat_template.Render(std::span<const Message>(probe).first(2), tools);
  const auto open_at = MessageExtents(open, 2);
  if (!at[1].found() || !at[2].found() || !at[3].found() || at[1].end > at[2].begin ||
      at[2].end > at[3].begin || !open_at[1].found()) {
    return false;
  }
  gaps->before = whole.text.substr(at[1].end, at[2].begin - at[1].end);
  gaps->behind = whole.text.substr(at[2].end, at[3].begin - at[2].end);
  gaps->final = open.text.substr(open_at[1].end);
  return true;
}

// Where the call ends and the result's header begins in the text before a result.
size_t CallEnd(const ToolGaps& gaps, const TurnShape& shape) {
  const size_t closing =
      shape.closing.empty() ? std::string::npos : gaps.before.find(shape.closing);
  size_t end = closing == std::string::npos ? CommonPrefix(gaps.before, gaps.final).size()
                                            : closing + shape.closing.size();
  const std::string next = FirstTag(shape.header);
  if (!next.empty()) end = std::min(end, gaps.before.find(next));
  while (end < gaps.before.size() && std::isspace(static_cast<unsigned char>(gaps.before[end]))) {
    ++end;
  }
  return end;
}

void LearnToolHeader(const ChatTemplate& chat_template, TurnShape* shape) {
  ToolGaps first, second;
  try {
    if (!FindToolGaps(chat_template, kToolProbes[0], &first) ||
        !FindToolGaps(chat_template, kToolProbes[1], &second))
      return;
  } catch (const RowError&) {
    return;  // a template without tools
  }
  shape->tool_header = CommonPrefix(first.before.substr(CallEnd(first, *shape)),
                                    second.before.substr(CallEnd(second, *shape)));
  // A bracket alone is no header: the tag before it, which is still the call's, makes it one.
  if (shape->tool_header.size() < 4) {
    const std::string call = first.before.substr(0, CallEnd(first, *shape));
    const size_t tag = call.rfind('<');
    if (tag == std::string::npos || shape->tool_header.empty()) {
      shape->tool_header.clear();
    } else {
      shape->tool_header = call.substr(tag) + shape->tool_header;
      shape->call_tail = call.size() - tag;
    }
  }
  if (first.behind.find(shape->header) == std::string::npos) {
    shape->tool_closing = CommonSuffix(first.behind, second.behind);
  }
}

}  // namespace

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

TurnShape LearnTurnShape(const ChatTemplate& chat_template,
                         const std::vector<std::string>& end_tokens, const std::string& where) {
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
  TurnShape shape;
  LearnHeader(chat_template, end_tokens, probe, between(at[0].end, at[1].begin),
              between(at[2].end, at[3].begin),
              between(at[3].end, static_cast<int64_t>(rendered.text.size())), &shape);
  LearnClosing(between(at[1].end, at[2].begin),
               between(at[3].end, static_cast<int64_t>(rendered.text.size())),
               between(0, at[0].begin), &shape);
  LearnToolHeader(chat_template, &shape);
  return shape;
}

}  // namespace rsr
