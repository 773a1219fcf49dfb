// Records turned into the rows of a format.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/row_parser.h"
#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"
#include "select/formats/chat_json.h"
#include "select/records.h"

namespace rsr {

class RowMaker {
 public:
  // For these picks only. What is passed must outlive it; `scratch` as for Records.
  RowMaker(const ScoredRows& data, ExportFormat format, RunInputs& files,
           const std::vector<Candidate>& picks, const std::string& scratch);

  // One line of JSON. Throws Unfit where the format cannot say what the record says.
  std::string Line(const Candidate& pick);
  // The conversation, for Parquet. Throws Unfit.
  Trajectory Chat(const Candidate& pick);
  // The original record on one line.
  std::string Record(const Candidate& pick);

 private:
  Json TrainerRow(const Trajectory& chat) const;
  Trajectory Parse(std::string_view record, const ScoredRow& row);
  RowParser& ParserOf(const ScoredRow& row);
  std::vector<Message> AsScored(const std::vector<Message>& messages,
                                const std::string& thinking) const;

  const ScoredRows& data_;
  const ExportFormat format_;
  Records records_;
  const bool last_only_;
  std::map<std::pair<size_t, int32_t>, std::unique_ptr<RowParser>> parsers_;  // of run and file
};

}  // namespace rsr
