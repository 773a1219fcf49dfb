// What the tokens of a trajectory are to its text, found in one go for all metrics of the text.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "metrics/vocab_traits.h"
#include "store/run.h"

namespace rsr {

struct TextMarks {
  // Of each token the Meetings with what is before it in its stretch, and kStepHead.
  std::unique_ptr<uint8_t[]> marks;
  int64_t chars = 0;  // Unicode code points
  int64_t words = 0;  // runs of anything but white space
};

// Needs the column token_id and the ends of the stretches (stretch.h).
TextMarks MarkText(const TokenColumns& tokens, const std::vector<size_t>& stretches,
                   const VocabTraits& vocab);

}  // namespace rsr
