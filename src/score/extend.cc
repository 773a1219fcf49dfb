// Extend(): the rows of a run, read and tokenized again, through another pass of the student.
//
// One thread reads the run; each worker has its own scratch memory and takes one trajectory at a
// time. A pass is stored as a run of its own, by the same writer, so that it survives what a run
// survives.
#include "rsr/extend.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "base/cores.h"
#include "engine/open_engine.h"
#include "rsr/error.h"
#include "rsr/version.h"
#include "score/passes/pass.h"
#include "score/reading.h"
#include "score/settings.h"
#include "score/stored_rows.h"
#include "store/run.h"
#include "student/student_info.h"
#include "text/mask.h"

namespace rsr {
namespace {

using Clock = std::chrono::steady_clock;

// What a pass needs of a stored row.
constexpr uint32_t kColumns = RunReader::kRecord | RunReader::kTokenId | RunReader::kPosition;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void CheckSame(const std::string& run, const char* what, const std::string& stored,
               const std::string& now, const char* hint) {
  if (stored == now) return;
  throw Error(fmt::format("{}: the run was made with another {}: '{}' in the run, '{}' now", run,
                          what, stored, now),
              hint);
}

// The row as a pass keeps it: what it is called, and nothing of its tokens.
RunRow WithoutTokens(RunRow row) {
  row.tokens = {};
  row.record.clear();
  row.kept.clear();
  return row;
}

class PassSession {
 public:
  PassSession(const ExtendOptions& options, const TextSide& text, const RunInfo& info,
              const Pass& pass, const std::string& cpu_level)
      : options_(options), text_(text), info_(info), pass_(pass), files_(options.run, info) {
    summary_.pass = pass.name();
    summary_.options = pass.options();
    RunInfo own = info;
    own.tool_version = kVersion;
    own.created = UtcNow();
    own.cpu_level = cpu_level;
    own.pass = pass.name();
    own.pass_options = pass.options();
    own.kept.clear();
    own.kept_from.clear();
    own.shards.clear();
    own.complete = false;
    const std::string path = PassPath(options.run, pass.name());
    if (const auto there = ReadRunInfo(path); there && there->pass_options != own.pass_options) {
      throw Error(
          fmt::format("{}: this pass was made with other options: '{}' in the run, '{}' now", path,
                      there->pass_options, own.pass_options),
          fmt::format("give those options, or delete {} to make it anew", path));
    }
    writer_ = RunWriter::Open(path, own);
  }

  PassSummary Run(Engine& engine, RunReader& reader, int threads) {
    start_ = Clock::now();
    running_ = threads;
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back([&] { Work(engine); });
    try {
      Feed(reader);
    } catch (...) {
      Fail();
    }
    std::unique_lock lock(mutex_);
    fed_ = true;
    changed_.notify_all();
    while (!changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return running_ == 0; }))
      Report(&lock);
    Report(&lock);
    lock.unlock();
    workers.clear();
    summary_.seconds = SecondsSince(start_);
    if (failure_) {
      // Keep what is done; the first failure is the one to tell.
      try {
        writer_->Finish(false);
      } catch (...) {
      }
      std::rethrow_exception(failure_);
    }
    writer_->Finish(!summary_.stopped);
    return summary_;
  }

 private:
  // Rows that wait for a worker, records and all: two for each.
  size_t most_waiting() const { return 2 * static_cast<size_t>(running_); }

  void Feed(RunReader& reader) {
    reader.ForEach(kColumns, [&](const RunRow& row) {
      std::unique_lock lock(mutex_);
      tokens_total_ += row.scored_tokens;
      if (writer_->done().contains(row.row)) {
        ++summary_.rows_before;
        tokens_before_ += row.scored_tokens;
        return;
      }
      while (!ToEnd() && running_ > 0 && waiting_.size() >= most_waiting()) {
        changed_.wait_for(lock, std::chrono::milliseconds(100));
        Report(&lock);
      }
      if (ToEnd()) return;
      waiting_.push_back(row);
      changed_.notify_all();
    });
  }

  void Work(Engine& engine) {
    try {
      const std::unique_ptr<PassWorker> worker = pass_.NewWorker(engine, text_);
      StoredRows rows(info_, &files_);
      RunRow row;
      while (Next(&row)) {
        int64_t tokens = 0;
        const MaskedTokens masked = TokensOf(rows, row);
        row.pass = worker->Run(masked, &tokens);
        row = WithoutTokens(std::move(row));
        const std::lock_guard lock(mutex_);
        writer_->Append(row);
        ++summary_.rows;
        summary_.tokens += tokens;
        tokens_done_ += row.scored_tokens;
      }
    } catch (...) {
      Fail();
    }
    const std::lock_guard lock(mutex_);
    --running_;
    changed_.notify_all();
  }

  bool Next(RunRow* row) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty() || fed_ || ToEnd(); });
    if (waiting_.empty() || ToEnd()) return false;
    *row = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    return true;
  }

  // The conversation's tokens, which must be those that were scored.
  MaskedTokens TokensOf(StoredRows& rows, const RunRow& row) const {
    MaskedTokens masked;
    try {
      masked = text_.Tokenize(rows.Read(row));
    } catch (const RowError& error) {
      throw Error(fmt::format("run {}: row '{}' cannot be tokenized again: {}", options_.run,
                              row.id, error.message),
                  "score again with this rsr");
    }
    bool same = masked.positions == row.tokens.position;
    for (size_t i = 0; same && i < masked.positions.size(); ++i) {
      same = masked.ids[masked.positions[i]] == row.tokens.token_id[i];
    }
    if (same) return masked;
    throw Error(
        fmt::format("run {}: row '{}' has other scored tokens now ({}) than in the run "
                    "({})",
                    options_.run, row.id, masked.positions.size(), row.tokens.position.size()),
        "this rsr reads or renders it in another way: score again");
  }

  bool ToEnd() {  // mutex_ is held
    if (failure_) return true;
    if (options_.stop && options_.stop()) summary_.stopped = true;
    return summary_.stopped;
  }

  void Fail() {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    changed_.notify_all();
  }

  void Report(std::unique_lock<std::mutex>* lock) {
    if (!options_.on_progress) return;
    const auto total = static_cast<double>(std::max(tokens_total_, info_.scored_tokens));
    const auto done = static_cast<double>(tokens_done_);
    const double left = total - done - static_cast<double>(tokens_before_);
    const double seconds = SecondsSince(start_);
    const int64_t rows = summary_.rows + summary_.rows_before;
    const ScoreProgress progress{.rows_done = rows,
                                 .rows_total = std::max(rows, info_.rows_scored),
                                 .tokens_done = summary_.tokens,
                                 .fraction = total > 0 ? 1 - left / total : 1,
                                 .seconds = seconds,
                                 .seconds_left = done > 0 ? seconds * left / done : -1,
                                 .pass = summary_.pass};
    lock->unlock();
    options_.on_progress(progress);
    lock->lock();
  }

  const ExtendOptions& options_;
  const TextSide& text_;
  const RunInfo& info_;
  const Pass& pass_;
  InputFiles files_;
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::unique_ptr<RunWriter> writer_;
  std::deque<RunRow> waiting_;
  PassSummary summary_;
  std::exception_ptr failure_;
  Clock::time_point start_;
  int running_ = 0;   // workers
  bool fed_ = false;  // all rows are in waiting_
  // Scored tokens of the run's rows: all, those found done, those of this session.
  int64_t tokens_total_ = 0, tokens_before_ = 0, tokens_done_ = 0;
};

// Of all rows that are there.
struct Longest {
  int64_t tokens = 1, record = 0;  // record: bytes
};

Longest LongestOf(RunReader& reader) {
  Longest longest;
  reader.ForEach(RunReader::kNone, [&](const RunRow& row) {
    longest.tokens = std::max<int64_t>(longest.tokens, row.prompt_tokens + row.scored_tokens);
    longest.record = std::max(longest.record, row.length);
  });
  return longest;
}

}  // namespace

std::vector<PassSummary> Extend(const ExtendOptions& options) {
  std::vector<std::unique_ptr<Pass>> passes;
  for (const std::string& text : options.passes) passes.push_back(ParsePass(text));
  if (passes.empty()) throw Error("no pass to add", "for example --add ifd");
  if (options.threads < 0) throw Error("threads must be positive");
  const std::unique_ptr<RunReader> reader = RunReader::Open(options.run);
  const RunInfo& info = reader->info();
  if (info.format_version < kRunFormatVersion) {
    throw Error(fmt::format("{}: has format version {} of an older rsr, which cannot be extended",
                            options.run, info.format_version),
                "score again with this rsr");
  }
  StudentOptions student = StudentOf(info, options.student);
  student.memory = options.memory;
  const StudentInfo student_info = ReadStudent(student.path);
  const std::string student_hash = HashStudent(student_info);
  CheckSame(options.run, "student", info.student_hash, student_hash,
            "name the run's student with --student");
  const std::unique_ptr<TextSide> text = TextSide::Open(student);
  CheckSame(options.run, "chat template", info.template_hash, text->template_hash(),
            "put the template back that it was scored with, or score again");
  CheckSame(options.run, "tokenizer", info.tokenizer_hash, text->tokenizer_hash(),
            "score again with this rsr");
  const int threads = options.threads > 0 ? options.threads : UsableCores();
  const Longest longest = LongestOf(*reader);
  int64_t worker_bytes = 0;  // one pass after the other
  for (const std::unique_ptr<Pass>& pass : passes) {
    worker_bytes = std::max(worker_bytes, pass->WorkerBytes(student_info.width, longest.tokens));
  }
  const std::unique_ptr<Engine> engine =
      OpenEngine({.student = student,
                  .student_hash = student_hash,
                  .workers = threads,
                  .longest_row = longest.tokens,
                  .worker_bytes = worker_bytes,
                  .reading_bytes = ReadingBytes(longest.record, threads)})
          .engine;
  if (options.on_plan) options.on_plan(engine->info().plan);
  std::vector<PassSummary> summaries;
  for (const std::unique_ptr<Pass>& pass : passes) {
    PassSession session(options, *text, info, *pass, engine->info().cpu_level);
    summaries.push_back(session.Run(*engine, *reader, threads));
    if (summaries.back().stopped) break;
  }
  return summaries;
}

}  // namespace rsr
