#include "select/formats/axolotl.h"

#include <fmt/format.h>

namespace rsr {

Json AxolotlRow(const Trajectory& chat, bool last_only) {
  Json messages = Json::array();
  for (size_t i = 0; i < chat.messages.size(); ++i) {
    const Message& message = chat.messages[i];
    Json json = MessageJson(message, Arguments::kText);
    json["train"] = message.role == Role::kAssistant && message.train &&
                    (!last_only || i == LastAssistant(chat));
    messages.push_back(std::move(json));
  }
  return {{"messages", messages}, {"tools", ToolsJson(chat)}};
}

std::string AxolotlConfig(const std::string& data, const std::string& mask) {
  // A JSON string is a YAML string.
  const std::string path = Json(data).dump(-1, ' ', false, Json::error_handler_t::replace);
  return fmt::format(R"(# Lines for an Axolotl configuration; the scores were made with --mask {}.
# The end-of-turn token of a trained message is trained on whatever the mask was: without it a model
# does not learn to stop. If it is not the tokenizer's EOS token, name it in `eot_tokens`.
chat_template: tokenizer_default
datasets:
  - path: {}
    ds_type: json
    type: chat_template
    field_messages: messages
    message_property_mappings:
      role: role
      content: content
    roles_to_train: [assistant]
    message_field_training: train
    train_on_eos: turn
)",
                     mask, path);
}

}  // namespace rsr
