#include "student/json_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/json_depth.h"
#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {

namespace fs = std::filesystem;
using Json = nlohmann::json;

bool Exists(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error)) return true;
  if (error == std::errc::permission_denied) {
    throw Error(path + ": cannot be read: permission denied", "check the mode of its directory");
  }
  if (!fs::is_symlink(path, error)) return false;
  throw Error(fmt::format("{}: is a link to {}, which is not there", path,
                          Printable(fs::read_symlink(path, error).string())),
              "a copy of the Hugging Face cache needs what its links name: copy it with cp -rL, or "
              "download it again");
}

JsonFile::JsonFile(const std::string& directory, const char* name) : path(directory + "/" + name) {
  constexpr size_t kMostBytes = size_t{64} << 20;
  constexpr const char* kDownloadHint = "download or copy the directory again";
  constexpr int kMostDepth = 64;  // published ones reach 6
  if (!Exists(path)) return;
  const std::string bytes = ReadFile(path);
  if (bytes.size() > kMostBytes) {
    throw Error(fmt::format("{}: has {} MB, expected at most {}", path, bytes.size() >> 20,
                            kMostBytes >> 20),
                kDownloadHint);
  }
  if (NestedDeeperThan(kMostDepth, bytes)) {
    throw Error(fmt::format("{}: is nested deeper than {}", path, kMostDepth), kDownloadHint);
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
