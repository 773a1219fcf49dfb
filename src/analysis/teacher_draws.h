// The students' teachers drawn or permuted together: a teacher that did well with one student is
// likely to have done well with the next, so the students are no independent samples.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "rsr/correlate.h"

namespace rsr {

using Indices = std::vector<uint32_t>;  // into a student's teachers

struct Draws {
  std::vector<std::vector<Indices>> of;  // [draw][student]
  bool exhaustive = false;               // every permutation once
};

// Each student's teachers in another order: all orders where there are no more than `most`, else
// so many at random.
Draws PermuteTeachers(const std::vector<CorrelateReport::Student>& students, int most,
                      std::mt19937_64& random);

// As many teachers as there are of all students, with replacement; each student gets those of them
// that it has.
Draws ResampleTeachers(const std::vector<CorrelateReport::Student>& students, int count,
                       std::mt19937_64& random);

}  // namespace rsr
