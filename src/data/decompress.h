// Streams of compressed bytes: gzip (any number of members) and Zstandard (any number of frames).
#pragma once

#include <memory>

#include "data/byte_source.h"

namespace rsr {

enum class Compression { kNone, kGzip, kZstd };

// Told by the first bytes, whatever the file is called.
Compression CompressionOf(std::string_view head);
const char* CompressionName(Compression compression);  // "gzip" ...

// The bytes that `packed` decompresses to, at most a quarter megabyte of either held at a time, so
// that a small file cannot fill the memory. Read throws DamagedInput for bytes that are no such
// stream, or one cut off; Zstandard windows of more than 128 MB count as such.
std::unique_ptr<ByteSource> Decompress(std::unique_ptr<ByteSource> packed, Compression compression);

}  // namespace rsr
