// The native engine on long contexts, against transformers in float32 (long/make_long.py).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "engine/native/native_engine.h"

namespace rsr {
namespace {

struct Golden {
  std::vector<int32_t> ids, positions;
  std::vector<double> surprisal;
  std::vector<int32_t> rank;
};

// A line a token: its id, and for some its surprisal and rank.
Golden ReadGolden(const std::string& name) {
  Golden golden;
  std::ifstream file(std::string(RSR_SOURCE_DIR) + "/tests/golden/long/" + name);
  std::string line;
  std::getline(file, line);  // which command made it
  while (std::getline(file, line)) {
    int id = 0, rank = 0;
    double surprisal = 0;
    const int read = std::sscanf(line.c_str(), "%d\t%lf\t%d", &id, &surprisal, &rank);
    if (read == 3) {
      golden.positions.push_back(static_cast<int32_t>(golden.ids.size()));
      golden.surprisal.push_back(surprisal);
      golden.rank.push_back(rank);
    }
    golden.ids.push_back(id);
  }
  return golden;
}

// Surprisals within `tolerance` nats. A rank may move by logits within rounding of each other; how
// many moved, and by how much, is printed.
void ExpectAgreement(const std::string& student, const std::string& name, size_t tokens,
                     double tolerance) {
  const Golden golden = ReadGolden(name);
  ASSERT_EQ(golden.ids.size(), tokens);
  ASSERT_GT(golden.positions.size(), tokens / 10);
  std::vector<TokenStats> stats(golden.positions.size());
  const auto engine = OpenNativeEngine({.student = {.path = student}});
  const ScoreRequest request{golden.ids, golden.positions, stats.data()};
  engine->NewWorker()->Score({&request, 1});
  double worst = 0, sum = 0;
  int moved = 0, farthest = 0;
  for (size_t i = 0; i < stats.size(); ++i) {
    const double error = std::abs(stats[i].surprisal - golden.surprisal[i]);
    worst = std::max(worst, error);
    sum += error;
    const int off = std::abs(stats[i].rank - golden.rank[i]);
    moved += off > 0;
    farthest = std::max(farthest, off);
    ASSERT_LT(error, tolerance) << "position " << golden.positions[i];
    // Ranks far down lie close together.
    ASSERT_LE(off, 1 + golden.rank[i] / 500) << "position " << golden.positions[i];
  }
  EXPECT_LT(moved, static_cast<int>(stats.size()) / 100);
  fmt::print(
      "{}: {} of {} tokens compared, surprisal within {:.1e}, mean {:.1e}, {} ranks moved, "
      "by {} at the most\n",
      name, stats.size(), tokens, worst, sum / static_cast<double>(stats.size()), moved, farthest);
}

TEST(LongContext, SmolLm2At8k) {
  ExpectAgreement(RSR_DEMO_STUDENT, "smollm2-135m-8k.tsv", 8192, 5e-4);
}

TEST(LongContext, Gemma3At16k) {
  const std::string student = RSR_GEMMA_STUDENT;
  if (student.empty()) {
    GTEST_SKIP() << "Gemma 3 270M is not there; third_party/get.sh gemma fetches it (238 MB), then "
                    "build again";
  }
  ExpectAgreement(student, "gemma3-270m-16k.tsv", 16384, 5e-4);
}

}  // namespace
}  // namespace rsr
