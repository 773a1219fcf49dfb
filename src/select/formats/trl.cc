#include "select/formats/trl.h"

namespace rsr {

Json TrlRow(const Trajectory& chat, bool last_only) {
  CheckAllTrained(chat, last_only, "TRL");
  Json messages = Json::array();
  for (const Message& message : chat.messages) {
    messages.push_back(MessageJson(message, Arguments::kObject));
  }
  const Json tools = ToolsJson(chat);
  if (!last_only) return {{"messages", messages}, {"tools", tools}};
  const auto last = messages.begin() + static_cast<ptrdiff_t>(LastAssistant(chat));
  return {{"prompt", Json(messages.begin(), last)},
          {"completion", Json::array({*last})},
          {"tools", tools}};
}

}  // namespace rsr
