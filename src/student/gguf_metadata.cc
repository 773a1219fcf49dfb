#include "student/gguf_metadata.h"

#include <fmt/format.h>

#include <cstring>

#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {
namespace {

template <typename T>
std::vector<int64_t> Widen(const void* data, size_t count) {
  std::vector<int64_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, static_cast<const char*>(data) + i * sizeof(T), sizeof(T));
    values[i] = static_cast<int64_t>(value);
  }
  return values;
}

}  // namespace

std::string GgufMetadata::String(const std::string& key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id < 0 || gguf_get_kv_type(context_, id) != GGUF_TYPE_STRING) return "";
  return gguf_get_val_str(context_, id);
}

int64_t GgufMetadata::Find(const std::string& key) const {
  return gguf_find_key(context_, (architecture_ + "." + key).c_str());
}

void GgufMetadata::Refuse(const std::string& key, int64_t id, const char* expected) const {
  const gguf_type type = gguf_get_kv_type(context_, id);
  const bool array = type == GGUF_TYPE_ARRAY;
  throw Error(fmt::format("{}: {}.{}: expected {}, got {}{}", path_, Printable(architecture_), key,
                          expected, array ? "a list of " : "",
                          gguf_type_name(array ? gguf_get_arr_type(context_, id) : type)),
              "the file is damaged: download or convert it again");
}

std::string GgufMetadata::Text(const std::string& key) const {
  const int64_t id = Find(key);
  if (id < 0) return "";
  if (gguf_get_kv_type(context_, id) != GGUF_TYPE_STRING) Refuse(key, id, "a string");
  return gguf_get_val_str(context_, id);
}

std::vector<int64_t> GgufMetadata::Integers(const std::string& key) const {
  const int64_t id = Find(key);
  if (id < 0) return {};
  const bool array = gguf_get_kv_type(context_, id) == GGUF_TYPE_ARRAY;
  const gguf_type type = array ? gguf_get_arr_type(context_, id) : gguf_get_kv_type(context_, id);
  if (type == GGUF_TYPE_STRING) Refuse(key, id, "whole numbers");
  const size_t count = array ? gguf_get_arr_n(context_, id) : 1;
  const void* data = array ? gguf_get_arr_data(context_, id) : gguf_get_val_data(context_, id);
  switch (type) {
    case GGUF_TYPE_UINT32:
      return Widen<uint32_t>(data, count);
    case GGUF_TYPE_INT32:
      return Widen<int32_t>(data, count);
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
      return Widen<int64_t>(data, count);
    case GGUF_TYPE_UINT16:
      return Widen<uint16_t>(data, count);
    case GGUF_TYPE_BOOL:
      return Widen<int8_t>(data, count);
    default:
      Refuse(key, id, "whole numbers");
  }
}

int64_t GgufMetadata::Integer(const std::string& key, int64_t absent) const {
  const std::vector<int64_t> values = Integers(key);
  return values.empty() || values[0] < 0 ? absent : values[0];
}

double GgufMetadata::Real(const std::string& key, double absent) const {
  const int64_t id = Find(key);
  if (id < 0) return absent;
  switch (gguf_get_kv_type(context_, id)) {
    case GGUF_TYPE_FLOAT32:
      return gguf_get_val_f32(context_, id);
    case GGUF_TYPE_FLOAT64:
      return gguf_get_val_f64(context_, id);
    default:
      Refuse(key, id, "a floating-point number");
  }
}

bool GgufMetadata::Boolean(const std::string& key, bool absent) const {
  const int64_t id = Find(key);
  if (id < 0) return absent;
  if (gguf_get_kv_type(context_, id) != GGUF_TYPE_BOOL) Refuse(key, id, "true or false");
  return gguf_get_val_bool(context_, id);
}

bool GgufMetadata::IsArray(const std::string& key) const {
  const int64_t id = Find(key);
  return id >= 0 && gguf_get_kv_type(context_, id) == GGUF_TYPE_ARRAY;
}

int64_t GgufMetadata::ArraySize(const std::string& key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id < 0 || gguf_get_kv_type(context_, id) != GGUF_TYPE_ARRAY) return 0;
  return static_cast<int64_t>(gguf_get_arr_n(context_, id));
}

int64_t GgufMetadata::TokenId(const std::string& key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id < 0 || gguf_get_kv_type(context_, id) != GGUF_TYPE_UINT32) return -1;
  return gguf_get_val_u32(context_, id);
}

std::optional<bool> GgufMetadata::Bool(const std::string& key) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  if (id < 0 || gguf_get_kv_type(context_, id) != GGUF_TYPE_BOOL) return {};
  return gguf_get_val_bool(context_, id);
}

int64_t GgufMetadata::FindArray(const std::string& key, gguf_type type) const {
  const int64_t id = gguf_find_key(context_, key.c_str());
  return id >= 0 && gguf_get_kv_type(context_, id) == GGUF_TYPE_ARRAY &&
                 gguf_get_arr_type(context_, id) == type
             ? id
             : -1;
}

std::vector<std::string> GgufMetadata::Strings(const std::string& key) const {
  const int64_t id = FindArray(key, GGUF_TYPE_STRING);
  std::vector<std::string> values(id < 0 ? 0 : gguf_get_arr_n(context_, id));
  for (size_t i = 0; i < values.size(); ++i) values[i] = gguf_get_arr_str(context_, id, i);
  return values;
}

template <typename T>
std::vector<T> GgufMetadata::Numbers(const std::string& key, gguf_type type) const {
  const int64_t id = FindArray(key, type);
  if (id < 0) return {};
  std::vector<T> values(gguf_get_arr_n(context_, id));
  if (!values.empty()) {  // ggml's memory need not be aligned for T
    std::memcpy(values.data(), gguf_get_arr_data(context_, id), values.size() * sizeof(T));
  }
  return values;
}

std::vector<int32_t> GgufMetadata::Int32s(const std::string& key) const {
  return Numbers<int32_t>(key, GGUF_TYPE_INT32);
}

std::vector<float> GgufMetadata::Floats(const std::string& key) const {
  return Numbers<float>(key, GGUF_TYPE_FLOAT32);
}

int64_t GgufMetadata::SplitCount() const {
  const int64_t id = gguf_find_key(context_, "split.count");
  return id >= 0 && gguf_get_kv_type(context_, id) == GGUF_TYPE_UINT16
             ? gguf_get_val_u16(context_, id)
             : 1;
}

}  // namespace rsr
