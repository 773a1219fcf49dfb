#include "store/stream.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/util/key_value_metadata.h>
#include <fcntl.h>
#include <fmt/format.h>
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

StreamWriter::StreamWriter(const std::string& path, const RunSchema& schema, double sync_seconds)
    : path_(path),
      sync_interval_(sync_seconds),
      last_sync_(std::chrono::steady_clock::now()),
      fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (fd_ < 0) ThrowUnwritable(path_, errno);
  memory_ = CheckInternal(arrow::io::BufferOutputStream::Create());
  writer_ = CheckInternal(arrow::ipc::MakeStreamWriter(memory_, schema.arrow(), WriteOptions()));
}

StreamWriter::~StreamWriter() { close(fd_); }

void StreamWriter::Append(const arrow::RecordBatch& batch) {
  const auto metadata = arrow::KeyValueMetadata::Make({kHashKey}, {ContentHash(batch)});
  CheckInternal(writer_->WriteRecordBatch(batch, metadata));
  WriteOut();
  if (std::chrono::steady_clock::now() - last_sync_ >= sync_interval_) Sync();
}

void StreamWriter::WriteOut() {
  const auto buffer = CheckInternal(memory_->Finish());
  std::string_view bytes(*buffer);
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) ThrowUnwritable(path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  CheckInternal(memory_->Reset());
}

void StreamWriter::Sync() {
  if (fdatasync(fd_) != 0) ThrowUnwritable(path_, errno);
  last_sync_ = std::chrono::steady_clock::now();
}

void StreamWriter::RenameTo(const std::string& path) {
  WriteOut();  // a stream of no batch: its schema
  Sync();
  if (std::rename(path_.c_str(), path.c_str()) != 0) ThrowUnwritable(path, errno);
  path_ = path;
}

void ReadStream(std::string_view bytes, const RunSchema& schema, const std::string& path,
                const std::function<void(const std::shared_ptr<arrow::RecordBatch>&)>& visit) {
  // Shorter than the schema in front of the batches: killed before the first one.
  const auto schema_bytes = CheckInternal(arrow::ipc::SerializeSchema(*schema.arrow()));
  if (!schema.may_lack_columns() && static_cast<int64_t>(bytes.size()) < schema_bytes->size())
    return;

  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  const auto input = std::make_shared<arrow::io::BufferReader>(
      std::make_shared<arrow::Buffer>(std::string_view(bytes)));
  auto opened = arrow::ipc::RecordBatchStreamReader::Open(input, options);
  const std::string hint =
      fmt::format("delete this file and {}: its rows are scored anew", schema.RunAgain(path));
  if (!opened.ok()) ThrowDamaged(path, opened.status().message(), hint);
  const auto reader = std::move(opened).ValueUnsafe();
  if (!schema.may_lack_columns() && !reader->schema()->Equals(*schema.arrow())) {
    ThrowDamaged(path, "its columns are not those of this run's format version", hint);
  }
  schema.CheckOwn(reader->schema()->metadata().get(), path);
  for (;;) {
    const auto read = reader->ReadNext();
    if (!read.ok() || read->batch == nullptr || !IsIntact(*read)) return;
    visit(read->batch);
  }
}

}  // namespace rsr
