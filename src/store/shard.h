// Parquet files of a run: finished shards and the vocabulary.
#pragma once

#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/run.h"
#include "store/schema.h"

namespace rsr {

// A Parquet file built in memory (a shard is some 20 MB), to be hashed and written by
// WriteFileAtomic: LZ4, page checksums, byte-stream-split for floating point (but `surprisal` and
// `sum_p2`, as they are), delta coding for `position`, dictionaries for the rest.
class ParquetBuilder {
 public:
  explicit ParquetBuilder(const std::shared_ptr<arrow::Schema>& schema);
  // `weight` of the batch, in tokens, decides where row groups end.
  void Add(const arrow::RecordBatch& batch, int64_t weight);
  std::string_view Finish();  // the file's bytes; they live as long as the builder

 private:
  std::shared_ptr<arrow::io::BufferOutputStream> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::shared_ptr<arrow::Buffer> bytes_;
  int64_t group_weight_ = 0;
};

// Reads `fields` (names of columns) row group by row group. `check_pages`: verify page checksums,
// for a file whose hash is not known. Throws rsr::Error with `hint` where the file is damaged.
void ReadParquet(const std::string& path, const std::vector<std::string>& fields, bool check_pages,
                 const std::string& hint,
                 const std::function<void(const arrow::RecordBatch&)>& visit);

// What a row takes of a shard's size: its scored tokens, and its record in tokens' worth of bytes.
int64_t WeightOf(const RunRow& row);

// The rows of a shard in order, with the columns asked for (RunReader::Columns), `wanted` as in
// RunReader::ForEach. The row is only valid during the call.
void ReadShard(const std::string& path, const RunSchema& schema, uint32_t columns, bool check_pages,
               const std::function<void(RunRow&)>& visit,
               const std::function<bool(const RunRow&)>& wanted = {});

// The way out of a damaged shard.
std::string ShardHint(const std::string& path, const RunSchema& schema);

}  // namespace rsr
