// Values of Arrow arrays as JSON text, for rows of Parquet files.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace rsr {

// Appends value `i`. Fields of a struct come in the order of its type, also where they are null;
// maps with string keys become objects; numbers that JSON cannot hold (NaN, infinity) null; times,
// dates and decimals their usual text. Bytes are written as if they were text: whether that is
// valid UTF-8 is for the row's parser to say.
void AppendJson(const arrow::Array& array, int64_t i, std::string* out);

void AppendJsonString(std::string_view text, std::string* out);

}  // namespace rsr
