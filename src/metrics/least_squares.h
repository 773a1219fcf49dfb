// Ordinary least squares for a handful of regressors.
#pragma once

#include <optional>
#include <vector>

namespace rsr {

// The coefficients of `regressors` (each as long as `y`) in the fit of y with an intercept. Nothing
// where they are not determined: fewer observations than coefficients, a regressor that is constant
// or a combination of the others, values that are not finite.
std::optional<std::vector<double>> LeastSquares(const std::vector<std::vector<double>>& regressors,
                                                const std::vector<double>& y);

}  // namespace rsr
