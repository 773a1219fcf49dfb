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
  std::vector<Candidate>& heap = groups_[group];
  const Candidate candidate = {Hash64(row.id, seed_), row.row};
  if (static_cast<int64_t>(heap.size()) == size_) {
    if (!(candidate < heap.front())) return;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
  }
  heap.push_back(candidate);
  std::push_heap(heap.begin(), heap.end());
}

void Sampler::Finish() {
  for (const auto& [group, heap] : groups_) {
    for (const Candidate& candidate : heap) chosen_.push_back(candidate.row);
  }
  std::sort(chosen_.begin(), chosen_.end());
  groups_.clear();
}

bool Sampler::Contains(int64_t row) const {
  return std::binary_search(chosen_.begin(), chosen_.end(), row);
}

}  // namespace rsr
