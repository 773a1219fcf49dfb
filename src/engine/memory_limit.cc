#include "engine/memory_limit.h"

#include <algorithm>
#include <limits>

#include "base/memory.h"

namespace rsr {

int64_t MemoryLimit(const EngineOptions& options) {
  if (options.student.memory > 0) return options.student.memory;
  const int64_t available = AvailableMemoryBytes();
  if (available == std::numeric_limits<int64_t>::max()) return available;
  constexpr int64_t kMostReserve = int64_t{1} << 30;
  return available - std::min(kMostReserve, available / 10) + RssBytes();
}

int64_t LongestRow(const EngineOptions& options, int64_t context_length) {
  constexpr int64_t kUsual = 32768;
  int64_t longest = options.longest_row > 0 ? options.longest_row : kUsual;
  if (context_length > 0) longest = std::min(longest, context_length);
  if (options.student.max_tokens > 0) longest = std::min(longest, options.student.max_tokens);
  return longest;
}

int64_t RestBytes(const EngineOptions& options) {
  // Beside a tiny student, measured as peak less what the process held before: 88 MB while a shard
  // of 2^20 tokens is finished, 40 MB for what a run loads and allocators keep (docs/engine.md).
  constexpr int64_t kRun = 150'000'000;
  return RssBytes() + kRun + options.reading_bytes;
}

}  // namespace rsr
