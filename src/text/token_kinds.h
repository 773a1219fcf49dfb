// What a byte of an assistant turn is: answer, reasoning, tool call or end of turn.
#pragma once

#include <cstdint>
#include <vector>

#include "text/chat_template.h"
#include "text/mask.h"
#include "text/turns.h"

namespace rsr {

// Goes by the byte's owner, by where owned bytes begin and end, and by the think and tool-call tags
// in the text. The arguments must outlive it.
class KindMarker {
 public:
  KindMarker(const MarkedText& rendered, const Turn& turn, bool has_tool_calls);

  TokenKind At(int64_t byte) const;

 private:
  const Turn& turn_;
  ByteRange reasoning_{0, 0};
  std::vector<ByteRange> tool_calls_;
};

}  // namespace rsr
