#include "select/records.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// The input files of the runs, mapped when first needed and then known to be what was scored.
class Inputs {
 public:
  explicit Inputs(const ScoredRows& data) : data_(data) {}

  std::string_view Record(const ScoredRow& row) {
    const RunInfo::Input& input = data_.runs[row.run].info.inputs.at(row.file);
    const std::string_view bytes = Open(row, input).bytes();
    const auto size = static_cast<int64_t>(bytes.size());
    if (row.offset < 0 || row.length < 0 || row.offset > size || row.length > size - row.offset) {
      throw Error(
          fmt::format("run {}: row '{}' is said to be {} bytes at {} of {}, which has {} bytes",
                      data_.runs[row.run].path, row.id, row.length, row.offset, input.path, size),
          "the run is damaged: score again");
    }
    return bytes.substr(row.offset, row.length);
  }

 private:
  const MappedFile& Open(const ScoredRow& row, const RunInfo::Input& input) {
    std::unique_ptr<MappedFile>& file = files_[{row.run, row.file}];
    if (file) return *file;
    const std::string& run = data_.runs[row.run].path;
    std::error_code unknown;
    if (!std::filesystem::exists(input.path, unknown)) {
      throw Error(
          fmt::format(
              "{}: input file of run {} is missing; expected one with XXH3-128 {}, got none",
              input.path, run, input.hash),
          "relative paths count from the current directory: run this where `rsr score` was run, or "
          "put the "
          "file back");
    }
    auto mapped = std::make_unique<MappedFile>(input.path);
    const std::string hash = HashBytes(mapped->bytes());
    if (hash != input.hash) {
      throw Error(fmt::format("{}: input file of run {} has changed since it was scored: expected "
                              "XXH3-128 {}, got {}",
                              input.path, run, input.hash, hash),
                  "put the scored file back, or score the new one into a new run (relative paths "
                  "count from the "
                  "current directory)");
    }
    file = std::move(mapped);
    return *file;
  }

  const ScoredRows& data_;
  std::map<std::pair<size_t, int32_t>, std::unique_ptr<MappedFile>> files_;
};

// A file under another name until Commit; removed if that is never reached. A selection may be
// larger than the memory, hence not WriteFileAtomic.
class PendingFile {
 public:
  explicit PendingFile(const std::string& path)
      : path_(path),
        temporary_(fmt::format("{}.{}.tmp", path, getpid())),
        file_(fopen(temporary_.c_str(), "wb")) {
    if (!file_) Fail();
  }
  ~PendingFile() {
    if (file_) fclose(file_);
    if (!committed_) std::remove(temporary_.c_str());
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  void Write(std::string_view bytes) {
    if (fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) Fail();
  }

  // What was written so far; the file itself goes away with this object.
  MappedFile Map() {
    if (fflush(file_) != 0) Fail();
    return MappedFile(temporary_);
  }

  void Commit() {
    const bool closed = fclose(std::exchange(file_, nullptr)) == 0;
    if (!closed) Fail();
    SyncPath(temporary_);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) Fail();
    committed_ = true;
  }

 private:
  [[noreturn]] void Fail() const {
    const char* reason = std::strerror(errno);
    throw Error(fmt::format("cannot write {}: {}", path_, reason),
                "choose a directory that is writable and has space");
  }

  std::string path_, temporary_;
  FILE* file_;
  bool committed_ = false;
};

// Records that no input file holds as bytes (of compressed, Parquet and piped input) lie in the
// runs, in the order in which they were scored. One pass puts the chosen ones into a file on the
// disk, as they may be larger than the memory.
class StoredRecords {
 public:
  StoredRecords(const ScoredRows& data, const Choice& choice, const std::string& path) {
    std::map<size_t, std::set<int64_t>> wanted;  // rows of each run
    for (const Choice::Pick& pick : choice.picks) {
      const ScoredRow& row = data.rows[pick.index];
      if (IsStored(row)) wanted[row.run].insert(row.row);
    }
    if (wanted.empty()) return;
    PendingFile out(path);
    int64_t end = 0;
    for (const auto& [run, rows] : wanted) {
      RunReader::Open(data.runs[run].path)->ForEach(RunReader::kRecord, [&](const RunRow& row) {
        if (!rows.contains(row.row)) return;
        if (row.record.empty()) {
          throw Error(
              fmt::format("run {}: row '{}' has neither a place in an input file nor a record",
                          data.runs[run].path, row.id),
              "the run is damaged: score again");
        }
        const auto length = static_cast<int64_t>(row.record.size());
        out.Write(row.record);
        places_[{run, row.row}] = {end, length};
        end += length;
      });
    }
    file_.emplace(out.Map());
  }

  static bool IsStored(const ScoredRow& row) { return row.offset == -1; }

  std::string_view Record(const ScoredRow& row) const {
    const auto [offset, length] = places_.at({row.run, row.row});
    return file_->bytes().substr(offset, length);
  }

 private:
  std::optional<MappedFile> file_;
  std::map<std::pair<size_t, int64_t>, std::pair<int64_t, int64_t>> places_;
};

std::string OneLine(std::string_view record) {
  std::string line(record);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  return line;
}

}  // namespace

void WriteRecords(const ScoredRows& data, const Choice& choice, const std::string& path) {
  Inputs inputs(data);
  const StoredRecords stored(data, choice, path + ".records");
  PendingFile out(path);
  for (const Choice::Pick& pick : choice.picks) {
    const ScoredRow& row = data.rows[pick.index];
    const std::string_view record =
        StoredRecords::IsStored(row) ? stored.Record(row) : inputs.Record(row);
    if (record.find('\n') == std::string_view::npos) {
      out.Write(record);
    } else {
      out.Write(OneLine(record));
    }
    out.Write("\n");
  }
  out.Commit();
}

}  // namespace rsr
