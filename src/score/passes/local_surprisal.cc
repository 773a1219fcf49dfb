// Local surprisal: each reasoning step given only the steps right before it (arXiv 2601.14249 eq.
// 11; LALP, arXiv 2510.03988).
#include <fmt/format.h>

#include <algorithm>

#include "score/passes/pass.h"
#include "score/passes/steps.h"
#include "score/passes/turn_start.h"

namespace rsr {
namespace {

struct LocalOptions {
  int64_t k = 4;
  std::string prompt, split;

  StepSplit Split() const {
    return split == "line"        ? StepSplit::kLine
           : split == "paragraph" ? StepSplit::kParagraph
                                  : StepSplit::kSentence;
  }
};

// Scored tokens [first, last) with what they are predicted from.
struct StepWindow {
  size_t first = 0, last = 0;
  std::vector<int32_t> ids, positions;
};

// The windows of one trajectory. All steps that see the first one share a window: they see all
// that is before them.
class Windows {
 public:
  Windows(const MaskedTokens& masked, const std::vector<int32_t>& steps,
          std::vector<int32_t> in_front, int64_t k)
      : masked_(masked), steps_(steps), in_front_(std::move(in_front)), k_(k) {
    for (size_t i = 0; i < steps.size(); ++i) {
      if (i == 0 || steps[i] != steps[i - 1]) firsts_.push_back(i);
    }
    firsts_.push_back(steps.size());
  }

  bool Next(StepWindow* window) {
    const auto steps = static_cast<int64_t>(firsts_.size()) - 1;
    if (step_ >= steps) return false;
    const int64_t last_step = step_ == 0 ? std::min(k_, steps - 1) : step_;
    window->first = firsts_[step_];
    window->last = firsts_[last_step + 1];
    const int32_t begin = BeginOf(std::max<int64_t>(0, last_step - k_));
    const int32_t end = masked_.positions[window->last - 1] + 1;
    window->ids = in_front_;
    window->ids.insert(window->ids.end(), masked_.ids.begin() + begin, masked_.ids.begin() + end);
    window->positions.clear();
    const int32_t moved = static_cast<int32_t>(in_front_.size()) - begin;
    for (size_t i = window->first; i < window->last; ++i) {
      window->positions.push_back(masked_.positions[i] + moved);
    }
    step_ = last_step + 1;
    return true;
  }

 private:
  // What the template and others say in front of a turn's first step belongs to that step.
  int32_t BeginOf(int64_t step) const {
    const size_t first = firsts_[step];
    return first == 0 ? masked_.positions[0] : masked_.positions[first - 1] + 1;
  }

  const MaskedTokens& masked_;
  const std::vector<int32_t>& steps_;
  const std::vector<int32_t> in_front_;
  const int64_t k_;
  std::vector<size_t> firsts_;  // scored token of each step, and their number
  int64_t step_ = 0;
};

class LocalWorker : public PassWorker {
 public:
  LocalWorker(Engine& engine, const TextSide& text, const LocalOptions& options)
      : text_(text),
        options_(options),
        pack_tokens_(static_cast<size_t>(engine.info().pack_tokens)),
        worker_(engine.NewWorker()) {}

  PassColumns Run(const MaskedTokens& masked, int64_t* tokens) override {
    PassColumns columns;
    columns.step = StepsOf(
        masked, [&](int32_t id) { return text_.Piece(id); }, options_.Split());
    std::vector<int32_t> in_front = TurnStart(masked, text_);
    if (options_.prompt == "keep") {
      in_front.assign(masked.ids.begin(), masked.ids.begin() + masked.positions[0]);
    }
    std::vector<TokenStats> stats(columns.step.size());
    Windows windows(masked, columns.step, std::move(in_front), options_.k);
    // All windows in one call, or as many as the memory plan has room for.
    const size_t most = std::max(pack_tokens_, masked.ids.size());
    std::vector<StepWindow> pack;
    size_t packed = 0;
    for (StepWindow window; windows.Next(&window);) {
      if (packed + window.ids.size() > most) Score(&pack, &packed, stats.data(), tokens);
      packed += window.ids.size();
      pack.push_back(std::move(window));
    }
    Score(&pack, &packed, stats.data(), tokens);
    Summarise(stats, &columns);
    return columns;
  }

 private:
  void Score(std::vector<StepWindow>* pack, size_t* packed, TokenStats* stats, int64_t* tokens) {
    std::vector<ScoreRequest> requests;
    for (const StepWindow& window : *pack) {
      requests.push_back({window.ids, window.positions, stats + window.first});
    }
    if (!requests.empty()) worker_->Score(requests);
    *tokens += static_cast<int64_t>(*packed);
    pack->clear();
    *packed = 0;
  }

  static void Summarise(const std::vector<TokenStats>& stats, PassColumns* columns) {
    columns->steps = columns->step.back() + 1;
    std::vector<double> sums(columns->steps), counts(columns->steps);
    for (size_t i = 0; i < stats.size(); ++i) {
      columns->local_surprisal.push_back(stats[i].surprisal);
      columns->sum_local_surprisal += stats[i].surprisal;
      sums[columns->step[i]] += stats[i].surprisal;
      ++counts[columns->step[i]];
    }
    for (int32_t s = 0; s < columns->steps; ++s) {
      columns->mean_step_surprisal += sums[s] / counts[s] / columns->steps;
    }
  }

  const TextSide& text_;
  const LocalOptions& options_;
  const size_t pack_tokens_;
  const std::unique_ptr<EngineWorker> worker_;
};

class LocalSurprisal : public Pass {
 public:
  explicit LocalSurprisal(LocalOptions options) : options_(std::move(options)) {}
  std::string name() const override { return "local_surprisal"; }
  std::string options() const override {
    return fmt::format("k={},prompt={},split={}", options_.k, options_.prompt, options_.split);
  }
  int64_t WorkerBytes(int64_t, int64_t) const override { return 0; }
  std::unique_ptr<PassWorker> NewWorker(Engine& engine, const TextSide& text) const override {
    return std::make_unique<LocalWorker>(engine, text, options_);
  }

 private:
  const LocalOptions options_;
};

}  // namespace

std::unique_ptr<Pass> NewLocalSurprisal(PassOptions options) {
  const LocalOptions local{
      .k = options.Number("k", 4, 0, 1'000'000),
      .prompt = options.Choice("prompt", "keep", {"keep", "drop"}),
      .split = options.Choice("split", "sentence", {"sentence", "line", "paragraph"})};
  options.CheckAllKnown();
  return std::make_unique<LocalSurprisal>(local);
}

}  // namespace rsr
