// Choose training data from the scores.
#pragma once

#include <cstdint>
#include <map>
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

struct SelectOptions {
  std::vector<std::string> runs;
  std::string out;  // directory; gets the data file, manifest.json and what the format needs beside
                    // them; must not hold another selection
  ExportFormat format = ExportFormat::kJsonl;
  std::string metric = "rsr";
  int64_t per_problem = 0;  // this many of each problem; exactly one of per_problem and top is set
  int64_t top = 0;          // this many of all
  bool correct_only =
      false;  // leave out rows labelled wrong; rows without a label are an error then
};

struct SelectSummary {
  int64_t selected = 0, candidates = 0, problems = 0;
  int64_t left_out = 0;  // not candidates: labelled wrong, or no scored token
  // Chosen, but the format cannot say what they say: in rejected.jsonl and not in `selected`.
  int64_t unfit = 0;
  std::map<std::string, int64_t> unfit_by_reason;
  std::vector<std::string> unfit_examples;  // file:line: message, the first five of each reason
  std::map<std::string, int64_t> by_teacher;
  std::string data_file, manifest_file;
};

// Ties are broken by input order. Throws rsr::Error, also when an input file has changed since it
// was scored, and where no chosen row fits the format.
SelectSummary Select(const SelectOptions& options);

}  // namespace rsr
