// What stands around an assistant turn, learned from probe conversations when a student is opened.
#pragma once

#include <string>
#include <vector>

#include "text/chat_template.h"

namespace rsr {

// Bytes that came from a message; begin == -1 if none did.
struct Extent {
  int64_t begin = -1, end = -1;
  bool found() const { return begin >= 0; }
};

std::vector<Extent> MessageExtents(const MarkedText& rendered, size_t messages);

// Any of these may be empty: the template has no such text, or none that could be told apart.
struct TurnShape {
  std::string header;        // opens an assistant turn
  std::string prompt_think;  // what the generation prompt adds: an opening think tag, or an empty
                             // think block
  std::string closing;       // behind the turn's text, up to and with the end-of-turn token
  std::string user_header;   // opens a user's turn
  std::string tool_header;   // opens a tool's result behind a tool call
  size_t call_tail = 0;      // bytes at the begin of tool_header that still belong to the call
  std::string tool_closing;  // closes a tool's result where an assistant turn has no header of its
                             // own behind it
  std::string tail;          // behind the last turn's closing
};

// `end_tokens`: texts of the tokens with which a model may end its turn. Throws rsr::Error (naming
// `where`) if the template cannot render a plain conversation of two turns in order.
TurnShape LearnTurnShape(const ChatTemplate& chat_template,
                         const std::vector<std::string>& end_tokens, const std::string& where);

}  // namespace rsr
