#include "score/reading.h"

#include <algorithm>

#include "engine/memory_limit.h"
#include "text/mask.h"

namespace rsr {

int64_t ReadingBytes(int64_t longest_record, int workers) {
  return TextSide::kBytesPerByte *
         (longest_record + (workers - 1) * std::min(longest_record, TextSide::kLong));
}

int64_t MostRecordBytes(const EngineOptions& options) {
  return std::max(TextSide::kLong,
                  (MemoryLimit(options) - RestBytes(options)) / 2 / TextSide::kBytesPerByte);
}

}  // namespace rsr
