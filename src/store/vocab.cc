#include "store/vocab.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <fmt/format.h>

#include "base/file.h"
#include "store/arrow_status.h"
#include "store/shard.h"

namespace rsr {
namespace {

const std::shared_ptr<arrow::Schema>& VocabSchema() {
  static const auto schema = arrow::schema({arrow::field("token_id", arrow::int32(), false),
                                            arrow::field("piece", arrow::binary(), false)});
  return schema;
}

}  // namespace

void WriteVocabFile(const std::string& path, const std::vector<VocabPiece>& pieces) {
  arrow::Int32Builder ids;
  arrow::BinaryBuilder texts;
  for (const VocabPiece& piece : pieces) {
    CheckInternal(ids.Append(piece.id));
    CheckInternal(texts.Append(piece.piece));
  }
  const auto batch =
      arrow::RecordBatch::Make(VocabSchema(), static_cast<int64_t>(pieces.size()),
                               {CheckInternal(ids.Finish()), CheckInternal(texts.Finish())});
  ParquetBuilder builder(VocabSchema());
  builder.Add(*batch, /*tokens=*/0);
  WriteFileAtomic(path, builder.Finish());
}

std::vector<std::string> ReadVocabFile(const std::string& path, int64_t vocab_size) {
  const char* hint = "delete it and run the same score command again: it writes this file anew";
  std::vector<std::string> pieces;
  ReadParquet(path, {"token_id", "piece"}, /*check_pages=*/true, hint,
              [&](const arrow::RecordBatch& batch) {
                if (!batch.schema()->Equals(*VocabSchema(), /*check_metadata=*/false)) {
                  ThrowDamaged(path, "its columns are not token_id (int32) and piece (binary)",
                               hint);
                }
                const auto& ids = static_cast<const arrow::Int32Array&>(*batch.column(0));
                const auto& texts = static_cast<const arrow::BinaryArray&>(*batch.column(1));
                for (int64_t i = 0; i < batch.num_rows(); ++i) {
                  const int32_t id = ids.Value(i);
                  if (id < 0 || id >= vocab_size) {
                    ThrowDamaged(path, fmt::format("token id {} of {}", id, vocab_size), hint);
                  }
                  if (pieces.size() <= static_cast<size_t>(id)) pieces.resize(id + 1);
                  pieces[id] = texts.GetView(i);
                }
              });
  return pieces;
}

}  // namespace rsr
