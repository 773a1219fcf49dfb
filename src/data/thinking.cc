#include "data/thinking.h"

#include <cctype>
#include <string>

namespace rsr {
namespace {

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

SaidText TakeApart(const Message& message) {
  const std::string_view content = message.content;
  if (!message.reasoning.empty()) return {Trimmed(message.reasoning), content};
  for (const auto& [open, close] : kThinkTags) {
    const size_t end = content.find(close);
    if (end == std::string_view::npos) continue;
    // A prompt that ends in the opening tag leaves only the closing one.
    const size_t at = content.substr(0, end).find(open);
    if (at != std::string_view::npos && !Trimmed(content.substr(0, at)).empty()) continue;
    const size_t begin = at == std::string_view::npos ? 0 : at + open.size();
    return {Trimmed(content.substr(begin, end - begin)), content.substr(end + close.size())};
  }
  return {{}, content};
}

std::vector<Message> ApplyThinking(std::span<const Message> messages, ThinkingPolicy policy,
                                   bool has_field) {
  std::vector<Message> shaped(messages.begin(), messages.end());
  if (policy == ThinkingPolicy::kAsTemplate) return shaped;
  for (Message& message : shaped) {
    if (message.role != Role::kAssistant) continue;
    const SaidText said = TakeApart(message);
    if (said.reasoning.empty() && said.answer.size() == message.content.size()) continue;
    std::string_view answer = said.answer;
    while (!answer.empty() && IsSpace(answer.front())) answer.remove_prefix(1);
    Message changed = message;
    if (policy == ThinkingPolicy::kDrop) {
      changed.reasoning.clear();
      if (message.reasoning.empty()) changed.content = answer;
    } else if (has_field) {
      changed.reasoning = said.reasoning;
      if (message.reasoning.empty()) changed.content = answer;
    } else {
      changed.reasoning.clear();
      changed.content = "<think>\n" + std::string(said.reasoning) + "\n</think>\n\n";
      changed.content += answer;
    }
    message = std::move(changed);
  }
  return shaped;
}

}  // namespace rsr
