#include "rsr/simulate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rsr/error.h"

namespace rsr {
namespace {

TEST(Simulate, GivesThePapersTable) {
  const SimulateReport report = Simulate({});
  ASSERT_EQ(report.seeds.size(), 20u);
  for (const SimulateReport::Seed& seed : report.seeds) EXPECT_TRUE(seed.ordered) << seed.seed;
  const Table table = SimulationTable(report);
  ASSERT_EQ(table.rows.size(), 16u);
  for (size_t set = 0; set < 4; ++set) {
    for (size_t column = 2; column < 6; ++column) {
      const auto value = [&](size_t row) {
        return std::get<double>(table.rows[4 * set + row][column]);
      };
      const double mean = value(0), lowest = value(1), highest = value(2), paper = value(3);
      const std::string what =
          std::get<std::string>(table.rows[4 * set][0]) + " " + table.columns[column].name;
      const bool rank_of_c = set == 2 && column == 4;
      EXPECT_NEAR(mean, paper, rank_of_c ? 1 : 0.1) << what;
      EXPECT_LT(lowest, mean) << what;
      EXPECT_GT(highest, mean) << what;
      // A seed's own mean: of 10,000 tokens whose rank has a standard deviation of 6, so 0.06; the
      // bound is 4 of them. X_C's most frequent token (0.7 of all) is about as probable to the
      // student as its neighbour, and in some seeds they change places.
      const double spread = rank_of_c ? 0.7 + 0.25 : 0.25;
      EXPECT_LT(highest - mean, spread) << what;
      EXPECT_LT(mean - lowest, spread) << what;
    }
  }
}

// The expected values by plain sums over the vocabulary, no draw: the sampled ones scatter around.
TEST(Simulate, AgreesWithTheExpectedValues) {
  double a[50], b[50], norm = 0, z[50];
  for (int i = 0; i < 50; ++i) norm += std::pow(i + 1, -2.3);
  for (int i = 0; i < 50; ++i) {
    a[i] = std::pow(i + 1, -2.3) / norm;
    b[(27 - i + 50) % 50] = a[i];
  }
  for (int t = 0; t < 50; ++t) z[t] = 0.8 * a[t] + 0.2 * b[t];
  double surprisal = 0, rank = 0;
  for (int t = 0; t < 50; ++t) {
    int r = 1;
    for (const double other : z) r += other > z[t];
    surprisal -= b[t] * std::log(z[t]);
    rank += b[t] * r;
  }
  const SimulateReport report = Simulate({.seeds = 4, .seed = 100});
  for (const SimulateReport::Seed& seed : report.seeds) {
    EXPECT_NEAR(seed.sets[1].surprisal, surprisal, 0.06) << seed.seed;
    EXPECT_NEAR(seed.sets[1].rank, rank, 0.25) << seed.seed;
  }
  // One seed alone gives the same digits as among others.
  EXPECT_EQ(Simulate({.seeds = 1, .seed = 102}).seeds[0].sets[2].rank,
            report.seeds[2].sets[2].rank);
  EXPECT_NE(report.seeds[0].sets[2].rank, report.seeds[1].sets[2].rank);
  EXPECT_THROW(Simulate({.seeds = 0}), Error);
}

}  // namespace
}  // namespace rsr
