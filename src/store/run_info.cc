#include "store/run_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/hash.h"
#include "base/json_depth.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using Json = nlohmann::ordered_json;

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

// Fields that few runs have are left out where they are empty: those of this section, of passes
// alone, and this one.
constexpr const char* kPass = "pass";
constexpr const char* kShard = "shard";

bool MayBeAbsent(std::string_view section, std::string_view name) {
  return section == kPass || name == kShard;
}

// The one list of fields, in file order: f(section, name, member).
template <Is<RunInfo> Info, class F>
void VisitFields(Info& i, F&& f) {
  f("", "format_version", i.format_version);
  f("", "tool_version", i.tool_version);
  f("", "created", i.created);
  f("student", "path", i.student_path);
  f("student", "hash", i.student_hash);
  f("student", "name", i.student_name);
  f("student", "architecture", i.architecture);
  f("student", "vocab_size", i.vocab_size);
  f("text", "tokenizer_hash", i.tokenizer_hash);
  f("text", "template_hash", i.template_hash);
  f("text", "template_source", i.template_source);
  f("text", "template_date", i.template_date);
  f("text", "mask", i.mask);
  f("text", "thinking", i.thinking);
  f("text", "max_tokens", i.max_tokens);
  f("engine", "name", i.engine);
  f("engine", "precision", i.precision);
  f("engine", "precision_why", i.precision_why);
  f("engine", "cpu_level", i.cpu_level);
  f("input", "dialect", i.dialect);
  f("input", "map", i.map);
  f("input", "teacher_from", i.teacher_from);
  f("input", "kept", i.kept);
  f("input", "kept_from", i.kept_from);
  f("input", "where", i.where);
  f("input", "sample", i.sample);
  f("input", "seed", i.seed);
  f("input", kShard, i.shard);
  f(kPass, "name", i.pass);
  f(kPass, "options", i.pass_options);
  f("", "inputs", i.inputs);
  f("", "complete", i.complete);
  f("totals", "rows_scored", i.rows_scored);
  f("totals", "rows_rejected", i.rows_rejected);
  f("totals", "rows_left_out", i.rows_left_out);
  f("totals", "rows_truncated", i.rows_truncated);
  f("totals", "scored_tokens", i.scored_tokens);
  f("totals", "tokens", i.tokens);
  f("totals", "turns_given", i.turns_given);
  f("totals", "turns_found", i.turns_found);
  f("", "shards", i.shards);
}

template <Is<RunInfo::Input> Input, class F>
void VisitFields(Input& i, F&& f) {
  f("", "path", i.path);
  f("", "hash", i.hash);
  f("", "bytes", i.bytes);
  f("", "rows", i.rows);
  f("", "dialect", i.dialect);
}

template <Is<RunInfo::Shard> Shard, class F>
void VisitFields(Shard& s, F&& f) {
  f("", "file", s.file);
  f("", "hash", s.hash);
  f("", "rows", s.rows);
  f("", "tokens", s.tokens);
}

template <class T>
Json Write(const T& value) {
  return value;
}

Json Write(const std::optional<std::string>& value) { return value ? Json(*value) : Json(); }

template <class T>
Json WriteObject(const T& object);

template <class T>
Json Write(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) {
    if constexpr (Is<T, std::string>) {
      list.push_back(item);
    } else {
      list.push_back(WriteObject(item));
    }
  }
  return list;
}

template <class T>
Json WriteObject(const T& object) {
  Json json = Json::object();
  VisitFields(object, [&](const std::string& section, const char* name, const auto& member) {
    Json value = Write(member);
    if (MayBeAbsent(section, name) && value == "") return;
    (section.empty() ? json : json[section])[name] = std::move(value);
  });
  return json;
}

// Strict: every field is of its type, and there, unless the file is of an older version.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}
  void set_version(int version) { version_ = version; }

  template <class T>
  void ReadObject(const Json& json, const std::string& where, T* object) const {
    if (!json.is_object()) Fail(where, "an object", &json);
    VisitFields(*object, [&](const std::string& section, const char* name, auto& member) {
      const Json* holder = section.empty() ? &json : Find(json, section);
      const std::string prefix = where.empty() ? section : where;
      const std::string full = prefix.empty() ? name : prefix + "." + name;
      if (holder != nullptr && !holder->is_object()) Fail(section, "an object", holder);
      const Json* value = holder == nullptr ? nullptr : Find(*holder, name);
      if (value == nullptr && (version_ < kRunFormatVersion || MayBeAbsent(section, name))) {
        return;  // keeps its default
      }
      Read(value, full, &member);
    });
  }

  void Read(const Json* json, const std::string& where, std::string* out) const {
    if (json == nullptr || !json->is_string()) Fail(where, "a string", json);
    *out = json->get<std::string>();
  }

  // Runs from before the field have none.
  void Read(const Json* json, const std::string& where, std::optional<std::string>* out) const {
    if (json == nullptr || json->is_null()) return out->reset();
    Read(json, where, &out->emplace());
  }

  void Read(const Json* json, const std::string& where, bool* out) const {
    if (json == nullptr || !json->is_boolean()) Fail(where, "true or false", json);
    *out = json->get<bool>();
  }

  template <std::signed_integral T>
  void Read(const Json* json, const std::string& where, T* out) const {
    // What the parser calls unsigned is every integer that is not negative.
    if (json == nullptr || !json->is_number_unsigned() ||
        json->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<T>::max())) {
      Fail(where, "a whole number that is not negative", json);
    }
    *out = static_cast<T>(json->get<uint64_t>());
  }

  template <class T>
  void Read(const Json* json, const std::string& where, std::vector<T>* out) const {
    if (json == nullptr || !json->is_array()) Fail(where, "a list", json);
    out->clear();
    for (const Json& item : *json) {
      const std::string name = fmt::format("{}[{}]", where, out->size());
      if constexpr (Is<T, std::string>) {
        Read(&item, name, &out->emplace_back());
      } else {
        ReadObject(item, name, &out->emplace_back());
      }
    }
  }

 private:
  static const Json* Find(const Json& json, const std::string& name) {
    const auto it = json.find(name);
    return it == json.end() ? nullptr : &*it;
  }

  [[noreturn]] void Fail(const std::string& where, const char* expected, const Json* got) const {
    const std::string found = got == nullptr     ? "nothing"
                              : got->is_number() ? got->dump()
                                                 : got->type_name();
    throw Error(fmt::format("{}: field '{}': expected {}, got {}", path_,
                            where.empty() ? "(whole file)" : where, expected, found),
                "put an intact copy in its place, or score into another directory");
  }

  const std::string& path_;
  int version_ = kRunFormatVersion;
};

// All settings that a run's rows depend on: f(name for messages, field), for hashes also what tells
// people more, f(..., name, field).
template <class F>
void ForEachSetting(const F& f) {
  f("student hash", &RunInfo::student_hash, "student", &RunInfo::student_path);
  f("tokenizer hash", &RunInfo::tokenizer_hash);
  f("template hash", &RunInfo::template_hash, "template", &RunInfo::template_source);
  f("template date", &RunInfo::template_date);
  f("mask", &RunInfo::mask);
  f("thinking", &RunInfo::thinking);
  f("max tokens", &RunInfo::max_tokens);
  f("engine", &RunInfo::engine);
  f("precision", &RunInfo::precision);
  f("CPU level", &RunInfo::cpu_level);
  f("dialect", &RunInfo::dialect);
  f("mapped columns", &RunInfo::map);
  f("teacher from", &RunInfo::teacher_from);
  f("kept columns", &RunInfo::kept);
  f("columns kept from", &RunInfo::kept_from);
  f("where", &RunInfo::where);
  f("sample", &RunInfo::sample);
  f("seed", &RunInfo::seed);
  f("shard", &RunInfo::shard);
  f("pass", &RunInfo::pass);
  f("options of the pass", &RunInfo::pass_options);
}

template <class T>
const T& Shown(const T& value) {
  return value;
}
std::string Shown(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ","));
}

// Whether they are the same; else there is one line more.
template <class T>
bool Compare(const std::string& name, const T& stored, const T& now,
             std::vector<std::string>* out) {
  if (stored == now) return true;
  out->push_back(fmt::format("{}: '{}' in the run, '{}' now", name, Shown(stored), Shown(now)));
  return false;
}

}  // namespace

std::string RunInfoToJson(const RunInfo& info) {
  return WriteObject(info).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

RunInfo RunInfoFromJson(std::string_view text, const std::string& path) {
  constexpr int kMostDepth = 64;  // ours has 4
  if (NestedDeeperThan(kMostDepth, text)) {
    throw Error(fmt::format("{}: is nested deeper than {}", path, kMostDepth),
                "put an intact copy in its place, or score into another directory");
  }
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& e) {
    throw Error(fmt::format("{}: is not JSON, or cut short: it cannot be read at byte {} of {}",
                            path, e.byte, text.size()),
                "put an intact copy in its place, or score into another directory");
  }
  Reader reader(path);
  // The version first: a newer file may lack any other field.
  int version = 0;
  const auto found = json.find("format_version");  // end() for what is no object
  reader.Read(found == json.end() ? nullptr : &*found, "format_version", &version);
  if (version > kRunFormatVersion) {
    throw Error(fmt::format("{}: format version {} is newer than this rsr understands ({})", path,
                            version, kRunFormatVersion),
                "update rsr, or score into another directory");
  }
  if (version < 1) {
    throw Error(fmt::format("{}: format version {} does not exist", path, version),
                "put an intact copy in its place, or score into another directory");
  }
  RunInfo info;
  reader.set_version(version);
  reader.ReadObject(json, "", &info);
  return info;
}

std::string SettingsHash(const RunInfo& info) {
  Json all = Json::array();
  ForEachSetting([&](const char*, auto field, auto...) { all.push_back(info.*field); });
  for (const RunInfo::Input& input : info.inputs) all.push_back(input.hash);
  return HashBytes(all.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::vector<std::string> Disagreements(const RunInfo& stored, const RunInfo& now) {
  std::vector<std::string> out;
  ForEachSetting([&](const char* name, auto field, const char* more = "",
                     std::string RunInfo::*told = nullptr) {
    const bool same = Compare(name, stored.*field, now.*field, &out);
    if (!same && told != nullptr) Compare(more, stored.*told, now.*told, &out);
  });
  Compare("number of inputs", stored.inputs.size(), now.inputs.size(), &out);
  for (size_t i = 0; i < std::min(stored.inputs.size(), now.inputs.size()); ++i) {
    Compare(fmt::format("input {}", i + 1), stored.inputs[i].path, now.inputs[i].path, &out);
    Compare(fmt::format("hash of input {} ({})", i + 1, now.inputs[i].path), stored.inputs[i].hash,
            now.inputs[i].hash, &out);
  }
  return out;
}

}  // namespace rsr
