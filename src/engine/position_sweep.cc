#include "engine/position_sweep.h"

#include <fmt/format.h>

namespace rsr {

PositionSweep::PositionSweep(const OutputMatrix& matrix, const LogitTransform& transform,
                             int64_t rows)
    : width_(matrix.width()),
      rows_(static_cast<size_t>(rows)),
      sweep_(NewVocabSweep(matrix, transform)) {}

void PositionSweep::Begin(std::span<const ScoreRequest> pack) {
  pack_ = pack;
  places_.clear();
  targets_.clear();
}

float* PositionSweep::Add(size_t sequence, size_t index) {
  if (places_.size() == rows_) Finish();
  const ScoreRequest& request = pack_[sequence];
  places_.push_back({sequence, index});
  targets_.push_back(request.ids[static_cast<size_t>(request.positions[index])]);
  hidden_.resize(places_.size() * static_cast<size_t>(width_));
  return hidden_.data() + hidden_.size() - width_;
}

void PositionSweep::Finish() {
  stats_.resize(places_.size());
  try {
    sweep_->Run(hidden_.data(), targets_, stats_.data());
  } catch (const SweepError& error) {
    const auto [sequence, index] = places_[error.row()];
    throw SequenceError(
        sequence,
        Error(fmt::format("position {}: {}", pack_[sequence].positions[index], error.message()),
              error.hint(), error.kind()));
  }
  for (size_t row = 0; row < places_.size(); ++row) {
    pack_[places_[row].sequence].out[places_[row].index] = stats_[row];
  }
  places_.clear();
  targets_.clear();
}

}  // namespace rsr
