#include "text/chat_template.h"

#include <fmt/format.h>
#include <jinja/caps.h>
#include <jinja/lexer.h>
#include <jinja/limits.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>

#include <string_view>
#include <utility>

#include "rsr/error.h"
#include "text/jinja_values.h"
#include "text/mask.h"

namespace rsr {
namespace {

// The largest of the templates that come with llama.cpp has 17 kB and 4,200 tokens. The bound on
// tokens also bounds how deep an expression can be built by chaining (a + b + c ...), which the
// parser does without recursion but its result is freed with.
constexpr size_t kMaxSource = 1 << 20;
constexpr size_t kMaxTokens = 50000;

// Nesting of executions and values: real templates reach 60; a frame takes some 3 kB of the stack.
constexpr int kMaxDepth = 400;

// What a conversation may cost. Real templates take some 250 steps a message and make each string
// about ten times over; some look at all messages for each message.
jinja::limits LimitsFor(size_t messages, size_t bytes) {
  const auto n = static_cast<int64_t>(messages);
  jinja::limits limits;
  limits.steps = 1'000'000 + 10'000 * n + 20 * n * n;
  limits.bytes = (int64_t{64} << 20) + 20'000 * n + 256 * static_cast<int64_t>(bytes);
  limits.max_depth = kMaxDepth;
  return limits;
}

// Limits what this thread's engine spends while it lives.
class LimitScope {
 public:
  explicit LimitScope(jinja::limits* limits)
      : before_(std::exchange(jinja::limits::current(), limits)) {}
  LimitScope(const LimitScope&) = delete;
  ~LimitScope() { jinja::limits::current() = before_; }

 private:
  jinja::limits* before_;
};

// What a Jinja error says, without the drawing of its place in the template's source around it.
std::string Reason(const std::string& text) {
  std::string_view reason = text;
  for (const std::string_view lead : {"Jinja Exception: ", "\nError: "}) {
    const size_t at = reason.rfind(lead);
    if (at != std::string_view::npos) reason.remove_prefix(at + lead.size());
  }
  reason.remove_prefix(std::min(reason.size(), reason.find_first_not_of(" \n")));
  reason = reason.substr(0, reason.find('\n'));
  return reason.empty() ? "no reason given" : std::string(reason);
}

constexpr int32_t kBlockBegin = -1, kBlockEnd = -2;  // marks of empty strings in the output
constexpr const char* kBlockBeginName = "rsr_generation_begin";
constexpr const char* kBlockEndName = "rsr_generation_end";

// The engine skips {% generation %} and {% endgeneration %}. They are made to print an empty string
// with a mark instead; white-space control is the lexer's and already done.
bool PrintGenerationTags(std::vector<jinja::token>* tokens) {
  using Type = jinja::token;
  bool any = false;
  for (size_t i = 0; i + 2 < tokens->size(); ++i) {
    auto& open = (*tokens)[i];
    auto& name = (*tokens)[i + 1];
    auto& close = (*tokens)[i + 2];
    if (open.t != Type::open_statement || name.t != Type::identifier ||
        close.t != Type::close_statement ||
        (name.value != "generation" && name.value != "endgeneration")) {
      continue;
    }
    open.t = Type::open_expression;
    close.t = Type::close_expression;
    name.value = name.value == "generation" ? kBlockBeginName : kBlockEndName;
    any = true;
  }
  return any;
}

jinja::value EmptyString(int32_t mark) {
  return jinja::mk_val<jinja::value_string>(jinja::string("", mark));
}

size_t InputBytes(std::span<const Message> messages, const std::string& tools) {
  size_t bytes = tools.size();
  for (const Message& m : messages) {
    bytes += m.content.size() + m.reasoning.size() + m.tool_calls.size();
  }
  return bytes;
}

}  // namespace

struct ChatTemplate::Impl {
  jinja::program program;
  std::string source;
  TemplateOptions options;
  InputShape shape;
  bool prints_reasoning = false, generation_blocks = false;

  MarkedText Render(std::span<const Message> messages, const std::string& tools,
                    bool add_generation_prompt) const {
    MarkedText result;
    jinja::context context(source);
    context.current_time = options.now;
    context.set_val("messages", MessageValues(messages, shape, &result.fields));
    if (!tools.empty()) context.set_val("tools", ToolValues(tools));
    context.set_val("bos_token", jinja::mk_val<jinja::value_string>(options.bos));
    context.set_val("eos_token", jinja::mk_val<jinja::value_string>(options.eos));
    context.set_val("add_generation_prompt",
                    jinja::mk_val<jinja::value_bool>(add_generation_prompt));
    context.set_val(kBlockBeginName, EmptyString(kBlockBegin));
    context.set_val(kBlockEndName, EmptyString(kBlockEnd));
    if (options.keep_reasoning) {
      context.set_val("enable_thinking", jinja::mk_val<jinja::value_bool>(true));
      jinja::caps_apply_preserve_reasoning(context, true);
    }
    jinja::runtime runtime(context);
    const auto parts = jinja::runtime::gather_string_parts(runtime.execute(program));
    for (const auto& part : parts->val_str.parts) {
      const auto at = static_cast<int64_t>(result.text.size());
      if (part.is_input == kBlockBegin) {
        result.generation.push_back({at, at});
      } else if (part.is_input == kBlockEnd && !result.generation.empty()) {
        result.generation.back().end = at;
      }
      result.text += part.val;
      result.owner.resize(result.text.size(), part.is_input > 0 ? part.is_input - 1 : -1);
    }
    return result;
  }

  // Which field of a message the template prints as its reasoning: gpt-oss calls it `thinking`,
  // a few `reasoning`, the others `reasoning_content`.
  void FindReasoningKey() {
    std::vector<Message> probe(2);
    probe[0].content = "Quoz?";
    probe[1].role = Role::kAssistant;
    probe[1].content = "Vexil.";
    probe[1].reasoning = "Wherefore.";
    for (const char* key : {"reasoning_content", "reasoning", "thinking"}) {
      shape.reasoning_key = key;
      try {
        if (Render(probe, "", false).text.find(probe[1].reasoning) != std::string::npos) {
          prints_reasoning = true;
          return;
        }
      } catch (const jinja::limit_exception&) {
        throw;
      } catch (const std::exception&) {
        // It refuses this conversation; another key, or none.
      }
    }
    shape.reasoning_key = "reasoning_content";
  }

  // Whether tool calls without text want none for content: some templates print the calls only
  // then, some an empty turn more for an empty string.
  void FindNullContent() {
    std::vector<Message> probe(2);
    probe[0].content = "Quoz?";
    probe[1].role = Role::kAssistant;
    probe[1].tool_calls =
        R"([{"id":"call00001","type":"function","function":{"name":"wend","arguments":{}}}])";
    size_t size[2] = {0, 0};  // with an empty string, with none; 0: the call is not printed
    for (const bool null : {false, true}) {
      shape.null_content = null;
      try {
        const std::string text = Render(probe, "", false).text;
        if (text.find("wend") != std::string::npos && text.find("None") == std::string::npos) {
          size[null] = text.size();
        }
      } catch (const jinja::limit_exception&) {
        throw;
      } catch (const std::exception&) {
        // It refuses this one.
      }
    }
    shape.null_content = size[1] > 0 && (size[0] == 0 || size[1] < size[0]);
  }
};

ChatTemplate::ChatTemplate(const std::string& source, TemplateOptions options)
    : impl_(std::make_unique<Impl>()) {
  const std::string hint = "give another with --chat-template NAME or FILE";
  impl_->options = std::move(options);
  const std::string& where = impl_->options.where;
  jinja::limits limits = LimitsFor(1, 0);
  limits.bytes *= 4;  // for some fifteen probes together
  const LimitScope scope(&limits);
  try {
    if (source.size() > kMaxSource) throw jinja::limit_exception("too much text");
    jinja::lexer lexer;
    auto lexed = lexer.tokenize(source);
    if (lexed.tokens.size() > kMaxTokens) throw jinja::limit_exception("too many tokens");
    impl_->generation_blocks = PrintGenerationTags(&lexed.tokens);
    impl_->program = jinja::parse_from_tokens(lexed);
    impl_->source = lexed.source;
    // Errors of its executions are taken for missing abilities.
    const jinja::caps caps = jinja::caps_get(impl_->program);
    if (!limits.exceeded.empty()) throw jinja::limit_exception(limits.exceeded);
    impl_->shape.typed_content = !caps.supports_string_content && caps.supports_typed_content;
    impl_->shape.object_arguments = caps.supports_object_arguments;
    impl_->FindReasoningKey();
    impl_->FindNullContent();
  } catch (const jinja::limit_exception& e) {
    throw Error(fmt::format("{}: the chat template runs past its limits: {}", where, e.what()),
                hint);
  } catch (const std::exception& e) {
    throw Error(fmt::format("{}: the chat template does not parse: {}", where, Reason(e.what())),
                hint);
  }
}

ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

MarkedText ChatTemplate::Render(std::span<const Message> messages, const std::string& tools,
                                bool add_generation_prompt) const {
  jinja::limits limits = LimitsFor(messages.size(), InputBytes(messages, tools));
  const LimitScope scope(&limits);
  try {
    return impl_->Render(messages, tools, add_generation_prompt);
  } catch (const jinja::limit_exception& e) {
    throw RowError{"template-limit", fmt::format("the chat template ({}) runs past its limits: {}",
                                                 impl_->options.where, e.what())};
  } catch (const std::exception& e) {
    throw RowError{"template-error",
                   "the chat template refused the conversation: " + Reason(e.what())};
  }
}

bool ChatTemplate::prints_reasoning() const { return impl_->prints_reasoning; }
bool ChatTemplate::has_generation_blocks() const { return impl_->generation_blocks; }

}  // namespace rsr
