#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

#include "rsr/error.h"
#include "store/directory.h"
#include "store/run.h"
#include "store/run_info.h"
#include "store/schema.h"
#include "store/shard.h"
#include "store/stream.h"
#include "store/verified.h"
#include "store/vocab.h"

namespace rsr {
namespace {

class Reader : public RunReader {
 public:
  explicit Reader(const std::string& dir)
      : dir_(dir), files_(SurveyRun(dir)), schema_(files_.info) {
    if (files_.missing.empty()) return;
    const std::string path = dir + "/" + files_.missing[0].file;
    throw Error(
        fmt::format("{}: is missing: run.json lists it with {} rows", path, files_.missing[0].rows),
        fmt::format("put it back, or {}: its rows are scored anew", schema_.RunAgain(path)));
  }

  const RunInfo& info() const override { return files_.info; }

  void ForEach(uint32_t columns, const std::function<void(const RunRow&)>& visit,
               const std::function<bool(const RunRow&)>& wanted) override {
    std::unordered_set<int64_t> seen;
    seen.reserve(ExpectedRows(files_.info));
    const std::unordered_map<int64_t, VerifiedRow> verified = Verified();
    const auto visit_labelled = [&](RunRow& row) {
      const auto at = verified.find(row.row);
      if (at != verified.end() && at->second.id == row.id) row.correct = at->second.correct;
      visit(row);
    };
    for (const auto* shards : {&files_.info.shards, &files_.unlisted}) {
      for (const RunInfo::Shard& shard : *shards) {
        const std::string path = dir_ + "/" + shard.file;
        ReadShard(
            path, schema_, columns, /*check_pages=*/false,
            [&](RunRow& row) {
              if (!seen.insert(row.row).second) {
                throw Error(fmt::format("{}: row {} ('{}') is stored in another shard too", path,
                                        row.row, row.id),
                            "delete one of the two and " + schema_.RunAgain(path));
              }
              visit_labelled(row);
            },
            wanted);
      }
    }
    RunRow row;
    for (const auto& [number, file] : files_.streams) {
      ReadStream(file.bytes(), schema_, file.path(),
                 [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
                   RowDecoder(batch, schema_, columns, file.path()).Decode(0, &row);
                   if (wanted && !wanted(row)) return;
                   if (seen.insert(row.row).second) visit_labelled(row);
                 });
    }
  }

  std::vector<std::string> ReadVocab() override {
    return ReadVocabFile(VocabPath(dir_), files_.info.vocab_size);
  }

 private:
  // What `rsr verify` decided takes the place of the label that came with the data.
  std::unordered_map<int64_t, VerifiedRow> Verified() const {
    std::unordered_map<int64_t, VerifiedRow> verified;
    for (VerifiedRow& row : ReadVerified(dir_)) {
      if (row.correct) verified[row.row] = std::move(row);
    }
    return verified;
  }

  std::string dir_;
  RunFiles files_;
  RunSchema schema_;
};

}  // namespace

std::optional<RunInfo> ReadRunInfo(const std::string& dir) {
  if (!PathExists(RunJsonPath(dir))) return std::nullopt;
  return RunInfoFromJson(ReadFile(RunJsonPath(dir)), RunJsonPath(dir));
}

std::unique_ptr<RunReader> RunReader::Open(const std::string& dir) {
  if (!PathExists(RunJsonPath(dir))) {
    std::error_code unknown;
    const bool file = std::filesystem::is_regular_file(dir, unknown);
    const char* what = file              ? "is a file, expected a run directory"
                       : PathExists(dir) ? "holds no run: run.json is missing"
                                         : "no such run directory";
    throw Error(fmt::format("{}: {}", dir, what), "name a directory that `rsr score --out` wrote");
  }
  return std::make_unique<Reader>(dir);
}

}  // namespace rsr
