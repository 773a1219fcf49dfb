#include "engine/native/native_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/check_sequence.h"
#include "engine/native/decoder.h"
#include "engine/native/native_model.h"
#include "kernels/rms_norm.h"
#include "kernels/vocab_sweep.h"
#include "rsr/error.h"
#include "student/decoder_config.h"

namespace rsr {
namespace {

class NativeWorker : public EngineWorker {
 public:
  NativeWorker(const NativeModel& model, int64_t sweep_rows)
      : model_(model),
        decoder_(model),
        sweep_(NewVocabSweep(model.output(), {.scale = model.config().logit_scale,
                                              .soft_cap = model.config().logit_soft_cap})),
        sweep_rows_(static_cast<size_t>(sweep_rows)) {}

  void Score(std::span<const int32_t> ids, std::span<const int32_t> positions,
             TokenStats* out) override {
    CheckSequence(ids, positions, model_.config().vocab);
    CheckLength(ids.size());
    // What comes after the last position cannot matter to it.
    const size_t needed = positions.empty() ? 0 : static_cast<size_t>(positions.back());
    const std::span<const int32_t> sequence = ids.first(needed);
    const std::span<const float> hidden = decoder_.Run({&sequence, 1});
    for (size_t first = 0; first < positions.size(); first += sweep_rows_) {
      const size_t count = std::min(sweep_rows_, positions.size() - first);
      Sweep(ids, positions.subspan(first, count), hidden.data(), out + first);
    }
  }

 private:
  void CheckLength(size_t tokens) const {
    const int64_t most = model_.config().context_length;
    if (most <= 0 || static_cast<int64_t>(tokens) <= most) return;
    throw Error(fmt::format("a sequence of {} tokens is longer than the student's context of {}",
                            tokens, most),
                "truncate it (--max-tokens)");
  }

  void Sweep(std::span<const int32_t> ids, std::span<const int32_t> positions, const float* hidden,
             TokenStats* out) {
    const int64_t width = model_.config().width;
    rows_.clear();
    targets_.clear();
    for (const int32_t position : positions) {
      const float* row = hidden + (position - 1) * width;  // predicts the token at `position`
      rows_.insert(rows_.end(), row, row + width);
      targets_.push_back(ids[static_cast<size_t>(position)]);
    }
    RmsNorm(rows_.data(), static_cast<int64_t>(positions.size()), width,
            model_.output_norm().data(), model_.config().norm_epsilon, rows_.data());
    SweepPositions(*sweep_, rows_.data(), positions, targets_, out);
  }

  const NativeModel& model_;
  Decoder decoder_;
  std::unique_ptr<VocabSweep> sweep_;
  const size_t sweep_rows_;
  std::vector<float> rows_;
  std::vector<int32_t> targets_;
};

class NativeEngine : public Engine {
 public:
  NativeEngine(const GgufInfo& info, const DecoderConfig& config, int64_t sweep_rows)
      : model_(info, config),
        sweep_rows_(sweep_rows),
        info_{.name = "native",
              .precision = "f32",
              .cpu_level = CpuLevel(),
              .weights_bytes = model_.bytes()} {}

  std::unique_ptr<EngineWorker> NewWorker() override {
    return std::make_unique<NativeWorker>(model_, sweep_rows_);
  }
  const EngineInfo& info() const override { return info_; }

 private:
  const NativeModel model_;
  const int64_t sweep_rows_;
  const EngineInfo info_;
};

}  // namespace

std::string WhyNotNative(const GgufInfo& info) {
  std::string why_not;
  ReadDecoderConfig(info, &why_not);
  return why_not;
}

int64_t NativeMemoryBytes(const GgufInfo& info, const EngineOptions& options) {
  // Few trajectories are longer, and a student that allows a million tokens would never fit.
  constexpr int64_t kLongest = 32768;
  constexpr int64_t kSlack = int64_t{1} << 30;  // sweeps, queues, shards, the rest of the machine
  int64_t longest = info.context_length > 0 ? std::min(info.context_length, kLongest) : kLongest;
  if (options.student.max_tokens > 0) longest = std::min(longest, options.student.max_tokens);
  const int64_t kv_width = info.kv_width / std::max<int64_t>(1, info.layers);  // of one layer
  const int64_t worker = longest * (info.width + kv_width) * int64_t{sizeof(float)};
  return info.f32_bytes + options.workers * worker + kSlack;
}

std::unique_ptr<Engine> OpenNativeEngine(const EngineOptions& options) {
  CheckSweepRows(options.sweep_rows);
  const GgufInfo info = ReadGguf(options.student.path);
  std::string why_not;
  const auto config = ReadDecoderConfig(info, &why_not);
  if (!config) {
    throw Error(
        fmt::format("{}: the native engine does not compute this student: {}", info.path, why_not),
        "use --engine llama");
  }
  return std::make_unique<NativeEngine>(info, *config, options.sweep_rows);
}

}  // namespace rsr
