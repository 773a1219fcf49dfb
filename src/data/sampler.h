// So many rows of each teacher or problem, chosen by hashes of their ids: the same rows whatever
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
  // Chosen by the first field that differs. Teachers are compared on problems that they share, so
  // theirs come by problem: one row of each, then a second one.
  struct Candidate {
    int64_t nth = 0;  // of the teacher's rows of the problem, by hash
    uint64_t problem = 0, hash;
    int64_t row;
    auto operator<=>(const Candidate&) const = default;
  };

  int64_t size_ = 0;
  Group group_ = Group::kAll;
  uint64_t seed_;
  std::unordered_map<std::string, std::vector<Candidate>> groups_;
  std::vector<int64_t> chosen_;  // sorted
};

}  // namespace rsr
