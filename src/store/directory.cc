#include "store/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "base/hash.h"
#include "rsr/error.h"
#include "store/run_info.h"
#include "store/shard.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;

// The number in "00003.parquet" for ".parquet"; nothing for any other name.
std::optional<int> NumberOf(std::string_view name, std::string_view extension) {
  if (!name.ends_with(extension)) return std::nullopt;
  name.remove_suffix(extension.size());
  if (name.size() > 9) return std::nullopt;  // fits an int
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number < 0) return std::nullopt;
  if (fmt::format("{:05}", number) != name) return std::nullopt;
  return number;
}

std::set<std::string> NamesIn(const std::string& dir) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    names.insert(it->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(fmt::format("{}: cannot be listed: {}", dir, error.message()));
  }
  return names;
}

int ListedNumber(const RunInfo::Shard& shard, const std::string& dir) {
  constexpr std::string_view kPrefix = "shards/";
  const std::string_view file = shard.file;
  // Anything else, such as a path out of the run, is not ours.
  if (file.starts_with(kPrefix)) {
    if (const auto number = NumberOf(file.substr(kPrefix.size()), ".parquet")) return *number;
  }
  throw Error(fmt::format("{}: shard file '{}', expected a name like shards/00003.parquet",
                          RunJsonPath(dir), shard.file),
              "put an intact copy of run.json in its place");
}

void VerifyHash(const std::string& path, const std::string& expected, const RunSchema& schema) {
  const std::string found = HashFile(path);
  if (found == expected) return;
  throw Error(fmt::format("{}: is damaged: its XXH3-128 is {}, expected {} (run.json)", path, found,
                          expected),
              ShardHint(path, schema));
}

// Reads it whole.
RunInfo::Shard ExamineUnlisted(const std::string& dir, const RunSchema& schema, int number) {
  RunInfo::Shard shard;
  shard.file = ShardFile(number);
  const std::string path = dir + "/" + shard.file;
  ReadShard(path, schema, RunReader::kAll, /*check_pages=*/true, [&](const RunRow& row) {
    ++shard.rows;
    shard.tokens += row.scored_tokens;
  });
  shard.hash = HashFile(path);
  return shard;
}

}  // namespace

bool PathExists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string ShardFile(int number) { return fmt::format("shards/{:05}.parquet", number); }
std::string StreamFile(int number) { return fmt::format("shards/{:05}.arrows", number); }

RunFiles SurveyRun(const std::string& dir) {
  RunFiles files;
  const std::string shards = dir + "/shards";
  // In this order a writer at work hides no row: it renames the shard, then rewrites run.json, then
  // deletes the stream.
  for (const std::string& name : NamesIn(shards)) {
    const auto number = NumberOf(name, ".arrows");
    if (!number) continue;
    try {
      files.streams.emplace(*number, MappedFile(shards + "/" + name));
    } catch (const Error&) {
      if (PathExists(shards + "/" + name)) throw;  // else finished this moment
    }
  }
  std::set<int> finished;
  for (const std::string& name : NamesIn(shards)) {
    if (const auto number = NumberOf(name, ".parquet")) finished.insert(*number);
  }
  files.info = RunInfoFromJson(ReadFile(RunJsonPath(dir)), RunJsonPath(dir));

  const RunSchema schema(files.info);
  std::set<int> listed;
  for (const RunInfo::Shard& shard : files.info.shards) {
    const int number = ListedNumber(shard, dir);
    if (!listed.insert(number).second) {
      throw Error(fmt::format("{}: {} is listed twice", RunJsonPath(dir), shard.file),
                  "put an intact copy of run.json in its place");
    }
    const std::string path = dir + "/" + shard.file;
    if (PathExists(path)) {
      VerifyHash(path, shard.hash, schema);
      finished.insert(number);
    } else {
      files.missing.push_back(shard);
    }
    files.next_number = std::max(files.next_number, number + 1);
  }
  for (const int number : finished) {
    if (!listed.contains(number)) files.unlisted.push_back(ExamineUnlisted(dir, schema, number));
    if (files.streams.erase(number) > 0) files.leftovers.push_back(dir + "/" + StreamFile(number));
    files.next_number = std::max(files.next_number, number + 1);
  }
  if (!files.streams.empty()) {
    files.next_number = std::max(files.next_number, files.streams.rbegin()->first + 1);
  }
  for (const std::string& folder : {dir, shards}) {
    for (const std::string& name : NamesIn(folder)) {
      if (name.find(".tmp-") != std::string::npos) files.leftovers.push_back(folder + "/" + name);
    }
  }
  return files;
}

}  // namespace rsr
