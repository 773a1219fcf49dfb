// Lengths and keywords of a trajectory's scored text.
#pragma once

#include <cstdint>

#include "metrics/keywords.h"
#include "metrics/vocab_traits.h"
#include "store/run.h"

namespace rsr {

struct TextCounts {
  int64_t chars = 0;  // Unicode code points
  int64_t words = 0;  // runs of anything but white space
  KeywordCounts keywords;
};

// Needs the columns token_id and position, and the tokens' traits. Scored text that is not
// contiguous (turns) is read as if white space lay between.
TextCounts CountText(const TokenColumns& tokens, const TokenTraits* traits,
                     const VocabTraits& vocab);

}  // namespace rsr
