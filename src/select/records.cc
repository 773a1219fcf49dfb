#include "select/records.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "rsr/error.h"
#include "select/pending_file.h"

namespace rsr {

RunInputs::RunInputs(const ScoredRows& data) {
  for (const ScoredRows::Run& run : data.runs) files_.emplace_back(run.path, run.info);
}

std::string_view RunInputs::Record(const ScoredRow& row) {
  return files_.at(row.run).Record(row.id, row.file, row.offset, row.length);
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

Records::Records(const ScoredRows& data, RunInputs& files, const std::vector<Candidate>& picks,
                 const std::string& scratch)
    : files_(files), stored_(new Stored(data, picks, scratch)) {}

Records::~Records() = default;

std::string_view Records::Of(const ScoredRow& row) {
  return Stored::IsStored(row) ? stored_->Record(row) : files_.Record(row);
}

}  // namespace rsr
