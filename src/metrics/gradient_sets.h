// What a group's projected gradients say together: GRACE and G-Vendi.
#pragma once

#include "metrics/metric.h"

namespace rsr {

// GRACE (arXiv 2511.02833, as its published code has it): the mean over 10 splits of
// tr(K_train^-1 K_test), K = X^T X / n. A split sets a tenth of the problems, at least one, apart
// for the test; rows of X are gradients, those of the train part normalised, and the eigenvalues of
// K_train are smoothed to 0.999 of their own value and 0.001 of their mean. The splits are the same
// for every group of so many problems. NaN for fewer than 2 problems, or if all gradients are 0.
double Grace(const GradientSet& set);

// G-Vendi (arXiv 2505.20161): exp(-sum l ln l) over the eigenvalues l of X X^T / n, rows of X the
// normalised gradients: from 1 (all alike) to n (all orthogonal). Gradients of norm 0 are left out;
// NaN if none is left.
double Gvendi(const GradientSet& set);

}  // namespace rsr
