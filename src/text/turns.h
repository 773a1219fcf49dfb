// Where each assistant turn lies in a rendered conversation.
//
// Bytes that came from an assistant message anchor its turn. Its boundaries come from the template:
// its {% generation %} blocks where it has them, else the header that opens a turn to the left of
// the anchor, and to the right what closes it or opens the next message (turn_shape.h). Text the
// template puts between the two (tool-call syntax, think tags) is what the model has to write, so
// it is part of the turn; think tags that the generation prompt or only the template wrote are not.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "text/chat_template.h"
#include "text/turn_shape.h"

namespace rsr {

struct Turn {
  int32_t message;     // index into the conversation
  int64_t begin, end;  // bytes of the turn's text; equal if it rendered to nothing
  ByteRange trained;   // what trainers train on: the generation block, or [begin, end) and what
                       // closes the turn
};

class TurnFinder {
 public:
  // `end_tokens`: texts of the tokens with which a model may end its turn. Throws as
  // LearnTurnShape.
  TurnFinder(const ChatTemplate& chat_template, std::vector<std::string> end_tokens,
             const std::string& where);

  // One a message with role assistant, in order. Throws RowError ("turn-not-found") where a turn
  // cannot be placed.
  std::vector<Turn> Find(const MarkedText& rendered, std::span<const Message> messages) const;

  const TurnShape& shape() const { return shape_; }

 private:
  struct Neighbours;
  Turn Place(const MarkedText& rendered, const Neighbours& near) const;
  int64_t RegionEnd(const std::string& text, int64_t search, const Neighbours& near) const;
  int64_t CloserLength(std::string_view region) const;

  TurnShape shape_;
  std::vector<std::string> end_tokens_;
  bool generation_blocks_;
};

}  // namespace rsr
