#include "store/schema.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/type_traits.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <type_traits>

#include "rsr/error.h"
#include "store/arrow_status.h"

namespace rsr {
namespace {

// The one list of columns, in file order; Arrow types follow from the C++ types.
template <class Row, class F>
void VisitRowFields(Row& r, F&& f) {
  f("row", r.row);
  f("id", r.id);
  f("problem_id", r.problem_id);
  f("teacher", r.teacher);
  f("source", r.source);
  f("correct", r.correct);
  f("file", r.file);
  f("offset", r.offset);
  f("length", r.length);
  f("line", r.line);
  f("prompt_tokens", r.prompt_tokens);
  f("scored_tokens", r.scored_tokens);
  f("turns", r.turns);
  f("turns_given", r.turns_given);
  f("truncated", r.truncated);
  f("sum_surprisal", r.sum_surprisal);
  f("sum_rank", r.sum_rank);
  f("sum_rank_clip", r.sum_rank_clip);
  f("sum_entropy", r.sum_entropy);
}

template <class Tokens, class F>
void VisitTokenFields(Tokens& t, F&& f) {
  f("surprisal", RunReader::kSurprisal, t.surprisal);
  f("rank", RunReader::kRank, t.rank);
  f("ties", RunReader::kTies, t.ties);
  f("entropy", RunReader::kEntropy, t.entropy);
  f("mass_above", RunReader::kMassAbove, t.mass_above);
  f("sum_p2", RunReader::kSumP2, t.sum_p2);
  f("top1_id", RunReader::kTop1Id, t.top1_id);
  f("top1_logprob", RunReader::kTop1Logprob, t.top1_logprob);
  f("token_id", RunReader::kTokenId, t.token_id);
  f("position", RunReader::kPosition, t.position);
  f("kind", RunReader::kKind, t.kind);
}

template <class T>
struct Value {
  using type = T;
};
template <class T>
struct Value<std::optional<T>> {
  using type = T;
};
template <class T>
using Traits = arrow::CTypeTraits<typename Value<std::remove_const_t<T>>::type>;

template <class T>
const auto& As(const arrow::Array& array) {
  return static_cast<const typename Traits<T>::ArrayType&>(array);
}

// Names of files may hold any bytes; readers of Parquet may refuse such a string.
std::string ValidUtf8(const std::string& text) {
  arrow::util::InitializeUTF8();  // Arrow's check accepts anything before this; once is enough,
                                  // again is free
  if (arrow::util::ValidateUTF8(text)) return text;
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
}

template <class T>
std::shared_ptr<arrow::Array> OneValue(const T& value) {
  typename Traits<T>::BuilderType builder;
  if constexpr (std::is_same_v<T, std::string>) {
    CheckInternal(builder.Append(ValidUtf8(value)));
  } else if constexpr (std::is_same_v<T, std::optional<bool>>) {
    CheckInternal(value ? builder.Append(*value) : builder.AppendNull());
  } else {
    CheckInternal(builder.Append(value));
  }
  return CheckInternal(builder.Finish());
}

template <class T>
std::shared_ptr<arrow::DataType> ListType() {
  return arrow::list(arrow::field("element", Traits<T>::type_singleton(), /*nullable=*/false));
}

template <class T>
std::shared_ptr<arrow::Array> OneList(const std::vector<T>& values) {
  const auto length = static_cast<int32_t>(values.size());
  auto child = std::make_shared<typename Traits<T>::ArrayType>(length, arrow::Buffer::Wrap(values));
  auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>{0, length});
  return std::make_shared<arrow::ListArray>(ListType<T>(), 1, std::move(offsets), std::move(child));
}

}  // namespace

const std::shared_ptr<arrow::Schema>& RunSchema() {
  static const std::shared_ptr<arrow::Schema> schema = [] {
    arrow::FieldVector fields;
    const RunRow row;
    VisitRowFields(row, [&]<class T>(const char* name, const T&) {
      fields.push_back(arrow::field(name, Traits<T>::type_singleton(),
                                    /*nullable=*/std::is_same_v<T, std::optional<bool>>));
    });
    VisitTokenFields(row.tokens, [&]<class T>(const char* name, uint32_t, const std::vector<T>&) {
      fields.push_back(arrow::field(name, ListType<T>(), /*nullable=*/false));
    });
    return arrow::schema(std::move(fields));
  }();
  return schema;
}

std::vector<int> SchemaFields(uint32_t columns) {
  std::vector<int> fields;
  const RunRow row;
  int field = 0;
  VisitRowFields(row, [&](const char*, const auto&) { fields.push_back(field++); });
  VisitTokenFields(row.tokens, [&](const char*, uint32_t bit, const auto&) {
    if (columns & bit) fields.push_back(field);
    ++field;
  });
  return fields;
}

std::shared_ptr<arrow::RecordBatch> ToBatch(const RunRow& row) {
  arrow::ArrayVector arrays;
  VisitRowFields(row, [&](const char*, const auto& value) { arrays.push_back(OneValue(value)); });
  VisitTokenFields(row.tokens, [&](const char* name, uint32_t, const auto& values) {
    if (values.size() != static_cast<size_t>(row.scored_tokens)) {
      throw Error(fmt::format("row {}: {} values of {} for {} scored tokens", row.row,
                              values.size(), name, row.scored_tokens),
                  "", Error::Kind::kInternal);
    }
    arrays.push_back(OneList(values));
  });
  return arrow::RecordBatch::Make(RunSchema(), 1, std::move(arrays));
}

RowDecoder::RowDecoder(const std::shared_ptr<arrow::RecordBatch>& batch, uint32_t columns,
                       std::string where)
    : batch_(batch),
      columns_(columns),
      where_(std::move(where)),
      arrays_(RunSchema()->num_fields(), nullptr) {
  for (const int i : SchemaFields(columns)) {
    const auto& expected = RunSchema()->field(i);
    const int found = batch->schema()->GetFieldIndex(expected->name());
    if (found < 0) {
      ThrowDamaged(where_, fmt::format("column '{}' is missing", expected->name()), "");
    }
    const auto& field = batch->schema()->field(found);
    if (!field->Equals(*expected)) {
      ThrowDamaged(where_,
                   fmt::format("column '{}' is {}, expected {}", expected->name(),
                               field->type()->ToString(), expected->type()->ToString()),
                   "");
    }
    arrays_[i] = batch->column(found).get();
  }
}

void RowDecoder::Decode(int64_t i, RunRow* row) const {
  auto array = arrays_.begin();
  VisitRowFields(*row, [&]<class T>(const char*, T& value) {
    const auto& typed = As<T>(**array++);
    if constexpr (std::is_same_v<T, std::optional<bool>>) {
      value = typed.IsNull(i) ? std::nullopt : std::optional<bool>(typed.Value(i));
    } else if constexpr (std::is_same_v<T, std::string>) {
      value.assign(typed.GetView(i));
    } else {
      value = typed.Value(i);
    }
  });
  VisitTokenFields(row->tokens, [&]<class T>(const char* name, uint32_t bit, std::vector<T>& out) {
    const auto* list = static_cast<const arrow::ListArray*>(*array++);
    if (!(columns_ & bit)) {
      out.clear();
      return;
    }
    if (list->value_length(i) != row->scored_tokens) {
      ThrowDamaged(where_,
                   fmt::format("row {} has {} values of {} for {} scored tokens", row->row,
                               list->value_length(i), name, row->scored_tokens),
                   "");
    }
    const T* values = As<T>(*list->values()).raw_values() + list->value_offset(i);
    out.assign(values, values + row->scored_tokens);
  });
}

}  // namespace rsr
