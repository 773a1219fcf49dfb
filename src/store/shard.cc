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

#include <algorithm>
#include <exception>
#include <numeric>
#include <optional>
#include <span>

#include "base/file.h"
#include "rsr/error.h"
#include "store/arrow_status.h"
#include "store/schema.h"
#include "store/token_reader.h"

namespace rsr {
namespace {

// Measured with store_read_bench (surprisal and rank): 2^16 87 M
// tokens/s and 25.8 bytes a token, 2^18 101 and 24.4, 2^19 104 and 23.8 for another 30 MB of
// memory.
constexpr int64_t kRowGroupTokens = int64_t{1} << 18;

// jemalloc gives back what is freed: a shard of 2^20 tokens takes 88 MB in it while it is finished,
// in Arrow's usual mimalloc 120, of which 100 stay. Another that ARROW_DEFAULT_MEMORY_POOL asks for
// is taken.
arrow::MemoryPool* Pool() {
  arrow::MemoryPool* const usual = arrow::default_memory_pool();
  arrow::MemoryPool* jemalloc = nullptr;
  return usual->backend_name() == "mimalloc" && arrow::jemalloc_memory_pool(&jemalloc).ok()
             ? jemalloc
             : usual;
}

// Tokens that are read at once: all columns of them fit a processor's cache.
constexpr int64_t kBlockTokens = int64_t{1} << 13;

std::shared_ptr<parquet::WriterProperties> Properties(const arrow::Schema& schema) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(Pool())->compression(parquet::Compression::LZ4)->enable_page_checksum();
  for (const auto& field : schema.fields()) {
    const bool is_list = field->type()->id() == arrow::Type::LIST;
    const auto& leaf = is_list ? field->type()->field(0)->type() : field->type();
    const std::string path = field->name() + (is_list ? ".list.element" : "");
    if (field->name() == "surprisal" || field->name() == "sum_p2") {
      // Metrics read them, and LZ4 would take off 0.8 of their 8 bytes: without it a run is 4 %
      // larger and every metric of it read in 6 % less time (of mass_above, too: 7 % more, 9 %
      // less).
      builder.disable_dictionary(path)->compression(path, parquet::Compression::UNCOMPRESSED);
    } else if (arrow::is_floating(leaf->id())) {
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
  if (schema->HasMetadata()) CheckInternal(writer_->AddKeyValueMetadata(schema->metadata()));
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

namespace {

// A Parquet file whose failures are rsr::Error.
class ParquetFile {
 public:
  ParquetFile(const std::string& path, bool check_pages, const std::string& hint)
      : path_(path), hint_(hint), file_(path) {
    Guard([&] {
      parquet::ReaderProperties properties;
      properties.set_page_checksum_verification(check_pages);
      parquet::arrow::FileReaderBuilder builder;
      Check(builder.Open(
          std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(file_.bytes())),
          properties));
      Check(builder.Build(&reader_));
      reader_->set_use_threads(false);
    });
  }

  const arrow::KeyValueMetadata* metadata() const {
    return reader_->parquet_reader()->metadata()->key_value_metadata().get();
  }
  int groups() const { return reader_->num_row_groups(); }
  size_t Rows(int group) const {
    return reader_->parquet_reader()->metadata()->RowGroup(group)->num_rows();
  }
  std::shared_ptr<parquet::RowGroupReader> Group(int group) {
    return reader_->parquet_reader()->RowGroup(group);
  }

  std::shared_ptr<arrow::RecordBatch> Read(const std::vector<int>& groups,
                                           const std::vector<std::string>& fields) {
    std::shared_ptr<arrow::RecordBatch> batch;
    Guard([&] {
      const auto* schema = reader_->parquet_reader()->metadata()->schema();
      std::vector<int> leaves;
      for (const std::string& field : fields) {
        for (int i = 0; i < schema->num_columns(); ++i) {
          if (schema->GetColumnRoot(i)->name() == field) leaves.push_back(i);
        }
      }
      auto table = reader_->ReadRowGroups(groups, leaves);
      Check(table.status());
      auto combined = (*table)->CombineChunksToBatch();
      Check(combined.status());
      batch = *combined;
    });
    return batch;
  }

  // Parquet throws exceptions of its own below its Status interface.
  template <class F>
  void Guard(F&& read) const {
    try {
      read();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& e) {
      ThrowDamaged(path_, e.what(), hint_);
    }
  }

 private:
  void Check(const arrow::Status& status) const {
    if (!status.ok()) ThrowDamaged(path_, status.message(), hint_);
  }

  const std::string path_, hint_;
  const MappedFile file_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
};

// How many tokens each row of the batch has.
std::span<const int32_t> TokensOfRows(const arrow::RecordBatch& batch, const std::string& path) {
  const auto column =
      std::dynamic_pointer_cast<arrow::Int32Array>(batch.GetColumnByName("scored_tokens"));
  const size_t rows = column && column->null_count() == 0 ? batch.num_rows() : 0;
  const std::span tokens(rows > 0 ? column->raw_values() : nullptr, rows);
  if (static_cast<int64_t>(rows) == batch.num_rows() &&
      std::all_of(tokens.begin(), tokens.end(), [](int32_t n) { return n >= 0; }))
    return tokens;
  ThrowDamaged(path, "column 'scored_tokens' holds no lengths", "");
}

TokenCount CountOf(std::span<const int32_t> lengths, size_t begin, size_t end) {
  TokenCount count;
  for (const int32_t n : lengths.subspan(begin, end - begin)) {
    count.tokens += n;
    count.empty_rows += n == 0;
  }
  return count;
}

}  // namespace

void ReadParquet(const std::string& path, const std::vector<std::string>& fields, bool check_pages,
                 const std::string& hint,
                 const std::function<void(const arrow::RecordBatch&)>& visit) {
  ParquetFile file(path, check_pages, hint);
  for (int group = 0; group < file.groups(); ++group) visit(*file.Read({group}, fields));
}

int64_t WeightOf(const RunRow& row) {
  constexpr int64_t kTokenBytes = 25;  // of a token's columns in a shard
  return row.scored_tokens + static_cast<int64_t>(row.record.size()) / kTokenBytes;
}

void ReadShard(const std::string& path, const RunSchema& schema, uint32_t columns, bool check_pages,
               const std::function<void(RunRow&)>& visit,
               const std::function<bool(const RunRow&)>& wanted) {
  ParquetFile file(path, check_pages, ShardHint(path, schema));
  schema.CheckOwn(file.metadata(), path);
  // The lists of a pass differ in length, so they are read with their structure.
  const uint32_t of_rows = columns & (RunReader::kRecord | RunReader::kPassLists);
  std::vector<std::string> fields;
  for (const int i : schema.Fields(of_rows)) fields.push_back(schema.arrow()->field(i)->name());
  // What is small is read at once: opening two dozen columns costs more than their values.
  const bool at_once = of_rows == 0;
  std::vector<int> groups(at_once ? file.groups() : 1);
  std::iota(groups.begin(), groups.end(), 0);
  std::shared_ptr<arrow::RecordBatch> batch;
  std::optional<RowDecoder> decoder;
  std::span<const int32_t> lengths;
  size_t next = 0;  // row of the batch
  RunRow row;
  TokenColumns block;
  for (int group = 0; group < file.groups(); ++group) {
    if (group == 0 || !at_once) {
      if (!at_once) groups[0] = group;
      batch = file.Read(groups, fields);
      decoder.emplace(batch, schema, of_rows, path);
      lengths = TokensOfRows(*batch, path);
      next = 0;
    }
    const size_t end = next + file.Rows(group);
    if (end > lengths.size()) ThrowDamaged(path, "a row group lacks rows", ShardHint(path, schema));
    const auto is_wanted = [&](size_t i) {
      decoder->Decode(static_cast<int64_t>(i), &row);
      return !wanted || wanted(row);
    };
    if (wanted) {
      size_t first = next;
      while (first < end && !is_wanted(first)) ++first;
      if (first == end) {
        next = end;
        continue;
      }
    }
    std::optional<TokenReader> reader;
    if (schema.pass().empty()) {  // else there are no token columns
      file.Guard([&] {
        reader.emplace(*file.Group(group), schema, columns, CountOf(lengths, next, end), path);
      });
    }
    while (next < end) {
      size_t last = next;
      for (int64_t tokens = 0; last < end && tokens < kBlockTokens; ++last) tokens += lengths[last];
      if (reader) file.Guard([&] { reader->Read(CountOf(lengths, next, last), &block); });
      for (int64_t begin = 0; next < last; begin += lengths[next++]) {
        if (!is_wanted(next)) continue;
        TakeTokens(block, begin, lengths[next], &row.tokens);
        visit(row);
      }
    }
  }
}

std::string ShardHint(const std::string& path, const RunSchema& schema) {
  return fmt::format(
      "delete {} and {}: its rows are scored anew (or put an intact copy in its place)", path,
      schema.RunAgain(path));
}

}  // namespace rsr
