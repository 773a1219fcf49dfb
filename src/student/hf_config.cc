#include "student/hf_config.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {

using Json = nlohmann::json;

HfConfig::HfConfig(const std::string& directory)
    : file_(directory, "config.json"), settings_(&file_.root), family_(nullptr) {
  if (file_.root.empty()) {
    throw Error(file_.path + ": is missing or empty",
                "download or copy the model's config.json beside its weights");
  }
  const Json& type = file_["model_type"];
  if (type.is_string()) model_type_ = type.get<std::string>();
  if (const Json& text = file_["text_config"]; model_type_ == "gemma3" && text.is_object()) {
    settings_ = &text;
    model_type_ = "gemma3_text";
  }
  family_ = FindHfFamily(model_type_);
  defaults_ = Json::parse(kHfDefaults);
  if (family_ != nullptr) defaults_.update(Json::parse(family_->defaults));
}

const Json& HfConfig::operator[](const char* key) const {
  // A null that is written down is no default: "sliding_window": null means none.
  const auto found = settings_->find(key);
  return found != settings_->end() ? *found : JsonFile::At(defaults_, key);
}

void HfConfig::Refuse(const std::string& key, const char* expected, const Json& got) const {
  throw Error(fmt::format("{}: {}: expected {}, got {}", path(), key, expected,
                          Excerpt(got.dump(-1, ' ', true, Json::error_handler_t::replace))),
              "download or copy the model's config.json again");
}

int64_t HfConfig::Integer(const char* key, int64_t absent) const {
  const Json& value = (*this)[key];
  if (value.is_null()) return absent;
  const bool fits =
      value.is_number_unsigned() ? value.get<uint64_t>() <= INT64_MAX : value.is_number_integer();
  if (!fits || value.get<int64_t>() < 0) Refuse(key, "a whole number", value);
  return value.get<int64_t>();
}

double HfConfig::Real(const char* key, double absent) const {
  const Json& value = (*this)[key];
  if (value.is_null()) return absent;
  if (!value.is_number()) Refuse(key, "a number", value);
  return value.get<double>();
}

double HfConfig::RealOf(const Json& object, const char* where, const char* key,
                        double absent) const {
  const Json& value = JsonFile::At(object, key);
  if (value.is_null()) return absent;
  if (!value.is_number()) Refuse(fmt::format("{}.{}", where, key), "a number", value);
  return value.get<double>();
}

bool HfConfig::Flag(const char* key) const {
  const Json& value = (*this)[key];
  if (value.is_null()) return false;
  if (!value.is_boolean()) Refuse(key, "true or false", value);
  return value.get<bool>();
}

std::string HfConfig::Text(const char* key) const {
  const Json& value = (*this)[key];
  if (value.is_null()) return "";
  if (!value.is_string()) Refuse(key, "a string", value);
  return value.get<std::string>();
}

}  // namespace rsr
