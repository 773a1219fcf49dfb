// Choose training data from the scores (docs/select.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rsr {

// What the chosen rows are written as (docs/exports.md).
enum class ExportFormat {
  kJsonl,         // the original records, each with an `rsr` block added
  kOriginal,      // the original records, byte for byte
  kLlamaFactory,  // LLaMA-Factory's sharegpt form, and dataset_info.json
  kTrl,           // messages and tools; prompt and completion for scores of --mask last
  kAxolotl,       // messages and tools for its chat_template type, and axolotl.yaml
  kParquet,       // messages, tools, rsr and the original record as columns
};

// Sets written beside the selection, to see what the metric is worth (docs/select.md).
enum class Control {
  kRandom,         // the same limits, rows in random order
  kTokenMatched,   // random rows with the selection's scored tokens, within 2 %
  kLengthMatched,  // as many random rows of each band of lengths, and its tokens within 2 %
  kWorst,          // the same limits, worst first
};

// Near-duplicates by MinHash over the scored token ids (docs/select.md).
struct DedupOptions {
  double jaccard = 0;  // rows at least as similar as this are duplicates, in (0, 1]; 0: none are
  int shingle = 5;     // tokens
  int permutations = 128;  // the estimate's standard deviation is at most 0.5 / sqrt(permutations)
};

struct SelectOptions {
  std::vector<std::string> runs;
  std::string out;  // directory; gets the data file, manifest.json and what the format needs beside
                    // them; must not hold another selection
  ExportFormat format = ExportFormat::kJsonl;
  std::string metric = "rsr";

  // How much is taken: at least one of these; where several are given all of them hold.
  int64_t per_problem = 0;          // at most this many of each problem
  int64_t top = 0;                  // at most this many of all
  int64_t budget_tokens = 0;        // at most this many scored tokens
  std::vector<std::string> quotas;  // COLUMN:VALUE=LIMIT,..: at most so much of each group

  // As MetricsOptions::join: columns to rank or filter by.
  std::vector<std::string> join;

  // Which rows are candidates.
  std::string where;          // a filter over columns of the run and metrics; empty: all rows
  bool correct_only = false;  // not those labelled wrong; rows without a label are an error then
  DedupOptions dedup;         // not near-duplicates of a row already taken

  std::vector<Control> controls;  // each in `out`/controls/NAME, with its own manifest
  uint64_t seed = 0;              // of what is random: controls, MinHash

  // Each row of the selection gets LARK's weight (arXiv 2605.30651), by the metric.
  bool chi2_weights = false;

  // The next best row takes the place of one that the format cannot say; else it stays empty.
  bool replace_unfit = true;
};

// What a set of rows is made of.
struct Composition {
  std::string name;  // `candidates`, `selected`, or a control's: `random`, `token-matched` ...
  int64_t rows = 0, problems = 0, scored_tokens = 0;
  std::optional<double> accuracy;             // share of the labelled rows that are correct
  std::optional<double> value;                // of the metric, as a group's
  std::map<std::string, int64_t> by_teacher;  // rows
  int64_t also_selected = 0;                  // of the rows, those in the selection
};

struct SelectSummary {
  int64_t selected = 0, selected_tokens = 0;  // tokens: scored
  int64_t candidates = 0, problems = 0;
  // Rows that are no candidates, in all and by reason: `where`, `labelled-wrong`, `no-value`.
  int64_t left_out = 0;
  std::map<std::string, int64_t> left_out_by_reason;
  // Candidates not taken, by the first rule against them: `unfit`, `per-problem`, `top`, `quota`,
  // `budget`, `duplicate`.
  std::map<std::string, int64_t> passed_over;
  // Chosen, but the format cannot say what they say: in rejected.jsonl and not in `selected`.
  int64_t unfit = 0;
  std::map<std::string, int64_t> unfit_by_reason;
  std::vector<std::string> unfit_examples;  // file:line: message, the first five of each reason
  struct Quota {
    std::string group;                       // COLUMN:VALUE
    int64_t max_rows = -1, max_tokens = -1;  // -1: no limit
    int64_t candidates = 0, rows = 0, tokens = 0;
  };
  std::vector<Quota> quotas;
  std::vector<Composition> sets;      // the candidates, the selection, the controls
  std::vector<std::string> warnings;  // a limit that was not reached, a choice that was none
  std::string data_file, manifest_file;
};

// Candidates are gone through best first, ties in input order, and each is taken unless one of the
// limits stands against it. Throws rsr::Error, also when an input file has changed since it was
// scored, when nothing is left to choose from, and where no chosen row fits the format.
SelectSummary Select(const SelectOptions& options);

}  // namespace rsr
