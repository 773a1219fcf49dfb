#include "text/chat_template.h"

#include <fmt/format.h>
#include <jinja/caps.h>
#include <jinja/lexer.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>
#include <json.h>

#include <bit>
#include <functional>

#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

const char* RoleName(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
    case Role::kTool:
      return "tool";
  }
  return "user";
}

// What a Jinja error says, without the drawing of its place in the template's source around it.
std::string Reason(const std::string& text) {
  const size_t raised = text.rfind("Jinja Exception: ");
  const size_t begin = raised == std::string::npos ? text.find_first_not_of(" \n") : raised + 17;
  if (begin == std::string::npos) return "no reason given";
  return text.substr(begin, text.find('\n', begin) - begin);
}

common_json ToolCalls(const std::string& json, bool arguments_as_object) {
  common_json calls = common_json::parse(json);
  if (!arguments_as_object) return calls;
  // OpenAI sends arguments as a JSON string; templates that print them with tojson or walk them
  // want the object.
  for (auto& call : calls) {
    if (!call.is_object() || !call.contains("function")) continue;
    auto& function = call.at("function");
    if (!function.contains("arguments") || !function.at("arguments").is_string()) continue;
    common_json parsed = common_json::parse_no_throw(function.at("arguments").get<std::string>());
    if (!parsed.is_discarded()) function["arguments"] = parsed;
  }
  return calls;
}

// Marks the string, or all strings below the value.
void MarkAll(const jinja::value& value) {
  if (jinja::is_val<jinja::value_string>(value)) {
    value->val_str.mark_input();
  } else if (jinja::is_val<jinja::value_array>(value)) {
    for (const auto& item : value->as_array()) MarkAll(item);
  } else if (jinja::is_val<jinja::value_object>(value)) {
    for (const auto& pair : value->as_ordered_object()) MarkAll(pair.second);
  }
}

// The code words: numbers of `bits` bits with bits/2 ones, `count` of them, ascending.
struct CodeWords {
  int bits = 1;
  std::vector<uint32_t> words;
  explicit CodeWords(size_t count) {
    for (; words.size() < count; ++bits) {
      words.clear();
      const int ones = (bits + 1) / 2;
      for (uint32_t word = 1; word < (1u << bits) && words.size() < count; ++word) {
        if (std::popcount(word) == ones) words.push_back(word);
      }
      if (words.size() == count) break;
    }
  }
};

}  // namespace

struct ChatTemplate::Impl {
  jinja::program program;
  std::string source, bos, eos;
  std::time_t now;
  bool typed_content = false, object_arguments = false, thinking_key = false;

  common_json Messages(std::span<const Message> messages) const {
    common_json list = common_json::array();
    for (const Message& m : messages) {
      common_json item = common_json::object();
      item["role"] = RoleName(m.role);
      if (typed_content) {
        common_json part = common_json::object();
        part["type"] = "text";
        part["text"] = m.content;
        common_json parts = common_json::array();
        parts.push_back(part);
        item["content"] = parts;
      } else {
        item["content"] = m.content;
      }
      if (!m.reasoning.empty()) item[thinking_key ? "thinking" : "reasoning_content"] = m.reasoning;
      if (!m.tool_calls.empty()) item["tool_calls"] = ToolCalls(m.tool_calls, object_arguments);
      if (!m.name.empty()) item["name"] = m.name;
      if (!m.tool_call_id.empty()) item["tool_call_id"] = m.tool_call_id;
      list.push_back(item);
    }
    return list;
  }

  // One pass: `marked(field)` says which strings carry the mark. Returns the pieces of the output
  // in order.
  jinja::value_string Pass(const common_json& input, const std::vector<MarkedField>& fields,
                           const std::function<bool(size_t)>& marked) const {
    jinja::context context(source);
    context.current_time = now;
    jinja::global_from_json(context, input, /*mark_input=*/false);
    const auto& messages = context.get_val("messages")->as_array();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!marked(i)) continue;
      const auto& message = messages[fields[i].message];
      switch (fields[i].kind) {
        case MarkedField::Kind::kContent:
          MarkAll(message->at("content"));
          break;
        case MarkedField::Kind::kReasoning:
          MarkAll(message->at(thinking_key ? "thinking" : "reasoning_content"));
          break;
        case MarkedField::Kind::kToolCalls:
          MarkAll(message->at("tool_calls"));
          break;
      }
    }
    jinja::runtime runtime(context);
    return jinja::runtime::gather_string_parts(runtime.execute(program));
  }
};

ChatTemplate::ChatTemplate(const std::string& source, std::string bos, std::string eos,
                           std::time_t now, const std::string& where)
    : impl_(std::make_unique<Impl>()) {
  try {
    jinja::lexer lexer;
    auto tokens = lexer.tokenize(source);
    impl_->program = jinja::parse_from_tokens(tokens);
    impl_->source = tokens.source;
    const jinja::caps caps = jinja::caps_get(impl_->program);
    impl_->typed_content = !caps.supports_string_content && caps.supports_typed_content;
    impl_->object_arguments = caps.supports_object_arguments;
  } catch (const std::exception& e) {
    throw Error(fmt::format("{}: the chat template does not parse: {}", where, Reason(e.what())),
                "give another with --chat-template NAME or FILE");
  }
  impl_->bos = std::move(bos);
  impl_->eos = std::move(eos);
  impl_->now = now;
  // gpt-oss calls the field `thinking`; everybody else who prints reasoning calls it
  // `reasoning_content`.
  impl_->thinking_key = source.find("reasoning_content") == std::string::npos &&
                        source.find("thinking") != std::string::npos;
}

ChatTemplate::~ChatTemplate() = default;

MarkedText ChatTemplate::Render(std::span<const Message> messages, const std::string& tools,
                                bool add_generation_prompt) const {
  MarkedText result;
  for (size_t i = 0; i < messages.size(); ++i) {
    const int32_t index = static_cast<int32_t>(i);
    using Kind = MarkedField::Kind;
    if (!messages[i].content.empty()) result.fields.push_back({index, Kind::kContent});
    if (!messages[i].reasoning.empty()) result.fields.push_back({index, Kind::kReasoning});
    if (!messages[i].tool_calls.empty()) result.fields.push_back({index, Kind::kToolCalls});
  }
  const CodeWords code(result.fields.size());
  std::vector<uint32_t> word;  // one a byte
  try {
    common_json input = common_json::object();
    input["messages"] = impl_->Messages(messages);
    input["bos_token"] = impl_->bos;
    input["eos_token"] = impl_->eos;
    input["add_generation_prompt"] = add_generation_prompt;
    if (!tools.empty()) input["tools"] = common_json::parse(tools);
    for (int bit = 0; bit < code.bits; ++bit) {
      const auto parts = impl_->Pass(input, result.fields,
                                     [&](size_t field) { return code.words[field] >> bit & 1; });
      std::string text;
      for (const auto& part : parts->val_str.parts) text += part.val;
      if (bit == 0) {
        result.text = text;
        word.assign(text.size(), 0);
      } else if (text != result.text) {
        throw Error("a chat template rendered one conversation in two ways", "",
                    Error::Kind::kInternal);
      }
      size_t at = 0;
      for (const auto& part : parts->val_str.parts) {
        if (part.is_input) {
          for (size_t i = at; i < at + part.val.size(); ++i) word[i] |= 1u << bit;
        }
        at += part.val.size();
      }
    }
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    throw RowError{"template-error",
                   "the chat template refused the conversation: " + Reason(e.what())};
  }
  std::vector<int32_t> field_of(size_t{1} << code.bits, MarkedText::kTemplate);
  for (size_t i = 0; i < code.words.size(); ++i) field_of[code.words[i]] = static_cast<int32_t>(i);
  result.owner.resize(word.size());
  for (size_t i = 0; i < word.size(); ++i) result.owner[i] = field_of[word[i]];
  return result;
}

}  // namespace rsr
