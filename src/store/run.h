// The run directory: what the left half of rsr writes and the right half reads (docs/formats.md).
//
// Goals: a run killed at any moment loses only the trajectories in flight; a finished shard never
// changes; pandas, polars and DuckDB read it with no help of ours. Non-goals: updates, deletes,
// several writers at once.
//
//   RUN/run.json              RunInfo; written first, rewritten (atomically) when a shard is
//   finished and at the end RUN/vocab.parquet         token_id, piece (bytes) of the student's
//   vocabulary, so that `inspect` needs no student RUN/shards/00000.parquet  finished shards; their
//   XXH3-128 are in run.json RUN/shards/00001.arrows   the shard in flight: an Arrow IPC stream,
//   one record batch a trajectory RUN/rejected.jsonl        every row not scored: file, line, row,
//   id, reason, message RUN/stdin                 what came through standard input, until the run
//   is complete
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rsr {

inline constexpr int kRunFormatVersion = 2;

// What was scored with what. For a run to be continued the hashes, the template date, everything
// under `how` and `input`, max_tokens and the inputs (path and hash, in order) must agree.
struct RunInfo {
  int format_version = kRunFormatVersion;
  std::string tool_version, created;  // created: UTC, ISO 8601
  // student
  std::string student_path, student_hash, student_name, architecture;
  std::string tokenizer_hash, template_hash, template_source, template_date;
  int64_t vocab_size = 0, max_tokens = 0;
  // how
  std::string engine, precision, cpu_level, mask;
  std::optional<std::string> precision_why;  // what made `auto` choose it; not compared
  std::string thinking = "as-template";      // runs of older versions had no other
  // input: the options of rsr::InputOptions, as written on the command line
  std::string dialect, map, teacher_from, where, sample;
  int64_t seed = 0;
  std::string shard;                         // empty: all rows
  std::vector<std::string> kept, kept_from;  // the columns RunRow::kept, and the input's they are
  // Of a pass over another run's rows (docs/passes.md); empty for a run of its own.
  std::string pass, pass_options;
  struct Input {
    std::string path, hash;
    int64_t bytes = 0, rows = 0;
    std::string dialect = {};  // as recognised; empty where no row could be read
  };
  std::vector<Input> inputs;
  // totals, filled as shards are finished
  struct Shard {
    std::string file, hash;
    int64_t rows = 0, tokens = 0;
  };
  std::vector<Shard> shards;
  bool complete = false;  // every input row is scored or rejected
  int64_t rows_scored = 0, rows_rejected = 0, rows_truncated = 0, scored_tokens = 0, tokens = 0;
  int64_t rows_left_out = 0;  // by `where`, `sample` and `shard`
  int64_t turns_given = 0, turns_found = 0;
};

// Per-token columns of one trajectory, all of one length; meanings as rsr::TokenScore, kind as
// rsr::TokenKind.
struct TokenColumns {
  std::vector<float> surprisal, entropy, mass_above, sum_p2, top1_logprob;
  std::vector<int32_t> rank, ties, top1_id, token_id, position;
  std::vector<uint8_t> kind;
  size_t size() const { return surprisal.size(); }
};

// What a pass adds to a run's row; of each pass the columns that RunInfo::pass names.
struct PassColumns {
  // "ifd": -ln p of the scored tokens given those before them alone
  double sum_alone_surprisal = 0;
  std::vector<float> alone_surprisal;
  // "local_surprisal": -ln p of the scored tokens given their window
  int32_t steps = 0;
  double sum_local_surprisal = 0, mean_step_surprisal = 0;
  std::vector<float> local_surprisal;
  std::vector<int32_t> step;  // of each scored token
  // "gradients": kernels/head_gradient.h
  double gnorm_head = 0, gnorm_hidden = 0;
  std::vector<float> projection;
};

struct RunRow {
  int64_t row = 0;
  std::string id, problem_id, teacher, source;
  std::optional<bool> correct;
  int32_t file = 0;                          // index into RunInfo::inputs
  int64_t offset = 0, length = 0, line = 0;  // the original record's bytes
  std::string record;  // the original record where no file holds its bytes (compressed, Parquet,
                       // piped); else empty
  std::vector<std::optional<std::string>> kept;  // columns RunInfo::kept; JSON if not a string
  int32_t prompt_tokens = 0;                     // tokens not scored
  int32_t scored_tokens = 0;
  int32_t turns = 0;        // assistant turns with scored tokens
  int32_t turns_given = 0;  // assistant turns with text or tool calls
  bool truncated = false;
  double sum_surprisal = 0, sum_rank = 0, sum_rank_clip = 0, sum_entropy = 0;  // clip: 100
  TokenColumns tokens;                                                         // empty in a pass
  PassColumns pass;  // empty in a run of its own
};

// How many rows to make room for: run.json may say anything.
inline size_t ExpectedRows(const RunInfo& info) {
  return static_cast<size_t>(std::clamp<int64_t>(info.rows_scored, 0, 1'000'000));
}

struct RejectedRow {
  std::string file;
  int64_t line = 0, row = 0;
  std::string id, reason, message;
};

struct VocabPiece {
  int32_t id;
  std::string piece;
};

// Threading: one thread at a time. A trajectory is on its way to the disk when Append returns
// (fsync every few seconds). After an rsr::Error (disk full) the writer is spent; what is stored
// stays valid, and opening the run again continues it. Destroyed without Finish it leaves what a
// killed process leaves.
class RunWriter {
 public:
  struct Options {
    int64_t shard_tokens =
        int64_t{1} << 20;  // a shard is finished at this many scored tokens: some 40 MB in flight
    double sync_seconds = 5;
  };

  // Creates the directory, or continues the run in it: finished shards are verified, complete
  // batches of the shard in flight are kept, what is torn behind them is dropped, leftovers of a
  // killed run removed. Throws rsr::Error with both values if the run there was made with another
  // student, template, mask, precision, engine, limit or input, has another format version, or a
  // damaged shard; and if the directory is not writable, is locked by another process, or holds
  // something else than a run.
  static std::unique_ptr<RunWriter> Open(const std::string& dir, const RunInfo& info,
                                         const Options& options);
  static std::unique_ptr<RunWriter> Open(const std::string& dir, const RunInfo& info) {
    return Open(dir, info, Options());
  }
  // Throws rsr::Error if `dir` is there and holds something else than a run.
  static void RefuseForeign(const std::string& dir);
  virtual ~RunWriter() = default;

  virtual const std::set<int64_t>& done() const = 0;  // `row` of every stored trajectory
  virtual const RunInfo& info() const = 0;  // created, template_date etc. as first written
  virtual void WriteVocab(const std::vector<VocabPiece>& pieces) = 0;  // nothing if it is there
  virtual void Append(const RunRow& row) = 0;  // invalid UTF-8 in its strings is stored as U+FFFD
  // The whole of rejected.jsonl, sorted by row; written atomically. Called when the reading is over
  // (or stopped). `left_out`: rows that options left out.
  virtual void WriteRejected(const std::vector<RejectedRow>& rejected, int64_t left_out) = 0;
  void WriteRejected(const std::vector<RejectedRow>& rejected) { WriteRejected(rejected, 0); }
  // Closes the shard in flight and writes the totals. `complete`: no input row is left.
  virtual void Finish(bool complete) = 0;
};

inline std::string StdinPath(const std::string& dir) { return dir + "/stdin"; }

// A pass over the rows of a run is kept like a run, in a directory of its own inside the run's.
inline std::string PassPath(const std::string& run, const std::string& pass) {
  return run + "/passes/" + pass;
}

// The template date etc. of an existing run, or nothing where there is none: `score` pins today's
// date only once.
std::optional<RunInfo> ReadRunInfo(const std::string& dir);

// Reads one run, the shard in flight included. Throws rsr::Error naming the damaged file.
class RunReader {
 public:
  static std::unique_ptr<RunReader> Open(const std::string& dir);
  virtual ~RunReader() = default;

  virtual const RunInfo& info() const = 0;

  // Columns to read besides the row's small ones; the rest stay empty. Names as in
  // docs/formats.md.
  enum Columns : uint32_t {
    kNone = 0,
    kSurprisal = 1,
    kRank = 2,
    kTies = 4,
    kEntropy = 8,
    kMassAbove = 16,
    kSumP2 = 32,
    kTop1Id = 64,
    kTop1Logprob = 128,
    kTokenId = 256,
    kPosition = 512,
    kKind = 1024,
    kRecord = 2048,
    kPassLists = 4096,
    kAll = 8191
  };
  // Every stored trajectory once, in storage order (not input order). The row is only valid during
  // the call. With `wanted` only those for which it holds, looking at the row's small columns:
  // token columns are read of the row groups that hold one of them.
  virtual void ForEach(uint32_t columns, const std::function<void(const RunRow&)>& visit,
                       const std::function<bool(const RunRow&)>& wanted = {}) = 0;

  virtual std::vector<std::string> ReadVocab() = 0;  // indexed by token id
};

}  // namespace rsr
