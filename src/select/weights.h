// LARK's weights of the rows of a problem.
#pragma once

#include <vector>

#include "metrics/metric.h"
#include "select/candidates.h"

namespace rsr {

// The closed form of LARK's chi-square-regularised policy (arXiv 2605.30651, select_chi2.py of its
// code), for each problem. e: the metric's value, its sign changed where low is better; A: the B
// rows picked of the problem; t: e of the best candidate below them:
//
//     w_k = (e_k - t) / (B * (mean of e over A - t)),  which sum to 1 over A
//
// As there: t lies 1e-8 below the last of A if there is no candidate below, so that the last has
// next to no weight; equal values have equal weights; a value that is not finite has weight 0, but
// for a problem that has no other.
void SetChi2Weights(std::vector<Candidate>& picks, const Candidates& candidates, Better better);

}  // namespace rsr
