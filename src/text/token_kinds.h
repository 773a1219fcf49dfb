// What a byte of an assistant turn is: answer, reasoning, tool call or end of turn.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "text/chat_template.h"
#include "text/mask.h"
#include "text/turns.h"

namespace rsr {

// Goes by the byte's owner and by the think and tool-call tags around it. Both arguments must
// outlive it.
class KindMarker {
 public:
  KindMarker(const MarkedText& rendered, const Turn& turn);

  TokenKind At(int64_t byte) const;

 private:
  const MarkedText& rendered_;
  const Turn& turn_;
  int64_t think_begin_ = 0, think_end_ = 0;
  std::vector<std::pair<int64_t, int64_t>> tool_calls_;
};

}  // namespace rsr
