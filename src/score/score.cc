// Score(): plan, then workers that pull trajectories from the reader and push rows to the store.
//
// Each worker is one thread with its own scratch memory, which takes as many trajectories at once
// as the engine likes to have together. Reading and storing go through one mutex: they take
// microseconds beside a forward pass of seconds. No row's numbers depend on what it is scored with.
#include "rsr/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "base/cores.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/inputs.h"
#include "data/reader.h"
#include "data/row_source.h"
#include "engine/open_engine.h"
#include "rsr/error.h"
#include "score/kept_stdin.h"
#include "score/reading.h"
#include "score/row.h"
#include "score/settings.h"
#include "store/run.h"
#include "student/student_info.h"
#include "text/mask.h"

namespace rsr {
namespace {

using Clock = std::chrono::steady_clock;

// Tokens that a template adds to a row at most. Each of the others stands for at least a byte of
// the record.
constexpr int64_t kTemplateTokens = 4096;

int64_t LongestRecord(const std::vector<InputFile>& inputs) {
  int64_t bytes = 0;
  for (const InputFile& input : inputs) bytes = std::max(bytes, input.longest_row_bytes);
  return bytes;
}

// A trajectory between the reader and the store.
struct Item {
  Trajectory trajectory;
  MaskedTokens masked;
  std::vector<TokenStats> stats;
};

void CheckRecord(int64_t bytes, int64_t most) {
  if (bytes <= most) return;
  throw RowError{"row-too-long",
                 fmt::format("the record has {} bytes; for more than {}, tokenizing takes more "
                             "memory than was planned; give more --memory",
                             bytes, most)};
}

void CheckMemory(const EngineInfo& engine, int64_t tokens) {
  if (tokens <= engine.most_tokens) return;
  throw RowError{"too-long",
                 fmt::format("{} tokens take more memory than was planned: {} MB are "
                             "enough for {}; give more --memory",
                             tokens, engine.plan.limit / 1'000'000, engine.most_tokens)};
}

// The state the workers share.
class Session {
 public:
  Session(const ScoreOptions& options, const TextSide& text, RunWriter& writer,
          const std::vector<InputFile>& inputs, TrajectoryReader& reader, int64_t most_record)
      : options_(options),
        text_(text),
        writer_(writer),
        most_record_(most_record),
        reader_(reader) {
    for (const InputFile& input : inputs) {
      rows_total_ += input.rows;
      bytes_total_ += static_cast<double>(input.row_bytes);
    }
  }

  // Scores until the input ends, `stop` says so or somebody failed; rethrows the first failure.
  void Run(Engine& engine, int threads) {
    start_ = Clock::now();
    workers_ = threads;
    std::vector<std::jthread> workers;
    int running = threads;
    std::condition_variable ended;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        Work(engine);
        const std::lock_guard lock(mutex_);
        --running;
        ended.notify_one();
      });
    }
    std::unique_lock lock(mutex_);
    while (!ended.wait_for(lock, std::chrono::milliseconds(100), [&] { return running == 0; }))
      Report(&lock);
    Report(&lock);
    lock.unlock();
    workers.clear();
    summary_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (failure_) std::rethrow_exception(failure_);
  }

  ScoreSummary& summary() {
    summary_.left_out = reader_.left_out().by_option();
    return summary_;
  }
  const std::vector<RejectedRow>& rejected() const { return rejected_; }
  int64_t rows_left_out() const { return reader_.left_out().rows(); }

 private:
  void Report(std::unique_lock<std::mutex>* lock) {
    if (!options_.on_progress) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double left = bytes_taken_ - bytes_done_ + BytesToTake();
    const double all = bytes_before_ + bytes_done_ + left;
    const ScoreProgress progress{
        .rows_done = rows_done_ + reader_.left_out().rows(),
        .rows_total = rows_total_,
        .tokens_done = summary_.tokens,
        .fraction = all > 0 ? 1 - left / all : 1,
        .seconds = seconds,
        .seconds_left = bytes_done_ > 0 ? seconds * left / bytes_done_ : -1};
    lock->unlock();
    options_.on_progress(progress);
    lock->lock();
  }

  void Work(Engine& engine) {
    try {
      const std::unique_ptr<EngineWorker> worker = engine.NewWorker();
      std::optional<Item> next;
      for (;;) {
        std::vector<Item> pack = TakePack(engine.info(), &next);
        if (pack.empty()) return;
        ScorePack(*worker, pack);
        Store(pack);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }

  // Trajectories of together at most the engine's pack_tokens, or a single one; none when the
  // session is to end. One that was taken but had no room is left in `next`.
  std::vector<Item> TakePack(const EngineInfo& engine, std::optional<Item>* next) {
    std::vector<Item> pack;
    int64_t tokens = engine.pack_tokens;
    double bytes = 0;
    while (*next || Take(engine, next)) {
      tokens -= static_cast<int64_t>((*next)->masked.ids.size());
      if (tokens < 0 && !pack.empty()) break;
      bytes += static_cast<double>((*next)->trajectory.span.length);
      pack.push_back(*std::move(*next));
      next->reset();
      if (tokens <= 0 || bytes >= Share()) break;
    }
    const std::lock_guard lock(mutex_);
    if (ToEnd()) pack.clear();  // nothing of it is computed yet
    return pack;
  }

  // Bytes of a worker's share of what nobody has taken: towards the end packs become smaller, so
  // that all cores have some.
  double Share() {
    const std::lock_guard lock(mutex_);
    return BytesToTake() / workers_;
  }

  // Bytes of records that nobody has taken and that will be scored: the same share of what is not
  // yet read as of what is. mutex_ is held.
  double BytesToTake() const {
    const double scored = bytes_before_ + bytes_taken_;
    const double read = scored + bytes_rejected_ + static_cast<double>(reader_.left_out().bytes);
    return std::max(0.0, bytes_total_ - read) * (read > 0 ? scored / read : 1);
  }

  // The next trajectory that can be scored, as tokens; false when there is none or the session is
  // to end.
  bool Take(const EngineInfo& engine, std::optional<Item>* item) {
    Trajectory trajectory;
    while (Next(&trajectory)) {
      try {
        CheckRecord(trajectory.span.length, most_record_);
        MaskedTokens masked = text_.Tokenize(trajectory);
        CheckMemory(engine, static_cast<int64_t>(masked.ids.size()));
        trajectory.messages.clear();  // not needed any more, and packs may be long
        item->emplace(Item{std::move(trajectory), std::move(masked), {}});
        return true;
      } catch (const RowError& e) {
        const std::lock_guard lock(mutex_);
        Reject(MakeRejected(FileName(trajectory.span), trajectory, e), trajectory.span);
        bytes_taken_ -= static_cast<double>(trajectory.span.length);
      }
    }
    return false;
  }

  void ScorePack(EngineWorker& worker, std::vector<Item>& pack) {
    std::vector<ScoreRequest> requests;
    for (Item& item : pack) {
      item.stats.resize(item.masked.positions.size());
      requests.push_back({item.masked.ids, item.masked.positions, item.stats.data()});
    }
    try {
      worker.Score(requests);
    } catch (const SequenceError& error) {
      const Trajectory& trajectory = pack[error.sequence()].trajectory;
      throw Error(fmt::format("{}:{}: '{}' cannot be scored: {}", FileName(trajectory.span),
                              trajectory.span.line, trajectory.id, error.message()),
                  error.hint(), error.kind());
    }
  }

  void Store(const std::vector<Item>& pack) {
    for (const auto& [trajectory, masked, stats] : pack) {
      const RunRow row = MakeRow(trajectory, masked, stats);
      const std::lock_guard lock(mutex_);
      writer_.Append(row);
      Count(masked);
      bytes_done_ += static_cast<double>(trajectory.span.length);
    }
  }

  bool ToEnd() {  // mutex_ is held
    if (failure_) return true;
    if (options_.stop && options_.stop()) summary_.stopped = true;
    return summary_.stopped;
  }

  // The next trajectory of the input; false when there is none or the session is to end.
  bool Next(Trajectory* trajectory) {
    const std::lock_guard lock(mutex_);
    for (;;) {
      if (ToEnd()) return false;
      ReadItem item;
      if (!reader_.Next(&item)) return false;
      if (auto* bad = std::get_if<Rejection>(&item)) {
        Reject({FileName(bad->span), bad->span.line, bad->row, bad->id, bad->reason, bad->message},
               bad->span);
      } else if (*trajectory = std::move(std::get<Trajectory>(item));
                 writer_.done().contains(trajectory->row)) {
        ++rows_done_;
        ++summary_.rows_before;
        bytes_before_ += static_cast<double>(trajectory->span.length);
      } else {
        bytes_taken_ += static_cast<double>(trajectory->span.length);
        return true;
      }
    }
  }

  std::string FileName(const RecordSpan& span) const {
    return InputName(options_.input.files[span.file]);
  }

  void Reject(RejectedRow row, const RecordSpan& span) {
    if (options_.input.fail_on_bad_row) {
      throw Error(row.message, "leave out --bad-rows fail to set such rows aside and go on");
    }
    ++rows_done_;
    bytes_rejected_ += static_cast<double>(span.length);
    ++summary_.rows_rejected;
    const int64_t seen = ++summary_.rejected_by_reason[row.reason];
    if (seen <= kExamples) summary_.rejected_examples.push_back(row.message);
    rejected_.push_back(std::move(row));
  }

  void Count(const MaskedTokens& masked) {
    ++rows_done_;
    ++summary_.rows_scored;
    summary_.rows_truncated += masked.truncated;
    summary_.turns_given += masked.turns_given;
    summary_.turns_found += masked.turns_found;
    AddNotes(masked, &summary_.notes);
    summary_.tokens += static_cast<int64_t>(masked.ids.size());
    summary_.scored_tokens += static_cast<int64_t>(masked.positions.size());
  }

  // Messages kept of each reason; all are in rejected.jsonl.
  static constexpr int64_t kExamples = 5;

  const ScoreOptions& options_;
  const TextSide& text_;
  RunWriter& writer_;
  const int64_t most_record_;  // bytes
  std::mutex mutex_;           // guards everything below, and writer_
  TrajectoryReader& reader_;
  std::vector<RejectedRow> rejected_;
  ScoreSummary summary_;
  std::exception_ptr failure_;
  Clock::time_point start_;
  // Of the rows' records: all, those found stored, those taken and stored in this session.
  double bytes_total_ = 0, bytes_before_ = 0, bytes_rejected_ = 0;
  double bytes_taken_ = 0, bytes_done_ = 0;
  int workers_ = 1;
  int64_t rows_done_ = 0;
  int64_t rows_total_ = 0;
};

}  // namespace

ScoreSummary Score(const ScoreOptions& given) {
  ScoreOptions options = given;
  // What costs least is refused first: arguments and files before the student is loaded.
  options.input.files = ExpandInputs(given.input.files);
  if (options.out.empty()) throw Error("no run directory", "name one with --out");
  if (options.threads < 0 || options.sweep_rows < 1)
    throw Error("threads and sweep rows must be positive");
  const StudentInfo student = ReadStudent(options.student.path);
  RunWriter::RefuseForeign(options.out);
  const bool piped =
      std::count(options.input.files.begin(), options.input.files.end(), kStandardInput) > 0;
  const std::string stdin_file = piped ? KeepStdin(options.out, options.stop) : "";
  const std::vector<InputFile> inputs = ScanInputs(options.input, stdin_file);
  if (const auto existing = ReadRunInfo(options.out)) KeepChoices(*existing, &options.student);
  const std::unique_ptr<TextSide> text = TextSide::Open(options.student);
  // Before there is a run: one with a slip in an option could not be continued without it.
  TrajectoryReader reader(options.input, stdin_file);
  const int threads = options.threads > 0 ? options.threads : UsableCores();
  const std::string student_hash = HashStudent(student);
  EngineOptions planned{.student = options.student,
                        .student_hash = student_hash,
                        .workers = threads,
                        .sweep_rows = options.sweep_rows};
  const int64_t most_record = MostRecordBytes(planned);
  const int64_t longest_record = std::min(LongestRecord(inputs), most_record);
  planned.longest_row = longest_record + kTemplateTokens;
  planned.reading_bytes = ReadingBytes(longest_record, threads);
  const auto [engine, why_not_native] = OpenEngine(planned);
  const std::unique_ptr<RunWriter> writer = RunWriter::Open(
      options.out, DescribeRun(options, student, student_hash, *text, engine->info(), inputs));
  std::vector<VocabPiece> pieces;
  for (int32_t id = 0; id < text->vocab_size(); ++id) pieces.push_back({id, text->Piece(id)});
  writer->WriteVocab(pieces);

  const ScorePlan plan{.memory = engine->info().plan,
                       .engine = engine->info().name,
                       .why_not_native = why_not_native,
                       .precision = engine->info().precision,
                       .precision_why = engine->info().precision_why,
                       .precision_note = engine->info().precision_note,
                       .rows_before = static_cast<int64_t>(writer->done().size())};
  if (options.on_plan) options.on_plan(plan);
  Session session(options, *text, *writer, inputs, reader, most_record);
  try {
    session.Run(*engine, threads);
  } catch (...) {
    // Keep what is done; the first failure is the one to tell.
    try {
      writer->Finish(false);
    } catch (...) {
    }
    throw;
  }
  writer->WriteRejected(session.rejected(), session.rows_left_out());
  writer->Finish(!session.summary().stopped);
  if (piped && !session.summary().stopped) DropKeptStdin(options.out);
  ScoreSummary summary = session.summary();
  summary.plan = plan;
  summary.peak_rss_bytes = PeakRssBytes();
  return summary;
}

}  // namespace rsr
