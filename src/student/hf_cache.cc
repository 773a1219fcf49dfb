// Finds what --student names: a path, or a repository in the local Hugging Face cache.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/nearest.h"
#include "rsr/error.h"
#include "student/hf_directory.h"
#include "student/json_file.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// In the order in which huggingface_hub looks.
std::string CacheFolder() {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (!Variable(name).empty()) return Variable(name);
  }
  if (!Variable("HF_HOME").empty()) return Variable("HF_HOME") + "/hub";
  if (!Variable("XDG_CACHE_HOME").empty()) return Variable("XDG_CACHE_HOME") + "/huggingface/hub";
  return Variable("HOME") + "/.cache/huggingface/hub";
}

// name or org/name, as the Hub allows them; anything else is a path.
bool IsRepositoryName(const std::string& given) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
           c == '/';
  };
  return !given.empty() && given.size() <= 200 &&
         std::all_of(given.begin(), given.end(), allowed) &&
         std::count(given.begin(), given.end(), '/') <= 1 && given.front() != '/' &&
         given.back() != '/' && given.front() != '.' && given.find("/.") == std::string::npos &&
         !given.ends_with(".gguf") && !given.ends_with(".json") && !given.ends_with(".jsonl");
}

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string Snapshot(const std::string& given, const fs::path& folder) {
  std::error_code error;
  const fs::path main = folder / "refs/main";
  std::string revision;
  if (fs::exists(main, error)) {
    revision = ReadFile(main.string());
    while (!revision.empty() && std::isspace(static_cast<unsigned char>(revision.back()))) {
      revision.pop_back();
    }
  } else if (const std::vector<std::string> all = NamesIn(folder / "snapshots"); all.size() == 1) {
    revision = all[0];  // fetched by its revision only
  } else {
    throw Error(fmt::format("{}: {} holds {} snapshots and no refs/main that names one", given,
                            folder.string(), all.size()),
                "give the path of one of them");
  }
  const fs::path snapshot = folder / "snapshots" / revision;
  const bool plain = !revision.empty() && revision.find_first_of("/\\.") == std::string::npos;
  if (!plain || !fs::is_directory(snapshot, error)) {
    throw Error(fmt::format("{}: {} names the snapshot '{}', which is not there", given,
                            main.string(), revision.substr(0, 60)),
                fmt::format("fetch it again: hf download {}", given));
  }
  return snapshot.string();
}

}  // namespace

std::string FindStudent(const std::string& given) {
  if (Exists(given) || !IsRepositoryName(given)) return given;
  std::error_code error;
  const fs::path cache = CacheFolder();
  const fs::path folder = cache / ("models--" + Replaced(given, "/", "--"));
  if (fs::is_directory(folder, error)) return Snapshot(given, folder);
  std::vector<std::string> cached;
  for (const std::string& name : NamesIn(cache)) {
    if (name.starts_with("models--")) cached.push_back(Replaced(name.substr(8), "--", "/"));
  }
  std::vector<std::string> near = NearestNames(given, cached, 1);
  throw Error(fmt::format("{}: no such file or directory, and not in the Hugging Face cache {}",
                          given, cache.string()),
              !near.empty() ? fmt::format("did you mean '{}', which is in the cache?", near[0])
              : given.find('/') == std::string::npos
                  ? "check the path; it is taken relative to the current directory"
                  : fmt::format("rsr downloads nothing: fetch it with `hf download {}`", given));
}

}  // namespace rsr
