// The memory that reading and tokenizing records takes beside the engine, for the plan.
#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace rsr {

// Of the longest record and as many more as there are workers, of which only one may be long
// (TextSide::kLong). Bytes.
int64_t ReadingBytes(int64_t longest_record, int workers);

// The longest record that is tokenized: as long as half of what a run does not take anyway will do,
// at least TextSide::kLong. A longer one is rejected, for no record may end the run. `options`:
// without reading_bytes. Bytes.
int64_t MostRecordBytes(const EngineOptions& options);

}  // namespace rsr
