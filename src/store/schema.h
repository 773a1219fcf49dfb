// The columns of a run: RunRow <-> Arrow record batches. docs/formats.md describes each column.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/run.h"

namespace rsr {

// The columns of one run: the row's own, `record`, those the user keeps, then the token columns as
// lists. Of a pass: the row's own and the pass's. Every leaf but `correct` and the kept ones is not
// null.
class RunSchema {
 public:
  // Throws rsr::Error for a kept column that has another's name.
  explicit RunSchema(const RunInfo& info);

  const std::shared_ptr<arrow::Schema>& arrow() const { return arrow_; }
  const std::string& pass() const { return pass_; }  // RunInfo::pass
  size_t kept() const { return kept_; }
  // "run the same score command again", or of a pass the command that makes it: what writes anew
  // what is lost of `path`, a file in the run's directory.
  std::string RunAgain(const std::string& path) const;
  // Written by an older rsr: columns may be missing and then come out with their defaults.
  bool may_lack_columns() const { return older_; }

  // Throws rsr::Error for a file with the metadata of a run of other settings or inputs. Files of
  // an older rsr say nothing.
  void CheckOwn(const arrow::KeyValueMetadata* metadata, const std::string& path) const;

  // Indices of the row's own and the kept columns and of those asked for.
  std::vector<int> Fields(uint32_t columns) const;

 private:
  std::shared_ptr<arrow::Schema> arrow_;
  std::string pass_, pass_options_;
  size_t kept_;
  bool older_;
};

// A batch of one row. Shares the memory of the row's token columns: use it while they live.
std::shared_ptr<arrow::RecordBatch> ToBatch(const RunRow& row, const RunSchema& schema);

// Reads rows out of a batch that holds at least schema.Fields(columns). `schema` must outlive it.
class RowDecoder {
 public:
  // `where`: the file, for messages. Throws rsr::Error where a column is missing or of another
  // type.
  RowDecoder(const std::shared_ptr<arrow::RecordBatch>& batch, const RunSchema& schema,
             uint32_t columns, std::string where);

  // Token columns not asked for come out empty. Throws rsr::Error if their lengths differ.
  void Decode(int64_t i, RunRow* row) const;

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
  const RunSchema& schema_;
  uint32_t columns_;
  std::string where_;
  std::vector<const arrow::Array*> arrays_;  // as the schema; null where not asked for or lacking
};

}  // namespace rsr
