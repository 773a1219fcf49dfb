// A student that knows two languages, one of them better, meets four kinds of data.
#include "rsr/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/stable_sum.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// The paper's (A.6).
constexpr int kVocab = 50;
constexpr double kExponent = 2.3;
constexpr int kFamiliar = 1'000'000, kUnfamiliar = 250'000, kTokens = 10'000;

using Distribution = std::array<double, kVocab>;  // cumulative, by token
using Order = std::array<int, kVocab>;            // the token in each place, most frequent first

// The token orders are not published. Ours: Z_A counts up from 0; Z_B counts down from 27; Z_C
// steps by 27 from 23 on, so that Z_A's most frequent token is its second, as its published mean
// probability demands. Of all orders offset + step * place (mod 50) for Z_B and Z_C this pair is
// the nearest to table 3 in X_C's rank among those whose Z_B only counts down and whose expected
// values are all within 0.07 (docs/simulate.md).
Order TokenOrder(int offset, int step) {
  Order order;
  for (int place = 0; place < kVocab; ++place) {
    order[place] = ((offset + step * place) % kVocab + kVocab) % kVocab;
  }
  return order;
}

Distribution Cumulative(std::array<double, kVocab> weights) {
  double sum = 0;
  for (double& w : weights) w = sum += w;
  for (double& w : weights) w /= sum;
  weights.back() = 1;
  return weights;
}

std::array<double, kVocab> Zipf(const Order& order) {
  std::array<double, kVocab> p{};
  double sum = 0;
  for (int place = 0; place < kVocab; ++place) {
    sum += p[order[place]] = std::pow(place + 1, -kExponent);
  }
  for (double& v : p) v /= sum;
  return p;
}

int Draw(const Distribution& cumulative, std::mt19937_64& random) {
  const double u = static_cast<double>(random() >> 11) * 0x1p-53;  // [0, 1), the same everywhere
  return static_cast<int>(std::upper_bound(cumulative.begin(), cumulative.end(), u) -
                          cumulative.begin());
}

struct Student {
  std::array<double, kVocab> probability, surprisal, rank;
};

Student Train(const Distribution& familiar, const Distribution& unfamiliar,
              std::mt19937_64& random) {
  std::array<int, kVocab> counts{};
  for (int i = 0; i < kFamiliar; ++i) ++counts[Draw(familiar, random)];
  for (int i = 0; i < kUnfamiliar; ++i) ++counts[Draw(unfamiliar, random)];
  Student student;
  for (int t = 0; t < kVocab; ++t) {
    // Not 0: the rarest token is expected some 75 times.
    student.probability[t] = static_cast<double>(counts[t]) / (kFamiliar + kUnfamiliar);
    student.surprisal[t] = -std::log(student.probability[t]);
    student.rank[t] = 1 + static_cast<double>(std::count_if(counts.begin(), counts.end(),
                                                            [&](int c) { return c > counts[t]; }));
  }
  return student;
}

SimulatedMeans Meet(const Student& student, const Distribution& data, std::mt19937_64& random) {
  StableSum probability, surprisal, rank, ratio;
  for (int i = 0; i < kTokens; ++i) {
    const int token = Draw(data, random);
    probability.Add(student.probability[token]);
    surprisal.Add(student.surprisal[token]);
    rank.Add(student.rank[token]);
    ratio.Add(student.rank[token] / student.surprisal[token]);
  }
  return {probability.value() / kTokens, surprisal.value() / kTokens, rank.value() / kTokens,
          ratio.value() / kTokens};
}

SimulateReport::Seed RunSeed(uint64_t seed) {
  const auto a = Zipf(TokenOrder(0, 1)), b = Zipf(TokenOrder(27, -1)), c = Zipf(TokenOrder(23, 27));
  constexpr double kShare = static_cast<double>(kFamiliar) / (kFamiliar + kUnfamiliar);
  std::array<double, kVocab> mixture;
  for (int t = 0; t < kVocab; ++t) mixture[t] = kShare * a[t] + (1 - kShare) * b[t];
  std::mt19937_64 random(seed);
  const Student student = Train(Cumulative(a), Cumulative(b), random);
  SimulateReport::Seed result{.seed = seed};
  const std::array<const std::array<double, kVocab>*, 4> data = {&a, &b, &c, &mixture};
  for (size_t set = 0; set < data.size(); ++set) {
    result.sets[set] = Meet(student, Cumulative(*data[set]), random);
  }
  const auto& [x_a, x_b, x_c, x_d] = result.sets;
  result.ordered = x_b.ratio < x_d.ratio && x_d.ratio < x_a.ratio && x_a.ratio < x_c.ratio;
  return result;
}

constexpr std::array<SimulatedMeans, 4> kPaper = {{{0.41, 1.38, 2.49, 1.69},
                                                   {0.10, 2.73, 4.31, 1.30},
                                                   {0.08, 4.73, 11.57, 2.23},
                                                   {0.35, 1.67, 2.93, 1.62}}};

}  // namespace

SimulateReport Simulate(const SimulateOptions& options) {
  if (options.seeds < 1) {
    throw Error(fmt::format("simulate: expected at least 1 seed, got {}", options.seeds),
                "the default is 20");
  }
  SimulateReport report;
  for (int i = 0; i < options.seeds; ++i) {
    report.seeds.push_back(RunSeed(options.seed + static_cast<uint64_t>(i)));
  }
  return report;
}

Table SimulationTable(const SimulateReport& report) {
  Table table{.columns = {{"set"}, {"value"}, {"probability"}, {"surprisal"}, {"rank"}, {"ratio"}}};
  for (size_t set = 0; set < SimulateReport::kSets.size(); ++set) {
    SimulatedMeans mean{}, low = report.seeds[0].sets[set], high = low;
    constexpr std::array kFields = {&SimulatedMeans::probability, &SimulatedMeans::surprisal,
                                    &SimulatedMeans::rank, &SimulatedMeans::ratio};
    for (const SimulateReport::Seed& seed : report.seeds) {
      for (const auto field : kFields) {
        const double value = seed.sets[set].*field;
        mean.*field += value / static_cast<double>(report.seeds.size());
        low.*field = std::min(low.*field, value);
        high.*field = std::max(high.*field, value);
      }
    }
    const auto add = [&](const char* name, const SimulatedMeans& m) {
      table.rows.push_back(
          {SimulateReport::kSets[set], name, m.probability, m.surprisal, m.rank, m.ratio});
    };
    add("mean", mean);
    add("lowest", low);
    add("highest", high);
    add("paper", kPaper[set]);
  }
  return table;
}

Table SimulationSeedsTable(const SimulateReport& report) {
  Table table{.columns = {{"seed"}, {"X_B"}, {"X_D"}, {"X_A"}, {"X_C"}, {"ordered"}}};
  for (const SimulateReport::Seed& seed : report.seeds) {
    const auto& [a, b, c, d] = seed.sets;
    table.rows.push_back(
        {static_cast<int64_t>(seed.seed), b.ratio, d.ratio, a.ratio, c.ratio, seed.ordered});
  }
  return table;
}

}  // namespace rsr
