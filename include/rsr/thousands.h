// How sentences for people write counts; tables, JSON and files have plain digits.
#pragma once

#include <cstdint>
#include <string>

namespace rsr {

// 1,234,567
inline std::string Thousands(int64_t n) {
  std::string s = std::to_string(n);
  const int64_t first = n < 0 ? 1 : 0;
  for (int64_t i = static_cast<int64_t>(s.size()) - 3; i > first; i -= 3) s.insert(i, 1, ',');
  return s;
}

}  // namespace rsr
