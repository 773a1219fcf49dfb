// A chat template rendered with provenance: every byte of the output knows which input string it
// came from.
//
// llama.cpp's Jinja engine carries a number with each piece of a string: which input it came from
// (third_party/llama/jinja.patch makes it a number and keeps it through split, replace, join and
// tojson). Where a template puts strings of two inputs into one piece, nobody owns it.
//
// Templates come with model files and are not trusted: what one may spend is limited by steps,
// bytes made and depth, in proportion to the conversation.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/trajectory.h"

namespace rsr {

struct MarkedField {
  enum class Kind : uint8_t { kContent, kReasoning, kToolCalls };
  int32_t message;  // index into the conversation
  Kind kind;
};

struct ByteRange {
  int64_t begin, end;
};

struct MarkedText {
  static constexpr int32_t kTemplate = -1;
  std::string text;
  std::vector<int32_t> owner;  // one a byte: index into `fields`, or kTemplate
  std::vector<MarkedField> fields;
  std::vector<ByteRange> generation;  // {% generation %} blocks, in order
};

struct TemplateOptions {
  std::string bos, eos;  // the special tokens' text
  std::time_t now = 0;   // what strftime_now() sees
  // Sets the variables by which templates keep the reasoning of earlier turns (preserve_thinking
  // and its like).
  bool keep_reasoning = false;
  std::string where = "template";  // for messages
};

// Threading: const methods may run on several threads at once.
class ChatTemplate {
 public:
  // Throws rsr::Error (naming `where`) if the template does not parse or runs past its limits.
  ChatTemplate(const std::string& source, TemplateOptions options);
  ChatTemplate(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // Throws RowError (mask.h): template-error if the template refuses the conversation,
  // template-limit if it runs past its limits. `tools`: JSON list or empty.
  MarkedText Render(std::span<const Message> messages, const std::string& tools,
                    bool add_generation_prompt = false) const;

  // Whether a message's reasoning field is printed (for the last turn at least).
  bool prints_reasoning() const;
  bool has_generation_blocks() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Source of a built-in template (chatml, llama3, gemma, mistral), or null.
const char* BuiltinTemplate(const std::string& name);
std::vector<std::string> BuiltinTemplateNames();

}  // namespace rsr
