#include "metrics/least_squares.h"

#include <cmath>

#include "base/stable_sum.h"

namespace rsr {
namespace {

// A regressor whose part beside the others is below this share of it says nothing: rounding.
constexpr double kNegligible = 1e-10;

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  StableSum sum;
  for (size_t i = 0; i < a.size(); ++i) sum.Add(a[i] * b[i]);
  return sum.value();
}

void Subtract(std::vector<double>& a, double factor, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= factor * b[i];
}

std::vector<double> Centred(std::vector<double> x) {
  StableSum sum;
  for (const double value : x) sum.Add(value);
  for (double& value : x) value -= sum.value() / static_cast<double>(x.size());
  return x;
}

}  // namespace

// Centring takes the intercept out; then modified Gram-Schmidt, each column orthogonalised twice
// (once loses digits where regressors are nearly parallel).
std::optional<std::vector<double>> LeastSquares(const std::vector<std::vector<double>>& regressors,
                                                const std::vector<double>& y) {
  const size_t count = regressors.size();
  if (y.size() < count + 1) return std::nullopt;
  std::vector<std::vector<double>> q;
  std::vector<std::vector<double>> r(count, std::vector<double>(count));
  for (size_t j = 0; j < count; ++j) {
    std::vector<double> column = Centred(regressors[j]);
    const double before = std::sqrt(Dot(regressors[j], regressors[j]));
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t i = 0; i < j; ++i) {
        const double projection = Dot(q[i], column);
        r[i][j] += projection;
        Subtract(column, projection, q[i]);
      }
    }
    r[j][j] = std::sqrt(Dot(column, column));
    if (!(r[j][j] > kNegligible * before) || !std::isfinite(r[j][j])) return std::nullopt;
    for (double& value : column) value /= r[j][j];
    q.push_back(std::move(column));
  }
  std::vector<double> rest = Centred(y), coefficients(count);
  for (size_t j = 0; j < count; ++j) {
    coefficients[j] = Dot(q[j], rest);
    Subtract(rest, coefficients[j], q[j]);
  }
  for (size_t j = count; j-- > 0;) {
    for (size_t k = j + 1; k < count; ++k) coefficients[j] -= r[j][k] * coefficients[k];
    coefficients[j] /= r[j][j];
    if (!std::isfinite(coefficients[j])) return std::nullopt;
  }
  return coefficients;
}

}  // namespace rsr
