// Gradients of the loss with respect to the output layer and the final hidden states
// (kernels/head_gradient.h): their norms, and a random projection of the former.
#include <fmt/format.h>

#include "kernels/gradient_sketch.h"
#include "kernels/head_gradient.h"
#include "rsr/error.h"
#include "score/passes/pass.h"

namespace rsr {
namespace {

class GradientWorker : public PassWorker {
 public:
  GradientWorker(Engine& engine, int64_t dims, int64_t seed)
      : width_(static_cast<size_t>(engine.head().matrix->width())),
        worker_(engine.NewWorker()),
        gradients_(NewHeadGradients(*engine.head().matrix, {.transform = engine.head().transform,
                                                            .sketch_size = dims,
                                                            .seed = static_cast<uint64_t>(seed)})) {
  }

  PassColumns Run(const MaskedTokens& masked, int64_t* tokens) override {
    hidden_.resize(masked.positions.size() * width_);
    worker_->Hidden(masked.ids, masked.positions, hidden_.data());
    std::vector<int32_t> targets;
    for (const int32_t position : masked.positions) targets.push_back(masked.ids[position]);
    HeadGradient gradient = gradients_->Run(hidden_.data(), targets);
    *tokens += static_cast<int64_t>(masked.ids.size());
    return {.gnorm_head = gradient.weight_norm,
            .gnorm_hidden = gradient.hidden_norm,
            .projection = std::move(gradient.sketch)};
  }

 private:
  const size_t width_;
  const std::unique_ptr<EngineWorker> worker_;
  const std::unique_ptr<HeadGradients> gradients_;
  std::vector<float> hidden_;
};

class Gradients : public Pass {
 public:
  Gradients(int64_t dims, int64_t seed) : dims_(dims), seed_(seed) {}
  std::string name() const override { return "gradients"; }
  std::string options() const override { return fmt::format("dims={},seed={}", dims_, seed_); }
  // The hidden states of a row, and what their gradients take.
  int64_t WorkerBytes(int64_t width, int64_t longest_row) const override {
    return longest_row * (width * int64_t{sizeof(float)} + int64_t{sizeof(int32_t)}) +
           HeadGradientBytes(width, longest_row, dims_);
  }
  std::unique_ptr<PassWorker> NewWorker(Engine& engine, const TextSide&) const override {
    return std::make_unique<GradientWorker>(engine, dims_, seed_);
  }

 private:
  const int64_t dims_, seed_;
};

}  // namespace

std::unique_ptr<Pass> NewGradients(PassOptions options) {
  const int64_t dims = options.Number("dims", 512, 4, 32768);
  const int64_t seed = options.Number("seed", 0, 0, 1'000'000'000);
  options.CheckAllKnown();
  if (!ValidSketchSize(dims)) {
    throw Error(fmt::format("pass gradients: dims: expected a power of 2, got {}", dims),
                "for example 512 or 1024");
  }
  return std::make_unique<Gradients>(dims, seed);
}

}  // namespace rsr
