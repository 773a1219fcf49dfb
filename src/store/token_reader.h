// The token columns of a shard, read in blocks of rows: little memory, and still in the processor's
// cache when they are looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/run.h"
#include "store/schema.h"

namespace parquet {
class ColumnReader;
class RowGroupReader;
}  // namespace parquet

namespace rsr {

struct TokenCount {
  int64_t tokens = 0, empty_rows = 0;  // of some rows; how many of them have no token
};

// Reads a row group without the structure of its lists: a row's scored_tokens says how long they
// are, and finding that out again for each column costs more than the values do.
class TokenReader {
 public:
  // `all`: of the whole group. `where`: the file, for messages. Throws rsr::Error where a column is
  // longer or shorter than the rows say or of another type; may throw Parquet's exceptions, as Read
  // may.
  TokenReader(parquet::RowGroupReader& group, const RunSchema& schema, uint32_t columns,
              TokenCount all, std::string where);
  ~TokenReader();

  // Those of the rows that follow; of columns not asked for they come out empty.
  void Read(TokenCount next, TokenColumns* out);

 private:
  template <class T>
  void ReadColumn(parquet::ColumnReader& column, int64_t entries, std::vector<T>* out);

  std::string where_;
  bool some_empty_;                                              // of the group's rows
  std::vector<std::shared_ptr<parquet::ColumnReader>> columns_;  // null where not asked for
  std::vector<int16_t> levels_;
  std::vector<int32_t> integers_;  // before they become smaller ones
};

// Those of one row out of them.
void TakeTokens(const TokenColumns& all, int64_t begin, int64_t count, TokenColumns* out);

}  // namespace rsr
