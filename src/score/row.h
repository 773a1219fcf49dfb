// From a masked trajectory and its token statistics to a row of the store.
#pragma once

#include <span>
#include <string>

#include "data/trajectory.h"
#include "kernels/vocab_sweep.h"
#include "rsr/score.h"
#include "rsr/student.h"
#include "store/run.h"
#include "text/mask.h"

namespace rsr {

// `stats`: one a scored position. Sums are taken in double in token order.
RunRow MakeRow(const Trajectory& trajectory, const MaskedTokens& masked,
               std::span<const TokenStats> stats);

// "reason" and "FILE:LINE: message" of a row that the text side refused.
RejectedRow MakeRejected(const std::string& file, const Trajectory& trajectory,
                         const RowError& error);

void AddNotes(const MaskedTokens& masked, MaskNotes* notes);

}  // namespace rsr
