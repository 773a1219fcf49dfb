#include "data/arrow_json.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string_view>

namespace rsr {
namespace {

template <class Array>
const Array& As(const arrow::Array& array) {
  return static_cast<const Array&>(array);
}

template <class T>
void AppendNumber(T value, std::string* out) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      *out += "null";
      return;
    }
  }
  fmt::format_to(std::back_inserter(*out), "{}", value);
}

template <class List>
void AppendList(const List& list, int64_t i, std::string* out) {
  *out += '[';
  const int64_t begin = list.value_offset(i), end = begin + list.value_length(i);
  for (int64_t at = begin; at < end; ++at) {
    if (at > begin) *out += ", ";
    AppendJson(*list.values(), at, out);
  }
  *out += ']';
}

void AppendStruct(const arrow::StructArray& object, int64_t i, std::string* out) {
  *out += '{';
  for (int f = 0; f < object.num_fields(); ++f) {
    if (f > 0) *out += ", ";
    AppendJsonString(object.struct_type()->field(f)->name(), out);
    *out += ": ";
    AppendJson(*object.field(f), i, out);  // field() is sliced as the struct is
  }
  *out += '}';
}

void AppendMap(const arrow::MapArray& map, int64_t i, std::string* out) {
  *out += '{';
  const int64_t begin = map.value_offset(i), end = begin + map.value_length(i);
  for (int64_t at = begin; at < end; ++at) {
    if (at > begin) *out += ", ";
    std::string key;
    AppendJson(*map.keys(), at, &key);
    if (key.starts_with('"')) {
      *out += key;
    } else {
      AppendJsonString(key, out);
    }
    *out += ": ";
    AppendJson(*map.items(), at, out);
  }
  *out += '}';
}

void AppendText(const arrow::Array& array, int64_t i, bool quoted, std::string* out) {
  const auto scalar = array.GetScalar(i);
  const std::string text = scalar.ok() ? (*scalar)->ToString() : "";
  if (quoted) {
    AppendJsonString(text, out);
  } else {
    *out += text;
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  size_t plain = 0;  // where the part begins that needs no escape
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out->append(text, plain, at - plain);
    plain = at + 1;
    if (byte == '\n') {
      *out += "\\n";
    } else if (byte >= 0x20) {
      *out += '\\';
      *out += text[at];
    } else {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", byte);
    }
  }
  out->append(text, plain);
  *out += '"';
}

void AppendJson(const arrow::Array& array, int64_t i, std::string* out) {
  if (array.IsNull(i)) {
    *out += "null";
    return;
  }
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      *out += As<arrow::BooleanArray>(array).Value(i) ? "true" : "false";
      break;
    case arrow::Type::INT8:
      AppendNumber(int{As<arrow::Int8Array>(array).Value(i)}, out);
      break;
    case arrow::Type::INT16:
      AppendNumber(As<arrow::Int16Array>(array).Value(i), out);
      break;
    case arrow::Type::INT32:
      AppendNumber(As<arrow::Int32Array>(array).Value(i), out);
      break;
    case arrow::Type::INT64:
      AppendNumber(As<arrow::Int64Array>(array).Value(i), out);
      break;
    case arrow::Type::UINT8:
      AppendNumber(int{As<arrow::UInt8Array>(array).Value(i)}, out);
      break;
    case arrow::Type::UINT16:
      AppendNumber(As<arrow::UInt16Array>(array).Value(i), out);
      break;
    case arrow::Type::UINT32:
      AppendNumber(As<arrow::UInt32Array>(array).Value(i), out);
      break;
    case arrow::Type::UINT64:
      AppendNumber(As<arrow::UInt64Array>(array).Value(i), out);
      break;
    case arrow::Type::FLOAT:
      AppendNumber(As<arrow::FloatArray>(array).Value(i), out);
      break;
    case arrow::Type::DOUBLE:
      AppendNumber(As<arrow::DoubleArray>(array).Value(i), out);
      break;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      AppendJsonString(As<arrow::BinaryArray>(array).GetView(i), out);
      break;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      AppendJsonString(As<arrow::LargeBinaryArray>(array).GetView(i), out);
      break;
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      AppendJsonString(As<arrow::BinaryViewArray>(array).GetView(i), out);
      break;
    case arrow::Type::FIXED_SIZE_BINARY:
      AppendJsonString(As<arrow::FixedSizeBinaryArray>(array).GetView(i), out);
      break;
    case arrow::Type::LIST:
      AppendList(As<arrow::ListArray>(array), i, out);
      break;
    case arrow::Type::LARGE_LIST:
      AppendList(As<arrow::LargeListArray>(array), i, out);
      break;
    case arrow::Type::FIXED_SIZE_LIST:
      AppendList(As<arrow::FixedSizeListArray>(array), i, out);
      break;
    case arrow::Type::MAP:
      AppendMap(As<arrow::MapArray>(array), i, out);
      break;
    case arrow::Type::STRUCT:
      AppendStruct(As<arrow::StructArray>(array), i, out);
      break;
    case arrow::Type::DICTIONARY: {
      const auto& coded = As<arrow::DictionaryArray>(array);
      AppendJson(*coded.dictionary(), coded.GetValueIndex(i), out);
      break;
    }
    case arrow::Type::EXTENSION:
      AppendJson(*As<arrow::ExtensionArray>(array).storage(), i, out);
      break;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      AppendText(array, i, /*quoted=*/false, out);
      break;
    default:
      AppendText(array, i, /*quoted=*/true, out);
  }
}

}  // namespace rsr
