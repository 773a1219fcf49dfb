#include "metrics/gradient_sets.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace rsr {
namespace {

using Eigen::MatrixXd;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Gradients as columns.
MatrixXd Columns(const GradientSet& set, const std::vector<size_t>& which, bool normalised) {
  const auto dims = static_cast<Eigen::Index>(set.projections[0]->size());
  MatrixXd x(dims, static_cast<Eigen::Index>(which.size()));
  for (size_t i = 0; i < which.size(); ++i) {
    const std::vector<float>& gradient = *set.projections[which[i]];
    x.col(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::VectorXf>(gradient.data(), dims).cast<double>();
  }
  if (normalised) x.colwise().normalize();  // leaves those of norm 0
  return x;
}

// The problems in a random order, by an algorithm of our own: the library's differ by platform.
std::vector<size_t> Shuffled(size_t problems, uint64_t seed) {
  std::vector<size_t> order(problems);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(seed);
  for (size_t i = problems - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
  return order;
}

double GraceOfSplit(const GradientSet& set, const std::vector<bool>& is_test) {
  constexpr double kSmooth = 1e-3;
  std::vector<size_t> train, test;
  for (size_t i = 0; i < set.problem.size(); ++i) {
    (is_test[set.problem[i]] ? test : train).push_back(i);
  }
  const MatrixXd x = Columns(set, train, true), y = Columns(set, test, false);
  MatrixXd kernel = MatrixXd::Zero(x.rows(), x.rows());
  kernel.selfadjointView<Eigen::Lower>().rankUpdate(x, 1 / static_cast<double>(x.cols()));
  const double mean = kernel.trace() / static_cast<double>(x.rows());
  if (mean == 0) return kNone;
  kernel *= 1 - kSmooth;
  kernel.diagonal().array() += kSmooth * mean;
  // tr(K^-1 Y Y^T) = |L^-1 Y|^2.
  const Eigen::LLT<MatrixXd> factors(kernel);
  return factors.matrixL().solve(y).squaredNorm() / static_cast<double>(y.cols());
}

}  // namespace

double Grace(const GradientSet& set) {
  constexpr int kSplits = 10;
  if (set.problems < 2 || set.projections[0]->empty()) return kNone;
  const size_t tests = std::max<size_t>(1, set.problems / 10);
  double sum = 0;
  for (int split = 0; split < kSplits; ++split) {
    const std::vector<size_t> order = Shuffled(set.problems, split);
    std::vector<bool> is_test(set.problems);
    for (size_t i = 0; i < tests; ++i) is_test[order[i]] = true;
    sum += GraceOfSplit(set, is_test);
  }
  return sum / kSplits;
}

double Gvendi(const GradientSet& set) {
  std::vector<size_t> which;
  for (size_t i = 0; i < set.projections.size(); ++i) {
    const std::vector<float>& g = *set.projections[i];
    if (std::any_of(g.begin(), g.end(), [](float value) { return value != 0; })) which.push_back(i);
  }
  if (which.empty()) return kNone;
  const MatrixXd x = Columns(set, which, true);
  // The smaller of the two kernels: their eigenvalues that are not 0 are the same.
  const MatrixXd kernel =
      x.rows() < x.cols() ? MatrixXd(x * x.transpose()) : MatrixXd(x.transpose() * x);
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(kernel / static_cast<double>(x.cols()),
                                                       Eigen::EigenvaluesOnly);
  double entropy = 0;
  for (const double l : solver.eigenvalues()) {
    if (l > 0) entropy -= l * std::log(l);
  }
  return std::exp(entropy);
}

}  // namespace rsr
