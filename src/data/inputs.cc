#include "data/inputs.h"

#include <glob.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>

#include "data/row_source.h"
#include "rsr/error.h"

namespace rsr {
namespace {

bool IsPattern(const std::string& name) {
  std::error_code unknown;
  return name.find_first_of("*?[") != std::string::npos && !std::filesystem::exists(name, unknown);
}

std::vector<std::string> Matches(const std::string& pattern) {
  glob_t found = {};
  const int status = glob(pattern.c_str(), 0, nullptr, &found);
  const std::unique_ptr<glob_t, decltype(&globfree)> owner(&found, globfree);
  if (status == GLOB_NOSPACE) throw std::bad_alloc();
  if (status != 0) {
    throw Error(pattern + ": no file matches this pattern",
                "check the path; it is taken relative to the current directory");
  }
  return {found.gl_pathv, found.gl_pathv + found.gl_pathc};
}

bool Remove(std::string* name, std::string_view extension) {
  if (name->size() <= extension.size() || !name->ends_with(extension)) return false;
  name->resize(name->size() - extension.size());
  return true;
}

}  // namespace

std::vector<std::string> ExpandInputs(const std::vector<std::string>& given) {
  if (given.empty()) {
    throw Error("no input files",
                "name files of JSON Lines, JSON arrays or Parquet, or - for "
                "standard input");
  }
  std::vector<std::string> files;
  std::set<std::string> seen;
  for (const std::string& name : given) {
    for (const std::string& file : IsPattern(name) ? Matches(name) : std::vector{name}) {
      if (std::error_code unknown; std::filesystem::exists(file + "/run.json", unknown)) {
        throw Error(file + ": is a run directory, expected a file of chats",
                    "name the files to score; `rsr teachers`, `rsr select` and others read runs");
      }
      if (!seen.insert(file).second) {
        throw Error(file + ": is named twice among the input files", "name every file once");
      }
      files.push_back(file);
    }
  }
  return files;
}

std::string InputName(const std::string& path) { return path == kStandardInput ? "stdin" : path; }

std::string StemOf(std::string name) {
  Remove(&name, ".gz") || Remove(&name, ".zst");
  for (const std::string_view extension : {".jsonl", ".json", ".ndjson", ".parquet"}) {
    if (Remove(&name, extension)) break;
  }
  return name;
}

}  // namespace rsr
