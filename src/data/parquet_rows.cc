#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <exception>

#include "base/file.h"
#include "base/printable.h"
#include "data/arrow_json.h"
#include "data/row_source.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// A damaged header may ask for any amount of memory: more than this is damage. Twice a row of the
// largest size and its page.
constexpr int64_t kMemoryLimit = int64_t{2} << 30;

// Rows decoded together: as many as make a few megabytes, for the memory.
int64_t BatchRows(const parquet::FileMetaData& metadata) {
  constexpr int64_t kBatchBytes = int64_t{4} << 20, kMost = 1024;
  int64_t most = 1;  // bytes of a row, in the group where they are longest
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    const auto group = metadata.RowGroup(g);
    if (group->num_rows() > 0) most = std::max(most, group->total_byte_size() / group->num_rows());
  }
  return std::clamp(kBatchBytes / most, int64_t{1}, kMost);
}

class ParquetRows : public RowSource {
 public:
  explicit ParquetRows(const std::string& path) : file_(path) {
    const std::string damage = Guarded([&] {
      parquet::arrow::FileReaderBuilder builder;
      Check(builder.Open(
          std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(file_.bytes())),
          parquet::ReaderProperties(&pool_)));
      parquet::ArrowReaderProperties properties(/*use_threads=*/false);
      properties.set_pre_buffer(false);
      properties.set_batch_size(BatchRows(*builder.raw_reader()->metadata()));
      Check(builder.memory_pool(&pool_)->properties(properties)->Build(&reader_));
      auto batches = reader_->GetRecordBatchReader();
      Check(batches.status());
      batches_ = std::move(*batches);
    });
    if (!damage.empty()) {
      throw Error(fmt::format("{}: cannot be read as Parquet: {}", path, damage),
                  "copy or download it again");
    }
    if (reader_->parquet_reader()->metadata()->num_rows() == 0) {
      throw Error(fmt::format("{}: holds no row, expected a Parquet table of chats", path),
                  "was it written completely?");
    }
  }

  bool Next(RawRow* row) override {
    while (batch_ == nullptr || at_ == batch_->num_rows()) {
      if (ended_) return false;
      batch_ = nullptr;
      at_ = 0;
      // What of the file was touched need not stay in memory; the rest is mapped again when read.
      file_.DropBefore(file_.bytes().size());
      const std::string damage = Guarded([&] {
        Check(batches_->ReadNext(&batch_));
        if (batch_ != nullptr) Check(batch_->Validate());
      });
      ended_ = batch_ == nullptr || !damage.empty();
      if (!damage.empty()) {
        batch_ = nullptr;
        *row = {.offset = -1,
                .line = ++row_number_,
                .reason = "damaged-file",
                .problem = damage + "; the rest of the file is not read"};
        return true;
      }
    }
    json_.clear();
    json_ += '{';
    for (int c = 0; c < batch_->num_columns(); ++c) {
      if (c > 0) json_ += ", ";
      AppendJsonString(batch_->column_name(c), &json_);
      json_ += ": ";
      AppendJson(*batch_->column(c), at_, &json_);
    }
    json_ += '}';
    ++at_;
    const auto length = static_cast<int64_t>(json_.size());
    *row = {.offset = -1, .length = length, .line = ++row_number_, .bytes = json_};
    if (length > kMaxRowBytes) {
      row->reason = "row-too-long";
      row->problem = fmt::format("the row has {} bytes, expected at most {}: {}", length,
                                 kMaxRowBytes, Excerpt(std::string_view(json_).substr(0, 40)));
    }
    return true;
  }

  bool in_file() const override { return false; }

 private:
  struct Damage {
    std::string text;
  };

  static void Check(const arrow::Status& status) {
    if (!status.ok()) throw Damage{status.message()};
  }

  // What is wrong, or nothing. Parquet throws exceptions of its own below its Status interface.
  template <class F>
  static std::string Guarded(F&& read) {
    try {
      read();
      return "";
    } catch (const Damage& damage) {
      return Excerpt(damage.text);
    } catch (const std::exception& e) {
      return Excerpt(e.what());
    }
  }

  MappedFile file_;
  arrow::CappedMemoryPool pool_{arrow::default_memory_pool(), kMemoryLimit};
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t at_ = 0, row_number_ = 0;
  bool ended_ = false;
  std::string json_;
};

}  // namespace

std::unique_ptr<RowSource> OpenParquetRows(const std::string& path) {
  return std::make_unique<ParquetRows>(path);
}

}  // namespace rsr
