// Stretches of contiguous scored text: what lies between them (prompts, the results of tools) was
// not scored, so no word, step or repetition reaches from one to the next.
#pragma once

#include <cstddef>
#include <cstdint>

#include "store/run.h"

namespace rsr {

// Behind the last token of the stretch that begins at token `begin`; needs the column position.
inline size_t StretchEnd(const TokenColumns& tokens, size_t begin) {
  constexpr size_t kAtOnce = 8;  // most tokens have their successor: look at several
  const int32_t* position = tokens.position.data();
  const size_t n = tokens.position.size();
  size_t end = begin + 1;
  for (; end + kAtOnce <= n; end += kAtOnce) {
    uint32_t gaps = 0;
    for (size_t k = end; k < end + kAtOnce; ++k)
      gaps |= static_cast<uint32_t>(position[k]) - static_cast<uint32_t>(position[k - 1]) - 1;
    if (gaps != 0) break;
  }
  while (end < n && position[end] == position[end - 1] + 1) ++end;
  return end;
}

}  // namespace rsr
