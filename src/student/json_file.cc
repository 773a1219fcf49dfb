#include "student/json_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "rsr/error.h"

namespace rsr {

using Json = nlohmann::json;

JsonFile::JsonFile(const std::string& directory, const char* name) : path(directory + "/" + name) {
  constexpr size_t kMostBytes = size_t{64} << 20;
  constexpr const char* kDownloadHint = "download or copy the directory again";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return;
  const std::string bytes = ReadFile(path);
  if (bytes.size() > kMostBytes) {
    throw Error(fmt::format("{}: has {} MB, expected at most {}", path, bytes.size() >> 20,
                            kMostBytes >> 20),
                kDownloadHint);
  }
  root = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) throw Error(path + ": is not a JSON object", kDownloadHint);
}

const Json& JsonFile::At(const Json& object, const char* key) {
  static const Json none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

int64_t JsonFile::Integer(const char* key) const {
  const Json& value = (*this)[key];
  if (value.is_number_integer()) return std::max<int64_t>(value.get<int64_t>(), 0);
  const Json& text = (*this)["text_config"];
  if (!text.is_object() || !At(text, key).is_number_integer()) return 0;
  return std::max<int64_t>(At(text, key).get<int64_t>(), 0);
}

}  // namespace rsr
