#include "report/table_parquet.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "store/arrow_status.h"
#include "store/shard.h"

namespace rsr {
namespace {

template <class T>
bool Any(const Table& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
    return std::holds_alternative<T>(row[column]);
  });
}

template <class Builder, class Get>
std::shared_ptr<arrow::Array> Build(const Table& table, size_t column, Get get) {
  Builder builder;
  for (const std::vector<Cell>& row : table.rows) {
    const Cell& cell = row[column];
    const bool empty = std::holds_alternative<std::monostate>(cell);
    CheckInternal(empty ? builder.AppendNull() : builder.Append(get(cell)));
  }
  return CheckInternal(builder.Finish());
}

double Number(const Cell& cell) {
  const auto* whole = std::get_if<int64_t>(&cell);
  return whole ? static_cast<double>(*whole) : std::get<double>(cell);
}

std::shared_ptr<arrow::Array> ArrayOf(const Table& table, size_t column) {
  if (Any<std::string>(table, column)) {
    return Build<arrow::StringBuilder>(
        table, column, [](const Cell& cell) { return std::get<std::string>(cell); });
  }
  if (Any<bool>(table, column)) {
    return Build<arrow::BooleanBuilder>(table, column,
                                        [](const Cell& cell) { return std::get<bool>(cell); });
  }
  if (Any<int64_t>(table, column) && !Any<double>(table, column)) {
    return Build<arrow::Int64Builder>(table, column,
                                      [](const Cell& cell) { return std::get<int64_t>(cell); });
  }
  return Build<arrow::DoubleBuilder>(table, column, Number);
}

}  // namespace

std::string ParquetTable(const Table& table) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    arrays.push_back(ArrayOf(table, c));
    fields.push_back(arrow::field(table.columns[c].name, arrays.back()->type()));
  }
  const auto schema = arrow::schema(std::move(fields));
  ParquetBuilder builder(schema);
  builder.Add(
      *arrow::RecordBatch::Make(schema, static_cast<int64_t>(table.rows.size()), std::move(arrays)),
      /*weight=*/0);
  return std::string(builder.Finish());
}

}  // namespace rsr
