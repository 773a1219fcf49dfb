// Trajectories of one problem with the same scored tokens: copies that count twice.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analysis/rank_teachers.h"
#include "base/hash.h"
#include "rsr/thousands.h"

namespace rsr {
namespace {

struct Copy {
  std::string teacher, id;
};

// Text alone is not enough: two problems may have the same short answer.
using ByText = std::map<std::pair<std::string, std::string>, std::vector<Copy>>;  // problem, hash

std::string HashOf(const std::vector<int32_t>& ids) {
  return HashBytes({reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(int32_t)});
}

}  // namespace

void FindDuplicates(const ScoredRows& data, TeachersReport& report) {
  ByText by_text;
  for (const ScoredRows::Run& run : data.runs) {
    RunReader::Open(run.path)->ForEach(RunReader::kTokenId, [&](const RunRow& row) {
      if (row.tokens.token_id.empty()) return;
      by_text[{row.problem_id, HashOf(row.tokens.token_id)}].push_back({row.teacher, row.id});
    });
  }
  std::map<std::pair<std::string, std::string>, DuplicateTrajectories> pairs;
  for (auto& [key, copies] : by_text) {
    if (copies.size() < 2) continue;
    // Storage order depends on what was finished first.
    std::sort(copies.begin(), copies.end(), [](const Copy& a, const Copy& b) {
      return std::pair(a.teacher, a.id) < std::pair(b.teacher, b.id);
    });
    std::map<std::string, std::vector<std::string>> by_teacher;
    for (const Copy& copy : copies) by_teacher[copy.teacher].push_back(copy.id);
    for (auto a = by_teacher.begin(); a != by_teacher.end(); ++a) {
      for (auto b = a; b != by_teacher.end(); ++b) {
        if (a == b && a->second.size() < 2) continue;
        DuplicateTrajectories& pair = pairs[{a->first, b->first}];
        pair.teacher = a->first;
        pair.other = b->first;
        pair.count += static_cast<int64_t>(a == b ? a->second.size() - 1 : a->second.size());
        if (pair.example.empty()) {
          pair.example = fmt::format("{} = {}", a->second[0], a == b ? a->second[1] : b->second[0]);
        }
      }
    }
  }
  for (auto& [names, pair] : pairs) {
    report.warnings.push_back(
        pair.teacher == pair.other
            ? fmt::format("{} of '{}' repeat{} another of its own word for word ({})",
                          Thousands(pair.count), pair.teacher, pair.count == 1 ? "s" : "",
                          pair.example)
            : fmt::format("{} of '{}' {} also there from '{}', word for word ({})",
                          Thousands(pair.count), pair.teacher, pair.count == 1 ? "is" : "are",
                          pair.other, pair.example));
    report.duplicates.push_back(std::move(pair));
  }
}

}  // namespace rsr
