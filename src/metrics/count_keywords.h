// The keywords of a trajectory's scored text.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/keywords.h"
#include "metrics/text_marks.h"
#include "metrics/vocab_traits.h"
#include "store/run.h"

namespace rsr {

// Needs the column token_id, and of it the stretches and marks. Scored text that is not contiguous
// (turns) is read as if white space lay between.
KeywordCounts CountKeywords(const TokenColumns& tokens, const std::vector<size_t>& stretches,
                            const TextMarks& text, const VocabTraits& vocab);

}  // namespace rsr
