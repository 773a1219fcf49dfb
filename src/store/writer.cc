#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "rsr/error.h"
#include "store/directory.h"
#include "store/lock.h"
#include "store/rejected.h"
#include "store/run.h"
#include "store/run_info.h"
#include "store/schema.h"
#include "store/shard.h"
#include "store/stream.h"
#include "store/vocab.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;

void RefuseOther(const std::string& dir, const RunInfo& stored, const RunInfo& now) {
  if (stored.format_version < kRunFormatVersion) {
    throw Error(fmt::format("{}: has format version {} of an older rsr, which can be read but not "
                            "continued; this one writes version {}",
                            dir, stored.format_version, kRunFormatVersion),
                "use another --out, or go on with rsr " + stored.tool_version);
  }
  const std::vector<std::string> lines = Disagreements(stored, now);
  if (lines.empty()) return;
  std::string message = dir + ": this run was made with other settings or inputs";
  for (const std::string& line : lines) message += "\n  " + line;
  throw Error(message, "use another --out, or the settings and inputs in " + RunJsonPath(dir));
}

// What cannot be removed does no harm: a shard wins over its stream, temporary files are never
// read.
void Remove(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

class Writer : public RunWriter {
 public:
  Writer(const std::string& dir, const RunInfo& info, const Options& options)
      : dir_(dir), options_(options), lock_(dir), schema_(info) {
    // As it will be read back, so that the comparison sees what a file can hold.
    const RunInfo now = RunInfoFromJson(RunInfoToJson(info), "run.json to be written");
    const std::optional<RunInfo> stored = ReadRunInfo(dir);
    if (stored) {
      RefuseOther(dir, *stored, now);
    } else {
      info_ = now;
      WriteInfo();
    }
    MakeDirectories(dir + "/shards");
    Recover();
  }

  const std::set<int64_t>& done() const override { return done_; }
  const RunInfo& info() const override { return info_; }

  void WriteVocab(const std::vector<VocabPiece>& pieces) override {
    if (!PathExists(VocabPath(dir_))) WriteVocabFile(VocabPath(dir_), pieces);
  }

  void Append(const RunRow& row) override {
    if (spent_) throw Error(dir_ + ": written to after an error", "", Error::Kind::kInternal);
    if (done_.contains(row.row)) {
      throw Error(fmt::format("row {} ('{}') is stored already", row.row, row.id), "",
                  Error::Kind::kInternal);
    }
    const auto batch = ToBatch(row, schema_);
    spent_ = true;
    if (stream_ == nullptr) {
      stream_ = std::make_unique<StreamWriter>(StreamPath(), schema_, options_.sync_seconds);
    }
    stream_->Append(*batch);
    Count(row);
    rows_in_flight_ += 1;
    weight_in_flight_ += WeightOf(row);
    info_.complete = false;
    if (weight_in_flight_ >= options_.shard_tokens) FinishShard();
    spent_ = false;
  }

  void WriteRejected(const std::vector<RejectedRow>& rejected, int64_t left_out) override {
    WriteFileAtomic(RejectedPath(dir_), RejectedToJsonl(rejected));
    info_.rows_rejected = static_cast<int64_t>(rejected.size());
    info_.rows_left_out = left_out;
  }

  void Finish(bool complete) override {
    if (spent_) throw Error(dir_ + ": finished after an error", "", Error::Kind::kInternal);
    spent_ = true;
    if (stream_ != nullptr) FinishShard();
    info_.complete = complete;
    WriteInfo();
    spent_ = false;
  }

 private:
  std::string StreamPath() const { return dir_ + "/" + StreamFile(number_); }

  void WriteInfo() { WriteFileAtomic(RunJsonPath(dir_), RunInfoToJson(info_)); }

  void Count(const RunRow& row) {
    done_.insert(row.row);
    info_.rows_scored += 1;
    info_.rows_truncated += row.truncated ? 1 : 0;
    info_.scored_tokens += row.scored_tokens;
    info_.tokens += row.prompt_tokens + row.scored_tokens;
    info_.turns_given += row.turns_given;
    info_.turns_found += row.turns;
  }

  // Brings what a killed run left into order; being killed here is no different.
  void Recover() {
    RunFiles files = SurveyRun(dir_);
    info_ = std::move(files.info);
    info_.rows_scored = info_.rows_truncated = info_.scored_tokens = info_.tokens = 0;
    info_.turns_given = info_.turns_found = 0;
    // A shard somebody deleted: its rows are not done.
    for (const RunInfo::Shard& shard : files.missing) {
      std::erase_if(info_.shards, [&](const auto& s) { return s.file == shard.file; });
      info_.complete = false;
    }
    info_.shards.insert(info_.shards.end(), files.unlisted.begin(), files.unlisted.end());
    for (const RunInfo::Shard& shard : info_.shards) {
      const std::string path = dir_ + "/" + shard.file;
      ReadShard(path, schema_, RunReader::kNone, /*check_pages=*/false, [&](const RunRow& row) {
        if (done_.contains(row.row)) {
          throw Error(fmt::format("{}: row {} ('{}') is stored in another shard too", path, row.row,
                                  row.id),
                      "delete one of the two and " + schema_.RunAgain(path));
        }
        Count(row);
      });
    }
    if (!files.missing.empty() || !files.unlisted.empty()) WriteInfo();
    number_ = files.streams.empty() ? files.next_number : files.streams.begin()->first;
    ContinueStreams(files.streams);
    for (const std::string& path : files.leftovers) Remove(path);
  }

  // Complete batches go into a fresh stream, which takes the place of the first old one.
  void ContinueStreams(const std::map<int, MappedFile>& streams) {
    if (streams.empty()) return;
    const std::string fresh = fmt::format("{}.tmp-{}", StreamPath(), getpid());
    stream_ = std::make_unique<StreamWriter>(fresh, schema_, options_.sync_seconds);
    RunRow row;
    for (const auto& [number, file] : streams) {
      ReadStream(file.bytes(), schema_, file.path(),
                 [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
                   RowDecoder(batch, schema_, RunReader::kAll, file.path()).Decode(0, &row);
                   if (done_.contains(row.row)) return;
                   stream_->Append(*batch);
                   Count(row);
                   rows_in_flight_ += 1;
                   weight_in_flight_ += WeightOf(row);
                 });
    }
    stream_->RenameTo(StreamPath());
    for (const auto& [number, file] : streams) {
      if (number != number_) Remove(file.path());
    }
  }

  // Stream -> Parquet beside it -> run.json -> the stream is deleted. Killed in between, either the
  // stream or the shard counts, never both (SurveyRun).
  void FinishShard() {
    RunInfo::Shard shard{.file = ShardFile(number_)};
    ParquetBuilder builder(schema_.arrow());
    {
      const MappedFile file(StreamPath());
      RunRow row;
      constexpr int64_t kDropEvery = int64_t{1} << 16;  // of weight: some 3 MB
      int64_t read = 0;
      ReadStream(file.bytes(), schema_, file.path(),
                 [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
                   RowDecoder(batch, schema_, RunReader::kRecord, file.path()).Decode(0, &row);
                   builder.Add(*batch, WeightOf(row));
                   shard.rows += 1;
                   shard.tokens += row.scored_tokens;
                   // What was read counts as memory of this process as long as it is mapped.
                   if ((read += WeightOf(row)) < kDropEvery) return;
                   file.DropBefore(file.bytes().size());
                   read = 0;
                 });
    }
    if (shard.rows != rows_in_flight_) {
      throw Error(fmt::format("{}: {} rows were written and {} can be read back", StreamPath(),
                              rows_in_flight_, shard.rows),
                  "check the disk, then " + schema_.RunAgain(dir_));
    }
    const std::string_view bytes = builder.Finish();
    shard.hash = HashBytes(bytes);
    if (shard.rows > 0) {
      WriteFileAtomic(dir_ + "/" + shard.file, bytes);
      info_.shards.push_back(shard);
      WriteInfo();
    }
    stream_.reset();
    Remove(StreamPath());
    ++number_;
    rows_in_flight_ = weight_in_flight_ = 0;
  }

  std::string dir_;
  Options options_;
  RunLock lock_;
  RunSchema schema_;
  RunInfo info_;
  std::set<int64_t> done_;
  std::unique_ptr<StreamWriter> stream_;  // null until the first row of a shard
  int number_ = 0;                        // of the shard in flight
  int64_t rows_in_flight_ = 0, weight_in_flight_ = 0;
  bool spent_ = false;
};

}  // namespace

// A directory that holds something else is nobody's run: nothing is written into it.
void RunWriter::RefuseForeign(const std::string& dir) {
  if (!PathExists(dir)) return;
  std::error_code error;
  if (!fs::is_directory(dir, error)) {
    throw Error(dir + ": is a file, expected a run directory", "use another --out");
  }
  if (PathExists(RunJsonPath(dir))) return;
  std::vector<std::string> names;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    // What a run killed before its run.json leaves.
    const bool ours = name == ".lock" || name == "stdin" || name.starts_with("run.json.tmp-") ||
                      name.starts_with("stdin.tmp-");
    if (!ours) names.push_back(name);
  }
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  constexpr size_t kShown = 3;
  std::string shown = "'" + names[0] + "'";
  for (size_t i = 1; i < std::min(names.size(), kShown); ++i) shown += ", '" + names[i] + "'";
  if (names.size() > kShown) shown += fmt::format(" and {} more", names.size() - kShown);
  throw Error(fmt::format("{}: holds {} and no run.json: not a run", dir, shown),
              "use a new or empty directory as --out");
}

std::unique_ptr<RunWriter> RunWriter::Open(const std::string& dir, const RunInfo& info,
                                           const Options& options) {
  RefuseForeign(dir);
  MakeDirectories(dir);
  return std::make_unique<Writer>(dir, info, options);
}

}  // namespace rsr
