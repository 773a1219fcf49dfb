// The shard in flight, shards/NNNNN.arrows: an Arrow IPC stream without its end mark, one record
// batch a trajectory. Each batch carries the XXH3-128 of its content (message metadata `xxh3-128`):
// after a power cut a file may have its length and not its bytes.
#pragma once

#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/schema.h"

namespace rsr {

class StreamWriter {
 public:
  // Throws rsr::Error, here and below, where the file cannot be written.
  StreamWriter(const std::string& path, const RunSchema& schema, double sync_seconds);
  StreamWriter(const StreamWriter&) = delete;
  ~StreamWriter();

  // Returns when the operating system has the batch; flushes to the disk if the last flush is
  // `sync_seconds` ago.
  void Append(const arrow::RecordBatch& batch);
  void RenameTo(const std::string& path);  // flushes before, goes on being written

 private:
  void WriteOut();  // what the IPC writer left in memory
  void Sync();

  std::string path_;
  std::chrono::duration<double> sync_interval_;
  std::chrono::steady_clock::time_point last_sync_;
  int fd_;
  // Arrow's own file streams write to standard error when they are destroyed after a failure.
  std::shared_ptr<arrow::io::BufferOutputStream> memory_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

// Visits the batches in `bytes` (the file `path`) up to the first that is torn or not intact, as
// killed runs and power cuts leave them. Throws rsr::Error if it is no such stream, or one with
// other columns.
void ReadStream(std::string_view bytes, const RunSchema& schema, const std::string& path,
                const std::function<void(const std::shared_ptr<arrow::RecordBatch>&)>& visit);

}  // namespace rsr
