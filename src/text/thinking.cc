#include "text/thinking.h"

#include <algorithm>

namespace rsr {
namespace {

// False if the turn's message has tool calls with arguments of which nothing is in the turn.
bool PrintsCalls(const MarkedText& rendered, const Turn& turn) {
  const auto is_calls = [&](const MarkedField& field) {
    return field.message == turn.message && field.kind == MarkedField::Kind::kToolCalls;
  };
  const auto field = std::find_if(rendered.fields.begin(), rendered.fields.end(), is_calls);
  if (field == rendered.fields.end()) return true;
  const auto owner = static_cast<int32_t>(field - rendered.fields.begin());
  return std::find(rendered.owner.begin() + turn.begin, rendered.owner.begin() + turn.end, owner) !=
         rendered.owner.begin() + turn.end;
}

}  // namespace

void CountStripped(const Message& message, const MarkedText& rendered, const Turn& turn,
                   Stripped* stripped) {
  const std::string_view text =
      std::string_view(rendered.text).substr(turn.begin, turn.end - turn.begin);
  const SaidText said = TakeApart(message);
  if (!said.reasoning.empty() && text.find(said.reasoning) == std::string_view::npos) {
    ++stripped->reasoning_turns;
    stripped->reasoning_chars +=
        std::count_if(said.reasoning.begin(), said.reasoning.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  }
  const std::string_view answer = Trimmed(said.answer);
  const bool no_answer = !answer.empty() && text.find(answer) == std::string_view::npos;
  stripped->content_turns += no_answer || !PrintsCalls(rendered, turn);
}

}  // namespace rsr
