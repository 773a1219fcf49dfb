#include "data/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/hash.h"
#include "base/nearest.h"
#include "rsr/error.h"

namespace rsr {

Sampler::Sampler(const std::string& size, int64_t seed) : seed_(static_cast<uint64_t>(seed)) {
  const size_t slash = size.find('/');
  const std::string_view number = std::string_view(size).substr(0, slash);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), size_);
  const std::string group = slash == std::string::npos ? "" : size.substr(slash + 1);
  static const std::vector<std::string> kGroups = {"teacher", "problem"};
  if (error != std::errc() || end != number.data() + number.size() || size_ < 1) {
    throw Error(fmt::format("--sample '{}': expected a number of rows", size),
                "for example 200/teacher, 2/problem, or 1000 of all");
  }
  if (slash == std::string::npos) return;
  if (group != "teacher" && group != "problem") {
    throw Error(fmt::format("--sample '{}': unknown group '{}'", size, group),
                NearestHint(group, kGroups));
  }
  group_ = group == "teacher" ? Group::kTeacher : Group::kProblem;
}

void Sampler::Offer(const Trajectory& row) {
  const std::string group = group_ == Group::kTeacher   ? row.teacher
                            : group_ == Group::kProblem ? row.problem_id
                                                        : "";
  const uint64_t problem = group_ == Group::kTeacher ? Hash64(row.problem_id, seed_) : 0;
  groups_[group].push_back({.problem = problem, .hash = Hash64(row.id, seed_), .row = row.row});
}

void Sampler::Finish() {
  for (auto& [group, rows] : groups_) {
    std::sort(rows.begin(), rows.end());
    for (size_t i = 1; group_ == Group::kTeacher && i < rows.size(); ++i) {
      if (rows[i].problem == rows[i - 1].problem) rows[i].nth = rows[i - 1].nth + 1;
    }
    std::sort(rows.begin(), rows.end());
    const auto taken = std::min(rows.size(), static_cast<size_t>(size_));
    for (size_t i = 0; i < taken; ++i) chosen_.push_back(rows[i].row);
  }
  std::sort(chosen_.begin(), chosen_.end());
  groups_.clear();
}

bool Sampler::Contains(int64_t row) const {
  return std::binary_search(chosen_.begin(), chosen_.end(), row);
}

}  // namespace rsr
