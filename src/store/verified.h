// verified.jsonl: whether the answers of a run are right, as `rsr verify` found. A line a row,
// appended one by one; a line that is cut off at the end is as if it were not there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rsr {

struct VerifiedRow {
  int64_t row = 0;
  std::string id;
  std::optional<bool> correct;  // nothing: undecided
  std::string method, column;   // how it was decided, and by which reference column
  std::string why;              // it is undecided
};

inline std::string VerifiedPath(const std::string& dir) { return dir + "/verified.jsonl"; }

std::string VerifiedToJson(const VerifiedRow& row);  // one line, newline included

// Nothing where there is no such file. Throws rsr::Error with file and line.
std::vector<VerifiedRow> ReadVerified(const std::string& dir);

}  // namespace rsr
