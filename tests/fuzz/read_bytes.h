// What a fuzzer of the readers does with its bytes: reads them as a file through every path a
// command takes, and stops the process where a promise of the reader is broken.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rsr {

enum class FuzzFormat { kJson, kGzip, kZstd, kParquet, kSafetensors, kGguf };

// `bytes` behind the format's magic bytes, which mutation would otherwise lose (kJson: none, and
// the first byte chooses among options; kSafetensors: read_student.h).
void ReadFuzzedBytes(FuzzFormat format, const uint8_t* bytes, size_t size);

}  // namespace rsr
