// The student's text side: chat template, tokenizer and the mask of scored tokens.
//
// Goal: the tokens scored here are the tokens a trainer trains on. A mask comes from where each
// rendered character came from, never from looking for marker token ids (docs/masks.md). Non-goal:
// generating text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/trajectory.h"
#include "rsr/student.h"

namespace rsr {

enum class TokenKind : uint8_t { kAnswer = 0, kReasoning = 1, kToolCall = 2, kEndOfTurn = 3 };

// What assistant messages that are scored said and the template did not print.
struct Stripped {
  int32_t reasoning_turns = 0;
  int64_t reasoning_chars = 0;  // Unicode characters, without white space at the ends
  int32_t content_turns = 0;    // messages whose content or tool calls are missing
};

struct MaskedTokens {
  std::vector<int32_t> ids;        // the whole rendered conversation, truncated on the right
  std::vector<int32_t> positions;  // of scored tokens, ascending, all >= 1
  std::vector<TokenKind> kinds;    // of scored tokens
  int32_t turns_given = 0;         // assistant messages the mask is to score
  int32_t turns_found =
      0;  // of those, with at least one scored token (before truncation); always all
  int32_t turns_excluded = 0;  // assistant messages left out of training (Message::train)
  int32_t special_tokens_in_content = 0;
  Stripped stripped;
  int64_t tokens_before_truncation = 0;
  bool truncated = false;
};

// A template and a vocabulary. Threading: const methods may run on several threads at once.
class TextSide {
 public:
  // Reading and tokenizing a record takes up to so many times its bytes for a moment (measured:
  // prose 54, random letters 90); of records longer than kLong one is tokenized at a time.
  static constexpr int64_t kBytesPerByte = 96, kLong = int64_t{1} << 20;

  // Reads vocabulary and template of a GGUF file or a Hugging Face directory. Throws rsr::Error: no
  // template (names the built-in ones), a template that does not parse, an unknown pre-tokenizer.
  static std::unique_ptr<TextSide> Open(const StudentOptions& options);
  virtual ~TextSide() = default;

  // Renders, tokenizes and masks. Throws RowError if the row cannot be scored.
  virtual MaskedTokens Tokenize(const Trajectory& trajectory) const = 0;

  // The rendered text and the scored character spans [begin, end) in bytes, for previews and tests.
  struct Rendered {
    std::string text;
    struct Span {
      int64_t begin, end;
      TokenKind kind;
      int32_t turn;  // index among the assistant messages
    };
    std::vector<Span> spans;
    Stripped stripped;
  };
  virtual Rendered Render(const Trajectory& trajectory) const = 0;

  virtual int64_t vocab_size() const = 0;
  virtual std::string Piece(
      int32_t id) const = 0;                      // the token's bytes; special tokens as their text
  virtual std::string begin_of_text() const = 0;  // text of the begin-of-text token, or empty
  virtual std::string assistant_header() const = 0;  // what opens an assistant turn, or empty
  virtual int64_t context_length() const = 0;        // the student's, in tokens
  virtual std::string template_hash() const = 0;     // of template text, date and special tokens
  virtual std::string tokenizer_hash() const = 0;
  virtual std::string template_source() const = 0;  // "model", "built-in chatml", a path
  virtual std::string template_date() const = 0;    // as used, YYYY-MM-DD
};

// Why one row cannot be scored: the slug and the text of a Rejection, without file and line.
// Reasons: template-error, template-limit (it runs past what a template may spend), empty-turn (an
// assistant message rendered to nothing), turn-not-found, no-trained-turn (every assistant message
// is left out of training), tokenizer-mismatch, too-long (no --max-tokens given), no-scored-tokens
// (all of them behind --max-tokens; or the reference mask finds none).
struct RowError {
  std::string reason;
  std::string message;
};

}  // namespace rsr
