#include "engine/native/native_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/check_sequence.h"
#include "engine/native/decoder.h"
#include "engine/native/memory_plan.h"
#include "engine/native/native_model.h"
#include "engine/position_sweep.h"
#include "kernels/rms_norm.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/decoder_tensors.h"

namespace rsr {
namespace {

LogitTransform TransformOf(const DecoderConfig& config) {
  return {.scale = config.logit_scale, .soft_cap = config.logit_soft_cap};
}

class NativeWorker : public EngineWorker {
 public:
  NativeWorker(const NativeModel& model, int64_t sweep_rows)
      : model_(model),
        decoder_(model),
        sweep_(model.output(), TransformOf(model.config()), sweep_rows) {}

  using EngineWorker::Score;
  void Score(std::span<const ScoreRequest> pack) override {
    sequences_.clear();
    for (size_t i = 0; i < pack.size(); ++i) {
      const auto& [ids, positions, out] = pack[i];
      NamingSequence(i, [&] {
        CheckSequence(ids, positions, model_.config().vocab);
        CheckLength(ids.size());
      });
      sequences_.push_back(Needed(ids, positions));
    }
    const float* hidden = decoder_.Run(sequences_).data();
    sweep_.Begin(pack);
    for (size_t i = 0; i < pack.size(); ++i) {
      SweepSequence(i, pack[i].positions, hidden);
      hidden += static_cast<int64_t>(sequences_[i].size()) * model_.config().width;
    }
    sweep_.Finish();
  }

  void Hidden(std::span<const int32_t> ids, std::span<const int32_t> positions,
              float* out) override {
    CheckSequence(ids, positions, model_.config().vocab);
    CheckLength(ids.size());
    sequences_ = {Needed(ids, positions)};
    const float* hidden = decoder_.Run(sequences_).data();
    for (const int32_t position : positions) {
      Norm(hidden, position, out);
      out += model_.config().width;
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

  // What comes after the last position cannot matter to it, unless positions turn in another way in
  // a long row.
  std::span<const int32_t> Needed(std::span<const int32_t> ids,
                                  std::span<const int32_t> positions) const {
    if (positions.empty()) return {};
    return model_.config().rope_long_beyond > 0 ? ids
                                                : ids.first(static_cast<size_t>(positions.back()));
  }

  void SweepSequence(size_t sequence, std::span<const int32_t> positions, const float* hidden) {
    for (size_t i = 0; i < positions.size(); ++i) {
      Norm(hidden, positions[i], sweep_.Add(sequence, i));
    }
  }

  // The state that predicts the token at `position`.
  void Norm(const float* hidden, int32_t position, float* out) const {
    const int64_t width = model_.config().width;
    RmsNorm(hidden + (position - 1) * width, 1, width, model_.output_norm().data(),
            model_.config().norm_epsilon, out);
  }

  const NativeModel& model_;
  Decoder decoder_;
  PositionSweep sweep_;
  std::vector<std::span<const int32_t>> sequences_;
};

// auto never takes bf16: it makes another choice for some problems (docs/precision.md), and the
// choice would depend on the machine.
std::string WhyF32() {
  return Bf16IsFaster() ? "auto takes f32, whose choices do not depend on the machine"
                        : "auto takes f32: bf16 is not faster on this CPU";
}

// The factor is that of whole rows, 128 to 8,192 tokens long (docs/engine.md); products alone gain
// more.
std::string AboutBf16() {
  return Bf16IsFaster()
             ? "--precision bf16 would be about 1.6 times as fast on this CPU, near-equal "
               "trajectories may change places then (docs/precision.md)"
             : "";
}

class NativeEngine : public Engine {
 public:
  NativeEngine(const StudentInfo& student, const DecoderConfig& config, Precision precision,
               const MemoryPlan& plan, int64_t sweep_rows)
      : model_(student, config, LayerType(precision), !plan.layer_by_layer),
        sweep_rows_(plan.layer_by_layer ? kLayerSweeps * sweep_rows : sweep_rows),
        info_{.name = "native",
              .precision = precision == Precision::kBf16 ? "bf16" : "f32",
              .precision_why = precision == Precision::kAuto ? WhyF32() : "",
              .precision_note = precision == Precision::kAuto ? AboutBf16() : "",
              .cpu_level = CpuLevel(),
              .weights_bytes = plan.weights,
              .plan = plan,
              .pack_tokens = plan.pack_tokens,
              .most_tokens = MostTokens(config, plan)} {}

  std::unique_ptr<EngineWorker> NewWorker() override {
    return std::make_unique<NativeWorker>(model_, sweep_rows_);
  }
  OutputHead head() const override { return {&model_.output(), TransformOf(model_.config())}; }
  const EngineInfo& info() const override { return info_; }

 private:
  const NativeModel model_;
  const int64_t sweep_rows_;
  const EngineInfo info_;
};

DecoderConfig CheckedConfig(const StudentInfo& student) {
  std::string why_not;
  const auto config = ReadDecoderConfig(student, &why_not);
  if (!config) {
    throw Error(fmt::format("{}: the native engine does not compute this student: {}", student.path,
                            why_not),
                student.is_directory ? ConvertHint(student.path) : "use --engine llama");
  }
  DecoderTensors(student, *config);  // sizes that the tensors contradict are no sizes to plan with
  return *config;
}

}  // namespace

std::string WhyNotNative(const StudentInfo& student) {
  std::string why_not;
  ReadDecoderConfig(student, &why_not);
  return why_not;
}

void CheckNative(const StudentInfo& student) { CheckedConfig(student); }

std::unique_ptr<Engine> OpenNativeEngine(const EngineOptions& options) {
  CheckSweepRows(options.sweep_rows);
  const StudentInfo student = ReadStudent(options.student.path);
  const DecoderConfig config = CheckedConfig(student);
  return std::make_unique<NativeEngine>(student, config, options.student.precision,
                                        PlanMemory(config, options), options.sweep_rows);
}

}  // namespace rsr
