#include "select/fitness.h"

#include "select/formats/chat_json.h"
#include "select/row_maker.h"

namespace rsr {

bool Fitness::Check(const std::vector<Candidate>& picks) {
  if (format_ == ExportFormat::kJsonl || format_ == ExportFormat::kOriginal) return true;
  std::vector<Candidate> unseen;
  for (const Candidate& pick : picks)
    if (seen_.insert(pick.index).second) unseen.push_back(pick);
  RowMaker rows(data_, format_, files_, unseen, scratch_);
  const size_t before = unfit_.size();
  for (const Candidate& pick : unseen) {
    const ScoredRow& row = data_.rows[pick.index];
    try {
      format_ == ExportFormat::kParquet ? void(rows.Chat(pick)) : void(rows.Line(pick));
    } catch (const Unfit& unfit) {
      unfit_.insert(pick.index);
      rejected_.push_back({data_.runs[row.run].info.inputs.at(row.file).path, row.line, row.row,
                           row.id, unfit.reason, unfit.message});
    }
  }
  return unfit_.size() == before;
}

}  // namespace rsr
