#include "select/records.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/hash.h"
#include "rsr/error.h"
#include "select/pending_file.h"

namespace rsr {

std::string_view InputFiles::Record(const ScoredRow& row) {
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

const MappedFile& InputFiles::Open(const ScoredRow& row, const RunInfo::Input& input) {
  std::unique_ptr<MappedFile>& file = files_[{row.run, row.file}];
  if (file) return *file;
  const std::string& run = data_.runs[row.run].path;
  std::error_code unknown;
  if (!std::filesystem::exists(input.path, unknown)) {
    throw Error(
        fmt::format("{}: input file of run {} is missing; expected one with XXH3-128 {}, got none",
                    input.path, run, input.hash),
        "relative paths count from the current directory: run this where `rsr score` was run, or "
        "put the file back");
  }
  auto mapped = std::make_unique<MappedFile>(input.path);
  const std::string hash = HashBytes(mapped->bytes());
  if (hash != input.hash) {
    throw Error(fmt::format("{}: input file of run {} has changed since it was scored: expected "
                            "XXH3-128 {}, got {}",
                            input.path, run, input.hash, hash),
                "put the scored file back, or score the new one into a new run (relative paths "
                "count from the current directory)");
  }
  file = std::move(mapped);
  return *file;
}

// Records that no input file holds as bytes (of compressed, Parquet and piped input) lie in the
// runs, in the order in which they were scored. One pass puts the chosen ones into a file on the
// disk, as they may be larger than the memory.
class Records::Stored {
 public:
  Stored(const ScoredRows& data, const std::vector<Candidate>& picks, const std::string& path) {
    std::map<size_t, std::set<int64_t>> wanted;  // rows of each run
    for (const Candidate& pick : picks) {
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

Records::Records(const ScoredRows& data, InputFiles& files, const std::vector<Candidate>& picks,
                 const std::string& scratch)
    : files_(files), stored_(new Stored(data, picks, scratch)) {}

Records::~Records() = default;

std::string_view Records::Of(const ScoredRow& row) {
  return Stored::IsStored(row) ? stored_->Record(row) : files_.Record(row);
}

}  // namespace rsr
