// The weights of a directory: one file, or the shards of an index.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "student/json_file.h"
#include "student/safetensors.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
namespace dom = simdjson::dom;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

// Tensor -> shard, as the index has it.
std::map<std::string, std::string> ReadIndex(const std::string& path) {
  const auto fail = [&](const std::string& what) {
    throw Error(fmt::format("{}: {}", path, what), "download or copy the directory again");
  };
  dom::parser parser;
  const simdjson::padded_string bytes(ReadFile(path));
  dom::object map;
  if (const auto error = parser.parse(bytes)["weight_map"].get(map)) {
    fail(fmt::format("expected an object with a weight_map: {}", simdjson::error_message(error)));
  }
  std::map<std::string, std::string> shards;
  for (const auto& [name, value] : map) {
    std::string_view file;
    const std::string shown = Printable(name.substr(0, 200));
    if (value.get(file)) fail(fmt::format("tensor '{}' is in no shard", shown));
    // The shards lie beside the index, whatever a stranger's index says.
    constexpr std::string_view kNotInNames("/\0", 2);
    if (!file.ends_with(".safetensors") || file.size() > 255 ||
        file.find_first_of(kNotInNames) != std::string_view::npos) {
      fail(fmt::format("tensor '{}' is in '{}', expected NAME.safetensors", shown,
                       Printable(file.substr(0, 200))));
    }
    if (!shards.emplace(name, file).second) fail(fmt::format("lists tensor '{}' twice", shown));
  }
  if (shards.empty()) fail("its weight_map is empty");
  return shards;
}

[[noreturn]] void RefuseWithoutWeights(const std::string& path) {
  std::string adapter, pickle, other;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name == "adapter_model.safetensors") {
      adapter = name;
    } else if (name.ends_with(".safetensors")) {
      other = std::max(other, name);
    } else if (name.ends_with(".bin") || name.ends_with(".pth") || name.ends_with(".pt")) {
      pickle = std::max(pickle, name);
    }
  }
  const std::string expected = fmt::format("expected {} or {}", kSingle, kIndex);
  if (!adapter.empty()) {
    throw Error(fmt::format("{}: holds an adapter ({}) and no model, {}", path, adapter, expected),
                "merge it into its base model first: merge_and_unload() and save_pretrained()");
  }
  if (!other.empty() || !pickle.empty()) {
    throw Error(
        fmt::format("{}: holds {}, {}", path, other.empty() ? pickle : other, expected),
        fmt::format("write it with transformers: AutoModelForCausalLM.from_pretrained('{0}')"
                    ".save_pretrained('{0}')",
                    path));
  }
  throw Error(path + ": holds no weights to run, only the student's text side",
              "name a directory with safetensors, or a GGUF file; `rsr check` takes this one as it "
              "is");
}

}  // namespace

void ReadSafetensorsOf(StudentInfo* student) {
  const fs::path directory = student->path;
  std::map<std::string, std::string> index;
  std::set<std::string> shards = {kSingle};
  if (!Exists(directory / kSingle)) {
    if (!Exists(directory / kIndex)) RefuseWithoutWeights(student->path);
    index = ReadIndex((directory / kIndex).string());
    shards.clear();
    for (const auto& [name, file] : index) shards.insert(file);
  }
  std::map<std::string, std::string> found;
  for (const std::string& shard : shards) {
    const std::string path = (directory / shard).string();
    if (!index.empty() && !Exists(path)) {
      throw Error(fmt::format("{}: names the shard '{}', which is not there",
                              (directory / kIndex).string(), Printable(shard)),
                  "the download is incomplete: fetch the directory again");
    }
    for (StudentTensor& tensor : ReadSafetensors(path)) {
      const auto [known, first] = found.emplace(tensor.name, shard);
      if (!first) {
        throw Error(fmt::format("{}: tensor '{}' is in two shards, {} and {}", student->path,
                                Printable(tensor.name), known->second, shard),
                    "download or copy the directory again");
      }
      tensor.file = static_cast<int32_t>(student->files.size());
      student->tensors.push_back(std::move(tensor));
    }
    student->files.push_back({path, static_cast<int64_t>(fs::file_size(path))});
  }
  for (const auto& [name, shard] : index) {
    const auto it = found.find(name);
    if (it != found.end() && it->second == shard) continue;
    throw Error(fmt::format("{}: has tensor '{}' in {}, which does not hold it",
                            (directory / kIndex).string(), Printable(name.substr(0, 200)), shard),
                "index and shards are of two models: fetch the directory again");
  }
}

}  // namespace rsr
