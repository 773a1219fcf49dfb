#include "store/stream.h"

#include <arrow/buffer.h>
#include <arrow/io/buffered.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/util/io_util.h>
#include <arrow/util/key_value_metadata.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/hash.h"
#include "store/arrow_status.h"
#include "store/schema.h"

namespace rsr {
namespace {

constexpr char kHashKey[] = "xxh3-128";

arrow::ipc::IpcWriteOptions WriteOptions() {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  return options;
}

std::string ContentHash(const arrow::RecordBatch& batch) {
  const auto bytes = CheckInternal(arrow::ipc::SerializeRecordBatch(batch, WriteOptions()));
  return HashBytes(static_cast<std::string_view>(*bytes));
}

// Not a batch of ours, or not as it was written.
bool IsIntact(const arrow::RecordBatchWithMetadata& read) {
  if (!read.custom_metadata || read.batch->num_rows() != 1) return false;
  if (!read.batch->ValidateFull().ok()) return false;
  const auto expected = read.custom_metadata->Get(kHashKey);
  return expected.ok() && *expected == ContentHash(*read.batch);
}

}  // namespace

StreamWriter::StreamWriter(const std::string& path, double sync_seconds)
    : path_(path),
      sync_interval_(sync_seconds),
      last_sync_(std::chrono::steady_clock::now()),
      file_(CheckWrite(arrow::io::FileOutputStream::Open(path), path)) {
  // The IPC writer makes some sixty small writes a batch.
  constexpr int64_t kBufferBytes = 1 << 16;
  buffered_ = CheckWrite(
      arrow::io::BufferedOutputStream::Create(kBufferBytes, arrow::default_memory_pool(), file_),
      path);
  writer_ = CheckWrite(arrow::ipc::MakeStreamWriter(buffered_, RunSchema(), WriteOptions()), path);
}

void StreamWriter::Append(const arrow::RecordBatch& batch) {
  const auto metadata = arrow::KeyValueMetadata::Make({kHashKey}, {ContentHash(batch)});
  CheckWrite(writer_->WriteRecordBatch(batch, metadata), path_);
  CheckWrite(buffered_->Flush(), path_);
  if (std::chrono::steady_clock::now() - last_sync_ >= sync_interval_) Sync();
}

void StreamWriter::Sync() {
  if (fdatasync(file_->file_descriptor()) != 0) {
    CheckWrite(arrow::internal::IOErrorFromErrno(errno, "fdatasync"), path_);
  }
  last_sync_ = std::chrono::steady_clock::now();
}

void StreamWriter::RenameTo(const std::string& path) {
  Sync();
  if (std::rename(path_.c_str(), path.c_str()) != 0) {
    CheckWrite(arrow::internal::IOErrorFromErrno(errno, "rename"), path);
  }
  path_ = path;
}

void ReadStream(std::string_view bytes, const std::string& path,
                const std::function<void(const std::shared_ptr<arrow::RecordBatch>&)>& visit) {
  // Shorter than the schema in front of the batches: killed before the first one.
  const auto schema_bytes = CheckInternal(arrow::ipc::SerializeSchema(*RunSchema()));
  if (static_cast<int64_t>(bytes.size()) < schema_bytes->size()) return;

  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  const auto input = std::make_shared<arrow::io::BufferReader>(
      std::make_shared<arrow::Buffer>(std::string_view(bytes)));
  auto opened = arrow::ipc::RecordBatchStreamReader::Open(input, options);
  const char* hint =
      "delete this file and run the same score command again: its rows are scored anew";
  if (!opened.ok()) ThrowDamaged(path, opened.status().message(), hint);
  const auto reader = std::move(opened).ValueUnsafe();
  if (!reader->schema()->Equals(*RunSchema())) {
    ThrowDamaged(path, "its columns are not those of format version 1", hint);
  }
  for (;;) {
    const auto read = reader->ReadNext();
    if (!read.ok() || read->batch == nullptr || !IsIntact(*read)) return;
    visit(read->batch);
  }
}

}  // namespace rsr
