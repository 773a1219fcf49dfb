// The rows of one input, whatever its format: JSON Lines or a JSON array, plain, gzip or Zstandard,
// or Parquet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/row_splitter.h"

namespace rsr {

inline constexpr char kStandardInput[] = "-";

// Threading: one thread.
class RowSource {
 public:
  virtual ~RowSource() = default;

  // False at the end. Throws rsr::Error where the operating system fails.
  virtual bool Next(RawRow* row) = 0;

  // Whether a row's offset and length are those of its bytes in the file.
  virtual bool in_file() const = 0;
};

// Opens a file, or standard input for "-" (`stdin_file`: a file that holds what came there, or
// empty). The format is told by the first bytes. Throws rsr::Error for what is missing, a
// directory, unreadable, empty, without a row, damaged in front of its first row, or of another
// format.
std::unique_ptr<RowSource> OpenRows(const std::string& path, const std::string& stdin_file);

// Rows of a Parquet file, each a JSON object of all its columns in their order. Lines are numbers
// of rows, from 1 on. Throws rsr::Error if it cannot be opened; rows behind damaged pages come as
// one row with the reason damaged-file.
std::unique_ptr<RowSource> OpenParquetRows(const std::string& path);

}  // namespace rsr
