// The columns of a run: RunRow <-> Arrow record batches. docs/formats.md describes each column.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/run.h"

namespace rsr {

// Row columns, then the token columns as lists; every leaf but `correct` is not null.
const std::shared_ptr<arrow::Schema>& RunSchema();

// Indices into RunSchema() of the row's own columns and the token columns asked for.
std::vector<int> SchemaFields(uint32_t columns);

// A batch of one row. Shares the memory of the row's token columns: use it while they live.
std::shared_ptr<arrow::RecordBatch> ToBatch(const RunRow& row);

// Reads rows out of a batch that holds at least SchemaFields(columns).
class RowDecoder {
 public:
  // `where`: the file, for messages. Throws rsr::Error where a column is missing or of another
  // type.
  RowDecoder(const std::shared_ptr<arrow::RecordBatch>& batch, uint32_t columns, std::string where);

  // Token columns not asked for come out empty. Throws rsr::Error if their lengths differ.
  void Decode(int64_t i, RunRow* row) const;

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
  uint32_t columns_;
  std::string where_;
  std::vector<const arrow::Array*> arrays_;  // as RunSchema(); null where not asked for
};

}  // namespace rsr
