// Stretches of contiguous scored text: what lies between them (prompts, the results of tools) was
// not scored, so no word, step or repetition reaches from one to the next.
#pragma once

#include <cstddef>
#include <vector>

#include "metrics/vector_loops.h"
#include "store/run.h"

namespace rsr {

// The end of each stretch, one behind its last token; needs the column position.
inline std::vector<size_t> StretchEnds(const TokenColumns& tokens) {
  const size_t n = tokens.position.size();
  std::vector<size_t> ends;
  for (size_t end = 0; end < n;) {
    end += CountConsecutive(tokens.position.data() + end, n - end);
    ends.push_back(end);
  }
  return ends;
}

}  // namespace rsr
