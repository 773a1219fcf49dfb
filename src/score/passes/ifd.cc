// Instruction-following difficulty (arXiv 2308.12032): how much the prompt helps with the answer.
#include <numeric>

#include "score/passes/pass.h"
#include "score/passes/turn_start.h"

namespace rsr {
namespace {

class IfdWorker : public PassWorker {
 public:
  IfdWorker(Engine& engine, const TextSide& text) : text_(text), worker_(engine.NewWorker()) {}

  PassColumns Run(const MaskedTokens& masked, int64_t* tokens) override {
    std::vector<int32_t> ids = TurnStart(masked, text_);
    std::vector<int32_t> positions(masked.positions.size());
    std::iota(positions.begin(), positions.end(), static_cast<int32_t>(ids.size()));
    for (const int32_t position : masked.positions) ids.push_back(masked.ids[position]);
    stats_.resize(positions.size());
    worker_->Score(ids, positions, stats_.data());
    *tokens += static_cast<int64_t>(ids.size());
    PassColumns columns;
    for (const TokenStats& s : stats_) {
      columns.alone_surprisal.push_back(s.surprisal);
      columns.sum_alone_surprisal += s.surprisal;
    }
    return columns;
  }

 private:
  const TextSide& text_;
  const std::unique_ptr<EngineWorker> worker_;
  std::vector<TokenStats> stats_;
};

class Ifd : public Pass {
 public:
  std::string name() const override { return "ifd"; }
  std::string options() const override { return ""; }
  int64_t WorkerBytes(int64_t, int64_t) const override { return 0; }
  std::unique_ptr<PassWorker> NewWorker(Engine& engine, const TextSide& text) const override {
    return std::make_unique<IfdWorker>(engine, text);
  }
};

}  // namespace

std::unique_ptr<Pass> NewIfd(PassOptions options) {
  options.CheckAllKnown();
  return std::make_unique<Ifd>();
}

}  // namespace rsr
