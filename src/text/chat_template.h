// A chat template rendered with provenance: every byte of the output knows which input string it
// came from.
//
// llama.cpp's Jinja engine carries one bit with each piece of a string: "came from input".
// Rendering several times with different strings marked gives every byte a code word, and so its
// owner. All code words have the same number of ones: where a template mixes two strings into one
// piece, the engine keeps a mark only if both carry it, the code word has too few ones, and the
// byte is owned by nobody instead of by the wrong string.
//
// What loses its owner: text that goes through `tojson`, and pieces of split(). turns.h works
// without those.
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

struct MarkedText {
  static constexpr int32_t kTemplate = -1;
  std::string text;
  std::vector<int32_t> owner;  // one a byte: index into `fields`, or kTemplate
  std::vector<MarkedField> fields;
};

// Threading: const methods may run on several threads at once.
class ChatTemplate {
 public:
  // Throws rsr::Error (naming `where`) if the template does not parse. `now`: what strftime_now()
  // sees.
  ChatTemplate(const std::string& source, std::string bos, std::string eos, std::time_t now,
               const std::string& where);
  ~ChatTemplate();

  // Throws RowError (mask.h) if the template refuses the conversation. `tools`: JSON list or empty.
  MarkedText Render(std::span<const Message> messages, const std::string& tools,
                    bool add_generation_prompt = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Source of a built-in template (chatml, llama3, gemma, mistral), or null.
const char* BuiltinTemplate(const std::string& name);
std::vector<std::string> BuiltinTemplateNames();

}  // namespace rsr
