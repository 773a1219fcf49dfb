// Numbers, durations and names as people read them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rsr/thousands.h"

namespace rsr::cli {

std::string Gigabytes(int64_t bytes);                  // 1.23 GB, powers of ten
std::string Duration(double seconds);                  // 12 s, 3 min 20 s, 2 h 05 min
std::string Plural(int64_t n, std::string_view noun);  // 1 row, 1,200 rows, 2 trajectories

// Bytes of "8G", "500MB", "1.5T" (powers of ten) or "8GiB" (powers of 1024). Throws rsr::Error.
int64_t ParseBytes(const std::string& flag, const std::string& value);

// "2 invalid-json, 1 no-messages"; empty for an empty map.
std::string Counts(const std::map<std::string, int64_t>& counts);

// One line that a POSIX shell reads back as `argv`.
std::string ShellQuote(const std::vector<std::string>& argv);

// Control characters (but newline and tab) as \xNN: text that comes from data must not drive the
// terminal.
std::string Printable(std::string_view text);

}  // namespace rsr::cli
