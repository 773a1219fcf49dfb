#include "metrics/run_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/row_shard.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Paths may differ: each shard may have been scored on a machine of its own.
bool SameRows(const RunInfo& a, const RunInfo& b) {
  const auto same_file = [](const RunInfo::Input& x, const RunInfo::Input& y) {
    return x.hash == y.hash && x.rows == y.rows;
  };
  return ParseRowShard(a.shard).count == ParseRowShard(b.shard).count && a.where == b.where &&
         a.sample == b.sample && a.seed == b.seed && a.dialect == b.dialect && a.map == b.map &&
         a.teacher_from == b.teacher_from &&
         std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), same_file);
}

}  // namespace

std::vector<size_t> FirstShards(const std::vector<ScoredRows::Run>& runs) {
  std::vector<size_t> first;
  for (size_t i = 0; i < runs.size(); ++i) {
    first.push_back(i);
    if (runs[i].info.shard.empty()) continue;
    for (size_t j = 0; j < i; ++j) {
      if (runs[j].info.shard.empty() || !SameRows(runs[i].info, runs[j].info)) continue;
      first[i] = first[j];
      if (runs[i].info.shard != runs[j].info.shard) continue;
      throw Error(fmt::format("runs {} and {} are both shard {} of the same input", runs[j].path,
                              runs[i].path, runs[i].info.shard),
                  "give each shard once");
    }
  }
  return first;
}

std::vector<std::string> MissingRows(const std::vector<ScoredRows::Run>& runs) {
  std::vector<std::string> missing;
  const std::vector<size_t> first = FirstShards(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].info.complete) {
      const bool goes_on = runs[i].info.format_version == kRunFormatVersion;
      missing.push_back(
          fmt::format("run {} is not complete{}", runs[i].path,
                      goes_on ? ": the same `rsr score` command goes on with the rest" : ""));
    }
    if (runs[i].info.shard.empty() || first[i] != i) continue;
    std::set<std::string> given;
    for (size_t j = i; j < runs.size(); ++j)
      if (first[j] == i) given.insert(runs[j].info.shard);
    std::vector<std::string> absent;
    const int64_t count = ParseRowShard(runs[i].info.shard).count;
    constexpr size_t kShown = 5;
    for (int64_t k = 1; k <= count && absent.size() <= kShown; ++k) {
      const std::string shard = fmt::format("{}/{}", k, count);
      if (!given.contains(shard)) absent.push_back(absent.size() < kShown ? shard : "...");
    }
    if (absent.empty()) continue;
    missing.push_back(
        fmt::format("only {} of the {} shards that run {} is one of are given: these numbers lack "
                    "the rows of {}",
                    given.size(), count, runs[i].path, fmt::join(absent, ", ")));
  }
  return missing;
}

}  // namespace rsr
