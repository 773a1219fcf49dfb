// So many rows of each teacher or problem, chosen by the hash of their ids: the same rows whatever
// the order of the files.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/trajectory.h"

namespace rsr {

class Sampler {
 public:
  // "200/teacher", "2/problem" or "1000", of all rows. Throws rsr::Error for anything else.
  Sampler(const std::string& size, int64_t seed);

  void Offer(const Trajectory& row);  // every row, once
  bool Contains(int64_t row) const;   // of those offered, when all were
  void Finish();

 private:
  enum class Group { kAll, kTeacher, kProblem };
  struct Candidate {
    uint64_t hash;
    int64_t row;
    auto operator<=>(const Candidate&) const = default;
  };

  int64_t size_ = 0;
  Group group_ = Group::kAll;
  uint64_t seed_;
  std::unordered_map<std::string, std::vector<Candidate>> groups_;  // heaps: the largest hash first
  std::vector<int64_t> chosen_;                                     // sorted
};

}  // namespace rsr
