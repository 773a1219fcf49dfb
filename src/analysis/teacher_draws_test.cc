#include "analysis/teacher_draws.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace rsr {
namespace {

std::vector<CorrelateReport::Student> OneStudent(size_t teachers) {
  CorrelateReport::Student student{.name = "s"};
  for (size_t t = 0; t < teachers; ++t) student.teachers.push_back(std::string(1, 'a' + t));
  return {student};
}

TEST(TeacherDraws, AllPermutationsWhereThereAreNotMore) {
  std::mt19937_64 random(1);
  const Draws all = PermuteTeachers(OneStudent(5), 120, random);
  EXPECT_TRUE(all.exhaustive);
  std::set<Indices> different;
  for (const auto& draw : all.of) different.insert(draw.at(0));
  EXPECT_EQ(different.size(), 120u);
  const Draws some = PermuteTeachers(OneStudent(5), 119, random);
  EXPECT_FALSE(some.exhaustive);
  EXPECT_EQ(some.of.size(), 119u);
}

// Each teacher stands in each place equally often, in permutations and in resamples; bounds of 5
// standard deviations.
TEST(TeacherDraws, EveryTeacherIsDrawnInEveryPlace) {
  constexpr size_t kTeachers = 9;
  constexpr int kDraws = 20000;
  std::mt19937_64 random(7);
  for (const bool permute : {true, false}) {
    const Draws draws = permute ? PermuteTeachers(OneStudent(kTeachers), kDraws, random)
                                : ResampleTeachers(OneStudent(kTeachers), kDraws, random);
    ASSERT_EQ(draws.of.size(), static_cast<size_t>(kDraws));
    std::vector<int> count(kTeachers * kTeachers);
    for (const auto& draw : draws.of) {
      ASSERT_EQ(draw.at(0).size(), kTeachers);
      if (permute) {
        ASSERT_EQ(std::set(draw[0].begin(), draw[0].end()).size(), kTeachers);
      }
      for (size_t place = 0; place < kTeachers; ++place)
        ++count[place * kTeachers + draw[0][place]];
    }
    constexpr double kShare = 1.0 / kTeachers;
    for (const int n : count)
      EXPECT_NEAR(n, kDraws * kShare, 5 * std::sqrt(kDraws * kShare * (1 - kShare))) << permute;
  }
}

}  // namespace
}  // namespace rsr
