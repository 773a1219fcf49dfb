// Draws moved towards a number of tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/scored_rows.h"
#include "select/candidates.h"

namespace rsr {

// Rows of which any may stand for another.
struct Bin {
  std::vector<Candidate> drawn, spare;
};

int64_t TokensOf(const std::vector<Candidate>& rows, const ScoredRows& data);

// All drawn rows, after exchanges within the bins that bring their scored tokens near `tokens`; an
// exchange may also add or remove a row unless keep_count. Exchanges are at random, so that what
// is drawn stays so, and as few as will do; only where those do not lead within the tolerance
// the best there are. It may stay off.
std::vector<Candidate> MatchTokens(std::vector<Bin> bins, const ScoredRows& data, int64_t tokens,
                                   bool keep_count, uint64_t seed);

}  // namespace rsr
