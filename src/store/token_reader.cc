#include "store/token_reader.h"

#include <fmt/format.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <type_traits>

#include "store/arrow_status.h"
#include "store/token_fields.h"

namespace rsr {
namespace {

// As Parquet stores it: smaller integers as these, too.
template <class T>
using Stored =
    std::conditional_t<std::is_floating_point_v<T>, parquet::FloatType, parquet::Int32Type>;

}  // namespace

TokenReader::TokenReader(parquet::RowGroupReader& group, const RunSchema& schema, uint32_t columns,
                         TokenCount all, std::string where)
    : where_(std::move(where)), some_empty_(all.empty_rows > 0) {
  const parquet::SchemaDescriptor& leaves = *group.metadata()->schema();
  VisitTokenFields([&]<class T>(const char* name, uint32_t bit, std::vector<T> TokenColumns::*) {
    std::shared_ptr<parquet::ColumnReader>& column = columns_.emplace_back();
    if (!(columns & bit)) return;
    int leaf = 0;
    while (leaf < leaves.num_columns() && leaves.GetColumnRoot(leaf)->name() != name) ++leaf;
    if (leaf == leaves.num_columns()) {
      if (schema.may_lack_columns()) return;
      ThrowDamaged(where_, fmt::format("column '{}' is missing", name), "");
    }
    column = group.Column(leaf);
    const int64_t values = group.metadata()->ColumnChunk(leaf)->num_values();
    // An empty list is an entry, too.
    if (column->type() == Stored<T>::type_num && values == all.tokens + all.empty_rows) return;
    ThrowDamaged(where_,
                 fmt::format("a row group has {} values of {} for {} scored tokens", values, name,
                             all.tokens),
                 "");
  });
}

TokenReader::~TokenReader() = default;

void TokenReader::Read(TokenCount next, TokenColumns* out) {
  auto column = columns_.begin();
  VisitTokenFields([&]<class T>(const char* name, uint32_t, std::vector<T> TokenColumns::*field) {
    std::vector<T>& values = out->*field;
    const std::shared_ptr<parquet::ColumnReader>& from = *column++;
    if (from == nullptr) return values.clear();
    ReadColumn(*from, next.tokens + next.empty_rows, &values);
    if (static_cast<int64_t>(values.size()) == next.tokens) return;
    ThrowDamaged(where_,
                 fmt::format("rows have {} values of {} for {} scored tokens", values.size(), name,
                             next.tokens),
                 "");
  });
}

template <class T>
void TokenReader::ReadColumn(parquet::ColumnReader& column, int64_t entries, std::vector<T>* out) {
  auto& typed = static_cast<parquet::TypedColumnReader<Stored<T>>&>(column);
  // Definition levels tell an empty list from a value; without one there is nothing to tell.
  if (some_empty_) levels_.resize(entries);
  const auto read_all = [&](auto* values) {
    values->resize(entries);
    int64_t seen = 0, read = 0;
    while (seen < entries) {
      int64_t got = 0;
      const int64_t n = typed.ReadBatch(entries - seen, some_empty_ ? levels_.data() : nullptr,
                                        nullptr, values->data() + read, &got);
      if (n <= 0) break;
      seen += n;
      read += got;
    }
    values->resize(read);
  };
  if constexpr (std::is_same_v<T, typename Stored<T>::c_type>) {
    read_all(out);
  } else {
    read_all(&integers_);
    out->assign(integers_.begin(), integers_.end());
  }
}

void TakeTokens(const TokenColumns& all, int64_t begin, int64_t count, TokenColumns* out) {
  VisitTokenFields([&]<class T>(const char*, uint32_t, std::vector<T> TokenColumns::*field) {
    const std::vector<T>& from = all.*field;
    if (from.empty()) {
      (out->*field).clear();
    } else {
      (out->*field).assign(from.begin() + begin, from.begin() + begin + count);
    }
  });
}

}  // namespace rsr
