#include "store/shard.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <exception>

#include "base/file.h"
#include "rsr/error.h"
#include "store/arrow_status.h"
#include "store/schema.h"

namespace rsr {
namespace {

// A group is read as a whole. Measured with store_read_bench (surprisal and rank): 2^16 87 M
// tokens/s and 25.8 bytes a token, 2^18 101 and 24.4, 2^19 104 and 23.8 for another 30 MB of
// memory.
constexpr int64_t kRowGroupTokens = int64_t{1} << 18;

// jemalloc gives back what is freed: a shard of 2^20 tokens takes 88 MB in it while it is finished,
// in Arrow's usual mimalloc 120, of which 100 stay.
arrow::MemoryPool* Pool() {
  arrow::MemoryPool* pool = nullptr;
  return arrow::jemalloc_memory_pool(&pool).ok() ? pool : arrow::default_memory_pool();
}

std::shared_ptr<parquet::WriterProperties> Properties(const arrow::Schema& schema) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(Pool())->compression(parquet::Compression::LZ4)->enable_page_checksum();
  for (const auto& field : schema.fields()) {
    const bool is_list = field->type()->id() == arrow::Type::LIST;
    const auto& leaf = is_list ? field->type()->field(0)->type() : field->type();
    const std::string path = field->name() + (is_list ? ".list.element" : "");
    if (arrow::is_floating(leaf->id())) {
      builder.disable_dictionary(path)->encoding(path, parquet::Encoding::BYTE_STREAM_SPLIT);
    } else if (field->name() == "record") {
      // Whole conversations: zstd makes them a third smaller than LZ4, and they are read rarely.
      builder.disable_dictionary(path)->compression(path, parquet::Compression::ZSTD);
    } else if (field->name() == "position" || field->name() == "row") {
      builder.disable_dictionary(path)->encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
    }
  }
  return builder.build();
}

}  // namespace

ParquetBuilder::ParquetBuilder(const std::shared_ptr<arrow::Schema>& schema)
    : sink_(CheckInternal(arrow::io::BufferOutputStream::Create(4096, Pool()))),
      writer_(CheckInternal(
          parquet::arrow::FileWriter::Open(*schema, Pool(), sink_, Properties(*schema)))) {
  CheckInternal(writer_->NewBufferedRowGroup());
}

void ParquetBuilder::Add(const arrow::RecordBatch& batch, int64_t weight) {
  if (group_weight_ > 0 && group_weight_ + weight > kRowGroupTokens) {
    CheckInternal(writer_->NewBufferedRowGroup());
    group_weight_ = 0;
  }
  group_weight_ += weight;
  CheckInternal(writer_->WriteRecordBatch(batch));
}

std::string_view ParquetBuilder::Finish() {
  CheckInternal(writer_->Close());
  bytes_ = CheckInternal(sink_->Finish());
  return static_cast<std::string_view>(*bytes_);
}

void ReadParquet(
    const std::string& path, const std::vector<std::string>& fields, bool check_pages,
    const std::string& hint,
    const std::function<void(const std::shared_ptr<arrow::RecordBatch>&)>& visit,
    const std::function<void(const arrow::RecordBatch&, parquet::RowGroupReader&)>& before) {
  const MappedFile file(path);
  const auto check = [&](const arrow::Status& status) {
    if (!status.ok()) ThrowDamaged(path, status.message(), hint);
  };
  // Parquet throws exceptions of its own below its Status interface.
  const auto guarded = [&](auto&& read) {
    try {
      read();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& e) {
      ThrowDamaged(path, e.what(), hint);
    }
  };
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::vector<int> leaves;
  guarded([&] {
    parquet::ReaderProperties properties;
    properties.set_page_checksum_verification(check_pages);
    parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(
        std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(file.bytes())),
        properties));
    check(builder.Build(&reader));
    reader->set_use_threads(false);
    const auto* schema = reader->parquet_reader()->metadata()->schema();
    for (const std::string& field : fields) {
      for (int i = 0; i < schema->num_columns(); ++i) {
        if (schema->GetColumnRoot(i)->name() == field) leaves.push_back(i);
      }
    }
  });
  for (int group = 0; group < reader->num_row_groups(); ++group) {
    std::shared_ptr<arrow::RecordBatch> batch;
    guarded([&] {
      auto table = reader->ReadRowGroup(group, leaves);
      check(table.status());
      auto combined = (*table)->CombineChunksToBatch();
      check(combined.status());
      batch = *combined;
      if (before) before(*batch, *reader->parquet_reader()->RowGroup(group));
    });
    visit(batch);
  }
}

int64_t WeightOf(const RunRow& row) {
  constexpr int64_t kTokenBytes = 25;  // of a token's columns in a shard
  return row.scored_tokens + static_cast<int64_t>(row.record.size()) / kTokenBytes;
}

void ReadShard(const std::string& path, const RunSchema& schema, uint32_t columns, bool check_pages,
               const std::function<void(RunRow&)>& visit) {
  std::vector<std::string> fields;
  // The lists of a pass differ in length, so they are read with their structure.
  const uint32_t of_rows = columns & (RunReader::kRecord | RunReader::kPassLists);
  for (const int i : schema.Fields(of_rows)) fields.push_back(schema.arrow()->field(i)->name());
  RunRow row;
  TokenColumns tokens;  // of the row group
  ReadParquet(
      path, fields, check_pages, ShardHint(path),
      [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
        const RowDecoder decoder(batch, schema, of_rows, path);
        int64_t begin = 0;
        for (int64_t i = 0; i < batch->num_rows(); ++i) {
          decoder.Decode(i, &row);
          TakeTokens(tokens, begin, row.scored_tokens, &row.tokens);
          begin += row.scored_tokens;
          visit(row);
        }
      },
      [&](const arrow::RecordBatch& batch, parquet::RowGroupReader& group) {
        if (!schema.pass().empty()) return;  // has no token columns
        int64_t count = 0, empty = 0;
        const auto lengths =
            std::dynamic_pointer_cast<arrow::Int32Array>(batch.GetColumnByName("scored_tokens"));
        for (int64_t i = 0; i < batch.num_rows(); ++i) {
          const int32_t length = lengths && lengths->null_count() == 0 ? lengths->Value(i) : -1;
          if (length < 0) ThrowDamaged(path, "column 'scored_tokens' holds no lengths", "");
          count += length;
          empty += length == 0;
        }
        ReadTokenColumns(group, schema, columns, count, empty, path, &tokens);
      });
}

std::string ShardHint(const std::string& path) {
  return fmt::format(
      "delete {} and run the same score command again: its rows are scored anew (or put an intact "
      "copy in its place)",
      path);
}

}  // namespace rsr
