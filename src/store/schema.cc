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
#include "store/run_info.h"
#include "store/token_fields.h"

namespace rsr {
namespace {

constexpr char kSettings[] = "rsr-settings";  // of the files' metadata: SettingsHash()

enum Extent { kPerTrajectory, kPerToken, kOfAnyLength };  // of a column of a pass

// The one list of the row's own columns, in file order; Arrow types follow from the C++ types.
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

// Of the pass called `pass`; nothing for "".
template <class Columns, class F>
void VisitPassFields(const std::string& pass, Columns& c, F&& f) {
  if (pass == "ifd") {
    f("sum_alone_surprisal", kPerTrajectory, c.sum_alone_surprisal);
    f("alone_surprisal", kPerToken, c.alone_surprisal);
  } else if (pass == "local_surprisal") {
    f("steps", kPerTrajectory, c.steps);
    f("sum_local_surprisal", kPerTrajectory, c.sum_local_surprisal);
    f("mean_step_surprisal", kPerTrajectory, c.mean_step_surprisal);
    f("local_surprisal", kPerToken, c.local_surprisal);
    f("step", kPerToken, c.step);
  } else if (pass == "gradients") {
    f("gnorm_head", kPerTrajectory, c.gnorm_head);
    f("gnorm_hidden", kPerTrajectory, c.gnorm_hidden);
    f("projection", kOfAnyLength, c.projection);
  }
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
constexpr bool kNullable = !std::is_same_v<typename Value<T>::type, T>;

const std::string& Stored(const std::string& text, std::string* valid) {
  return *valid = ValidUtf8(text);
}
template <class T>
const T& Stored(const T& value, std::string*) {
  return value;
}

template <class T>
std::shared_ptr<arrow::Array> OneValue(const T& value) {
  typename Traits<T>::BuilderType builder;
  std::string valid;
  if constexpr (kNullable<T>) {
    CheckInternal(value ? builder.Append(Stored(*value, &valid)) : builder.AppendNull());
  } else {
    CheckInternal(builder.Append(Stored(value, &valid)));
  }
  return CheckInternal(builder.Finish());
}

template <class T>
void ReadValue(const arrow::Array& array, int64_t i, T* value) {
  const auto& typed = As<T>(array);
  if constexpr (kNullable<T>) {
    if (typed.IsNull(i)) {
      value->reset();
    } else {
      ReadValue(array, i, &value->emplace());
    }
  } else if constexpr (std::is_same_v<T, std::string>) {
    value->assign(typed.GetView(i));
  } else {
    *value = typed.Value(i);
  }
}

template <class T>
std::shared_ptr<arrow::DataType> ListType() {
  return arrow::list(arrow::field("element", Traits<T>::type_singleton(), /*nullable=*/false));
}

template <class T>
constexpr bool kIsList = false;
template <class T>
constexpr bool kIsList<std::vector<T>> = true;

template <class T>
std::shared_ptr<arrow::DataType> TypeOf() {
  if constexpr (kIsList<T>) {
    return ListType<typename T::value_type>();
  } else {
    return Traits<T>::type_singleton();
  }
}

template <class T>
std::shared_ptr<arrow::Array> OneList(const std::vector<T>& values) {
  const auto length = static_cast<int32_t>(values.size());
  auto child = std::make_shared<typename Traits<T>::ArrayType>(length, arrow::Buffer::Wrap(values));
  auto offsets = arrow::Buffer::FromVector(std::vector<int32_t>{0, length});
  return std::make_shared<arrow::ListArray>(ListType<T>(), 1, std::move(offsets), std::move(child));
}

}  // namespace

RunSchema::RunSchema(const RunInfo& info)
    : pass_(info.pass),
      pass_options_(info.pass_options),
      kept_(pass_.empty() ? info.kept.size() : 0),
      older_(info.format_version < kRunFormatVersion) {
  arrow::FieldVector fields;
  const RunRow row;
  VisitRowFields(row, [&]<class T>(const char* name, const T&) {
    fields.push_back(arrow::field(name, Traits<T>::type_singleton(), kNullable<T>));
  });
  VisitPassFields(pass_, row.pass, [&]<class T>(const char* name, Extent, const T&) {
    fields.push_back(arrow::field(name, TypeOf<T>(), /*nullable=*/false));
  });
  if (pass_.empty()) {
    fields.push_back(arrow::field("record", arrow::utf8(), /*nullable=*/false));
    for (const std::string& name : info.kept) fields.push_back(arrow::field(name, arrow::utf8()));
    VisitTokenFields([&]<class T>(const char* name, uint32_t, T TokenColumns::*) {
      fields.push_back(arrow::field(name, TypeOf<T>(), /*nullable=*/false));
    });
  }
  arrow_ = arrow::schema(std::move(fields),
                         arrow::KeyValueMetadata::Make({kSettings}, {SettingsHash(info)}));
  if (!pass_.empty()) return;
  for (const std::string& name : info.kept) {
    if (arrow_->GetAllFieldIndices(name).size() == 1) continue;
    throw Error(fmt::format("kept column '{}': a run has a column of this name already", name),
                "give it another name: --keep NAME=COLUMN");
  }
}

void RunSchema::CheckOwn(const arrow::KeyValueMetadata* metadata, const std::string& path) const {
  if (metadata == nullptr || !metadata->Contains(kSettings)) return;
  const std::string own = CheckInternal(arrow_->metadata()->Get(kSettings));
  if (CheckInternal(metadata->Get(kSettings)) == own) return;
  throw Error(
      path + ": is damaged, or of a run with other settings or inputs",
      fmt::format("delete it and {}: rows that are missing then are scored anew", RunAgain(path)));
}

std::string RunSchema::RunAgain(const std::string& path) const {
  if (pass_.empty()) return "run the same score command again";
  return fmt::format("run `rsr extend {} --add {}{}{}` again",
                     path.substr(0, path.rfind(PassPath("", pass_))), pass_,
                     pass_options_.empty() ? "" : ":", pass_options_);
}

std::vector<int> RunSchema::Fields(uint32_t columns) const {
  std::vector<int> fields;
  const RunRow row;
  int field = 0;
  VisitRowFields(row, [&](const char*, const auto&) { fields.push_back(field++); });
  VisitPassFields(pass_, row.pass, [&](const char*, Extent extent, const auto&) {
    if (extent == kPerTrajectory || columns & RunReader::kPassLists) fields.push_back(field);
    ++field;
  });
  if (!pass_.empty()) return fields;
  if (columns & RunReader::kRecord) fields.push_back(field);
  ++field;
  for (size_t i = 0; i < kept_; ++i) fields.push_back(field++);
  VisitTokenFields([&](const char*, uint32_t bit, auto) {
    if (columns & bit) fields.push_back(field);
    ++field;
  });
  return fields;
}

std::shared_ptr<arrow::RecordBatch> ToBatch(const RunRow& row, const RunSchema& schema) {
  if (row.kept.size() != schema.kept()) {
    throw Error(fmt::format("row {}: {} kept columns, expected {}", row.row, row.kept.size(),
                            schema.kept()),
                "", Error::Kind::kInternal);
  }
  arrow::ArrayVector arrays;
  VisitRowFields(row, [&](const char*, const auto& value) { arrays.push_back(OneValue(value)); });
  const auto add_list = [&](const char* name, bool per_token, const auto& values) {
    if (per_token && values.size() != static_cast<size_t>(row.scored_tokens)) {
      throw Error(fmt::format("row {}: {} values of {} for {} scored tokens", row.row,
                              values.size(), name, row.scored_tokens),
                  "", Error::Kind::kInternal);
    }
    arrays.push_back(OneList(values));
  };
  VisitPassFields(schema.pass(), row.pass,
                  [&]<class T>(const char* name, Extent extent, const T& value) {
                    if constexpr (kIsList<T>) {
                      add_list(name, extent == kPerToken, value);
                    } else {
                      arrays.push_back(OneValue(value));
                    }
                  });
  if (!schema.pass().empty()) {
    return arrow::RecordBatch::Make(schema.arrow(), 1, std::move(arrays));
  }
  arrays.push_back(OneValue(row.record));
  for (const auto& value : row.kept) arrays.push_back(OneValue(value));
  VisitTokenFields([&](const char* name, uint32_t, auto field) {
    add_list(name, /*per_token=*/true, row.tokens.*field);
  });
  return arrow::RecordBatch::Make(schema.arrow(), 1, std::move(arrays));
}

RowDecoder::RowDecoder(const std::shared_ptr<arrow::RecordBatch>& batch, const RunSchema& schema,
                       uint32_t columns, std::string where)
    : batch_(batch),
      schema_(schema),
      columns_(columns),
      where_(std::move(where)),
      arrays_(schema.arrow()->num_fields(), nullptr) {
  for (const int i : schema.Fields(columns)) {
    const auto& expected = schema.arrow()->field(i);
    const int found = batch->schema()->GetFieldIndex(expected->name());
    if (found < 0) {
      if (schema.may_lack_columns()) continue;
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
  const auto read = [&]<class T>(T* value) {
    if (const arrow::Array* from = *array++; from != nullptr) {
      ReadValue(*from, i, value);
    } else {
      *value = T();
    }
  };
  VisitRowFields(*row, [&](const char*, auto& value) { read(&value); });
  const auto read_list = [&]<class T>(const char* name, uint32_t bit, bool per_token,
                                      std::vector<T>& out) {
    const auto* list = static_cast<const arrow::ListArray*>(*array++);
    if (!(columns_ & bit) || list == nullptr) {
      out.clear();
      return;
    }
    if (per_token && list->value_length(i) != row->scored_tokens) {
      ThrowDamaged(where_,
                   fmt::format("row {} has {} values of {} for {} scored tokens", row->row,
                               list->value_length(i), name, row->scored_tokens),
                   "");
    }
    const T* values = As<T>(*list->values()).raw_values() + list->value_offset(i);
    out.assign(values, values + list->value_length(i));
  };
  VisitPassFields(schema_.pass(), row->pass,
                  [&]<class T>(const char* name, Extent extent, T& value) {
                    if constexpr (kIsList<T>) {
                      read_list(name, RunReader::kPassLists, extent == kPerToken, value);
                    } else {
                      read(&value);
                    }
                  });
  if (!schema_.pass().empty()) return;
  read(&row->record);
  row->kept.resize(schema_.kept());
  for (auto& value : row->kept) read(&value);
  VisitTokenFields([&](const char* name, uint32_t bit, auto field) {
    read_list(name, bit, /*per_token=*/true, row->tokens.*field);
  });
}

}  // namespace rsr
