// Where each assistant turn lies in a rendered conversation.
//
// Bytes owned by an assistant message anchor its turn. Its boundaries come from the template
// itself, learned once from a probe conversation: the header that opens a turn (what
// add_generation_prompt emits) to the left of the anchor, the end-of-turn token to the right. Text
// the template puts between the two (tool-call syntax, think tags) is what the model has to write,
// so it is part of the turn; an empty think block that only the template wrote is not.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "text/chat_template.h"

namespace rsr {

struct Turn {
  int32_t message;      // index into the conversation
  int64_t begin, end;   // bytes of the turn's text; equal if it rendered to nothing
  int64_t end_of_turn;  // end of the end-of-turn token behind it; == `end` where there is none
};

class TurnFinder {
 public:
  // `first_special`: byte range of the first control token in a text, or begin == end. Throws
  // rsr::Error (naming `where`) if the template cannot render a plain conversation of two turns.
  struct Range {
    size_t begin, end;
  };
  TurnFinder(const ChatTemplate& chat_template,
             const std::function<Range(const std::string&)>& first_special,
             const std::string& where);

  // One a message with role assistant, in order. Throws RowError ("turn-not-found") where a turn
  // cannot be placed.
  std::vector<Turn> Find(const MarkedText& rendered, std::span<const Message> messages) const;

  const std::string& header() const { return header_; }
  const std::string& end_token() const { return end_token_; }

 private:
  std::string header_;      // opens an assistant turn; may be empty
  std::string end_token_;   // closes it; may be empty
  std::string before_end_;  // what the template writes between the text and end_token_
};

}  // namespace rsr
