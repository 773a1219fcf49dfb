// Score files of trajectories into a run directory (docs/formats.md), or check them without running
// the student.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rsr/error.h"
#include "rsr/memory_plan.h"
#include "rsr/student.h"

namespace rsr {

struct InputOptions {
  // Chats as JSON Lines, a JSON array or Parquet, plain, gzip or Zstandard, told by their content;
  // names, patterns (sorted), or "-" for standard input (docs/input.md).
  std::vector<std::string> files;
  // How rows say what was said: "messages", "sharegpt", "alpaca", "prompt", or "auto", by the first
  // row of each file that shows it.
  std::string dialect = "auto";
  // (field, column) where a field of docs/input.md has another name: {"problem_id", "task"}.
  // Columns here and below may be fields of nested objects: "meta.task".
  std::vector<std::pair<std::string, std::string>> map;
  // Where a row's teacher is: a column that every row must have, or "filename". Empty: `teacher` if
  // the row has it, else the file's name.
  std::string teacher_from;
  // (name, column) of further columns to store in the run.
  std::vector<std::pair<std::string, std::string>> keep;
  // Rows for which this filter is not true are left out (docs/input.md). Empty: none.
  std::string where;
  // "200/teacher", "2/problem" or "1000": so many rows of each teacher, of each problem or of all,
  // chosen by the hash of `seed` and their ids, so that the order of the input does not matter; of
  // teachers by that of their problems first, so that they are compared on the same.
  // Empty: all.
  std::string sample;
  int64_t seed = 0;
  // "2/3": of what `where` and `sample` leave, the second of three parts, rejected rows included;
  // scored into runs of their own the three are read as one run of everything. Empty: all.
  std::string shard;
  // Whether a bad row is an rsr::Error. Else it is counted, kept in rejected.jsonl, and the rest
  // goes on.
  bool fail_on_bad_row = false;
};

struct ScoreProgress {
  int64_t rows_done = 0;  // scored, rejected or left out, those of an earlier session included
  int64_t rows_total = 0;
  int64_t tokens_done = 0;   // through the student, this session
  double fraction = 0;       // of the work, 0 to 1, what an earlier session did included
  double seconds = 0;        // since the first trajectory of this session
  double seconds_left = -1;  // at the pace of this session; below 0: not known yet
  std::string pass;          // of Extend: its name
};

// What is settled before the first row is scored.
struct ScorePlan {
  MemoryPlan memory;
  std::string engine;          // what kAuto chose: "native" or "llama"
  std::string why_not_native;  // why it chose "llama", in one clause; else empty
  std::string precision;       // what kAuto chose: "f32", "bf16" or "native"
  std::string precision_why;   // in one clause, if kAuto was asked for; else empty
  std::string precision_note;  // what to weigh before a long run, if there is something
  int64_t rows_before = 0;     // stored by an earlier session
};

struct ScoreOptions {
  StudentOptions student;
  InputOptions input;
  std::string out;  // run directory; made if absent, continued if it holds the same run
  int threads = 0;  // workers, one core each; 0: all cores this process may use
  // Positions per vocabulary sweep; changes memory and speed, never the result.
  int64_t sweep_rows = 256;
  // Each may be empty.
  std::function<void(const ScorePlan&)> on_plan;  // called once, before the first row is scored
  std::function<void(const ScoreProgress&)> on_progress;  // called now and then from one thread
  // Polled between trajectories, from any worker; true closes the shard and returns.
  std::function<bool()> stop;
};

// What a person should know about the masks, beside their counts. Of rows that are scored.
struct MaskNotes {
  int64_t special_tokens_in_content = 0;  // special tokens written inside message text
  int64_t turns_excluded = 0;  // assistant messages left out by `train`, `weight` or `prefilled`
  int64_t reasoning_turns_stripped = 0;  // assistant messages whose reasoning is not printed,
  int64_t reasoning_chars_stripped = 0;  // and that reasoning's Unicode characters
  int64_t content_turns_stripped = 0;    // whose content or tool calls are not
};

struct ScoreSummary {
  int64_t rows_scored = 0;    // this session
  int64_t rows_before = 0;    // found done in the run directory
  int64_t rows_rejected = 0;  // of the whole input
  std::map<std::string, int64_t> rejected_by_reason;
  std::vector<std::string> rejected_examples;  // file:line: message, the first five of each reason
  std::map<std::string, int64_t> left_out;     // rows, by the option: "where", "sample", "shard"
  // Of the rows scored this session.
  int64_t rows_truncated = 0;
  int64_t turns_given = 0;  // assistant messages that the mask is to score
  int64_t turns_found = 0;  // of those, with scored tokens
  MaskNotes notes;
  int64_t tokens = 0, scored_tokens = 0;  // this session
  double seconds = 0;
  int64_t peak_rss_bytes = 0;
  bool stopped = false;  // `stop` asked for it: the same call continues the run
  ScorePlan plan;
};

// Throws rsr::Error for unusable options, student or run directory; bad rows follow
// `fail_on_bad_row`.
ScoreSummary Score(const ScoreOptions& options);

struct CheckOptions {
  StudentOptions student;  // engine, precision and memory are not used
  InputOptions input;
  int show = 0;        // rendered conversations to return in `previews`
  bool color = false;  // scored text of previews in ANSI colour, else between markers
};

// What one input file holds. All but `rows`, `rejected` and `over_limit` is of the rows that would
// be scored.
struct FileCheck {
  std::string file;
  std::string dialect;  // as recognised; empty where no row could be read
  int64_t rows = 0;     // those left out and rejected included
  int64_t rejected = 0;
  int64_t problems = 0;
  int64_t turns = 0;                              // assistant messages with scored tokens
  int64_t tokens = 0, scored_tokens = 0;          // after truncation
  int64_t reasoning_tokens = 0, tool_tokens = 0;  // of the scored ones
  int64_t longest = 0;                            // tokens of a row, before truncation
  int64_t over_limit = 0;  // rows that are truncated, or rejected as too long
  MaskNotes notes;
  std::vector<std::string> teachers;        // sorted
  std::map<std::string, int64_t> left_out;  // rows, by the option: "where", "sample", "shard"
  std::map<std::string, int64_t> rejected_by_reason;
  std::vector<std::string> rejected_examples;  // file:line: message, the first five of each reason
};

struct CheckReport {
  std::vector<FileCheck> files;
  std::vector<std::string> previews;
  std::string template_source;  // where the chat template came from
  int64_t limit = 0;            // tokens a row may have before it is truncated
  // What Score would throw for a student that is a directory, as far as headers tell.
  std::optional<Error> cannot_score;
};

// Reads, renders, tokenizes and masks every row as Score would, without running the student. Throws
// rsr::Error for an unusable student or input; bad rows follow `fail_on_bad_row`.
CheckReport Check(const CheckOptions& options);

}  // namespace rsr
