#include "analysis/teacher_draws.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "analysis/draw.h"

namespace rsr {
namespace {

// The teachers of all students, and where each stands in each student's list (-1: not there).
struct TeacherPlaces {
  std::vector<std::string> teachers;
  std::vector<std::vector<int>> at;  // [student][teacher]

  explicit TeacherPlaces(const std::vector<CorrelateReport::Student>& students) {
    for (const auto& student : students) {
      for (const std::string& name : student.teachers) {
        if (std::find(teachers.begin(), teachers.end(), name) == teachers.end())
          teachers.push_back(name);
      }
    }
    for (const auto& student : students) {
      std::vector<int> places;
      for (const std::string& name : teachers) {
        const auto found = std::find(student.teachers.begin(), student.teachers.end(), name);
        places.push_back(found == student.teachers.end()
                             ? -1
                             : static_cast<int>(found - student.teachers.begin()));
      }
      at.push_back(places);
    }
  }

  // Each student's part of one sequence of teachers.
  std::vector<Indices> Split(const Indices& sequence) const {
    std::vector<Indices> parts(at.size());
    for (size_t s = 0; s < at.size(); ++s) {
      for (const uint32_t teacher : sequence) {
        if (at[s][teacher] >= 0) parts[s].push_back(static_cast<uint32_t>(at[s][teacher]));
      }
    }
    return parts;
  }
};

}  // namespace

Draws PermuteTeachers(const std::vector<CorrelateReport::Student>& students, int most,
                      std::mt19937_64& random) {
  const TeacherPlaces places(students);
  Draws draws;
  Indices order(places.teachers.size());
  std::iota(order.begin(), order.end(), 0);
  double all = 1;
  for (size_t n = 2; n <= order.size(); ++n) all *= static_cast<double>(n);
  draws.exhaustive = all <= most;
  if (draws.exhaustive) {
    do draws.of.push_back(places.Split(order));
    while (std::next_permutation(order.begin(), order.end()));
    return draws;
  }
  for (int i = 0; i < most; ++i) {
    for (size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[DrawIndex(random, left)]);
    }
    draws.of.push_back(places.Split(order));
  }
  return draws;
}

Draws ResampleTeachers(const std::vector<CorrelateReport::Student>& students, int count,
                       std::mt19937_64& random) {
  const TeacherPlaces places(students);
  Draws draws;
  Indices drawn(places.teachers.size());
  for (int i = 0; i < count; ++i) {
    for (uint32_t& teacher : drawn) {
      teacher = static_cast<uint32_t>(DrawIndex(random, drawn.size()));
    }
    draws.of.push_back(places.Split(drawn));
  }
  return draws;
}

}  // namespace rsr
