#include "engine/llama/llama_engine.h"

#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "engine/check_sequence.h"
#include "engine/llama/llama_body.h"
#include "engine/llama/output_check.h"
#include "engine/llama/output_layer.h"
#include "engine/memory_limit.h"
#include "engine/position_sweep.h"
#include "rsr/error.h"
#include "rsr/thousands.h"
#include "student/ggml_log.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

using Model = std::unique_ptr<llama_model, decltype(&llama_model_free)>;

BodyShape ShapeOf(const GgufInfo& info, bool f32) {
  return {.architecture = info.architecture,
          .context_length = info.context_length,
          .width = info.width,
          .heads = info.heads,
          .layers = info.layers,
          .kv_width = info.kv_width,
          .f32 = f32};
}

// Weights lie in the mapped file; every worker has a context for its longest trajectory.
MemoryPlan PlanMemory(const GgufInfo& info, const EngineOptions& options, bool f32) {
  MemoryPlan plan;
  plan.weights = f32 ? info.f32_bytes : info.file_bytes();
  plan.rest = RestBytes(options);
  plan.limit = MemoryLimit(options);
  plan.workers = options.workers;
  plan.longest_row = LongestRow(options, info.context_length);
  plan.activations =
      options.workers *
      (ContextBytes(ShapeOf(info, f32), plan.longest_row, info.vocab) + options.worker_bytes);
  return plan;
}

// In float32 if that was asked for, or fits and nothing was asked for. A limit that a person gave
// is kept; what the machine has free is not, since weights of a mapped file can be dropped.
MemoryPlan ChoosePlan(const GgufInfo& info, const EngineOptions& options, bool* f32) {
  const MemoryPlan wide = PlanMemory(info, options, true);
  *f32 = options.student.precision == Precision::kF32 ||
         (options.student.precision == Precision::kAuto && wide.total() <= wide.limit);
  const MemoryPlan plan = *f32 ? wide : PlanMemory(info, options, false);
  if (options.student.memory == 0 || plan.total() <= plan.limit) return plan;
  throw Error(fmt::format("{} MB of memory are too few for this student in the llama engine: it "
                          "takes {} MB with {} worker{} and rows of up to {} tokens",
                          plan.limit / 1'000'000, Megabytes(plan.total()), plan.workers,
                          plan.workers == 1 ? "" : "s", Thousands(plan.longest_row)),
              fmt::format("give it --memory {}M, use fewer --threads, or score with a lower "
                          "--max-tokens",
                          Megabytes(plan.total())));
}

// `student` is what the user named; `path` may be a copy of it.
Model LoadModel(const std::string& path, const std::string& student) {
  CatchGgmlMessages();
  TakeGgmlMessages();
  llama_backend_init();
  llama_model_params params = llama_model_default_params();
  params.load_mode = LLAMA_LOAD_MODE_MMAP;  // one copy for all workers and processes
  params.n_gpu_layers = 0;
  // Repacked weights would be a private copy of the file, and ggml takes their kernels only for
  // some shapes.
  params.use_extra_bufts = false;
  Model model(llama_model_load_from_file(path.c_str(), params), llama_model_free);
  if (model == nullptr) {
    throw Error(fmt::format("{}: llama.cpp cannot load it: {}", student, TakeGgmlMessages()),
                "is it a whole language model, and does llama.cpp 0.3.36 know its architecture?");
  }
  if (llama_model_has_encoder(model.get()) || !llama_model_has_decoder(model.get())) {
    throw Error(student + ": is not a decoder: it has no next-token distribution",
                "a student is a causal language model");
  }
  return model;
}

class LlamaWorker : public EngineWorker {
 public:
  LlamaWorker(llama_model* model, const BodyShape& shape, const OutputMatrix& matrix,
              const LogitTransform& transform, int64_t sweep_rows)
      : body_(model, shape),
        sweep_(matrix, transform, sweep_rows),
        vocab_(matrix.vocab()),
        width_(shape.width) {}

  using EngineWorker::Score;
  // One sequence after the other: llama.cpp chooses kernels by what runs together.
  void Score(std::span<const ScoreRequest> pack) override {
    sweep_.Begin(pack);
    try {
      for (size_t i = 0; i < pack.size(); ++i) {
        NamingSequence(i, [&] {
          RunBody(pack[i].ids, pack[i].positions, [&](size_t p) { return sweep_.Add(i, p); });
        });
      }
      sweep_.Finish();
    } catch (...) {
      body_.Forget();
      throw;
    }
  }

  void Hidden(std::span<const int32_t> ids, std::span<const int32_t> positions,
              float* out) override {
    try {
      RunBody(ids, positions, [&](size_t p) { return out + static_cast<int64_t>(p) * width_; });
    } catch (...) {
      body_.Forget();
      throw;
    }
  }

 private:
  // Copies the state that predicts each position to place(index of the position).
  template <class Place>
  void RunBody(std::span<const int32_t> ids, std::span<const int32_t> positions,
               const Place& place) {
    CheckSequence(ids, positions, vocab_);
    size_t taken = 0;  // positions whose states were copied
    const int64_t end = positions.empty() ? 0 : positions.back();
    body_.Run(ids, end, [&](int64_t first, int64_t count, const float* hidden) {
      // The state at p - 1 predicts the token at p.
      for (; taken < positions.size() && positions[taken] - 1 < first + count; ++taken) {
        std::copy_n(hidden + (positions[taken] - 1 - first) * width_, width_, place(taken));
      }
    });
  }

  LlamaBody body_;
  PositionSweep sweep_;
  const int64_t vocab_, width_;
};

class LlamaEngine : public Engine {
 public:
  LlamaEngine(const GgufInfo& info, const std::string& student, bool f32, bool automatic,
              const MemoryPlan& plan, int64_t sweep_rows)
      : model_(LoadModel(info.path, student)), shape_(ShapeOf(info, f32)), sweep_rows_(sweep_rows) {
    ReadAndCheckOutput();
    const std::string why = f32 ? "float32 fits in memory" : "float32 would not fit in memory";
    info_ = {.name = "llama",
             .precision = f32 ? "f32" : "native",
             .precision_why = automatic ? why : "",
             .precision_note = automatic && !f32 ? why + " (docs/precision.md)" : "",
             .cpu_level = CpuLevel(),
             .weights_bytes = static_cast<int64_t>(llama_model_size(model_.get())),
             .plan = plan,
             .most_tokens = std::numeric_limits<int64_t>::max()};
  }

  std::unique_ptr<EngineWorker> NewWorker() override {
    return std::make_unique<LlamaWorker>(model_.get(), shape_, *matrix_, output_.transform,
                                         sweep_rows_);
  }
  OutputHead head() const override { return {&*matrix_, output_.transform}; }
  const EngineInfo& info() const override { return info_; }

 private:
  void ReadAndCheckOutput() {
    // Ids from all over the vocabulary: no tokenizer needed, and states far apart.
    const int32_t vocab = llama_vocab_n_tokens(llama_model_get_vocab(model_.get()));
    constexpr int kIds = 8;
    std::vector<int32_t> ids;
    for (int i = 0; i < kIds; ++i) ids.push_back(static_cast<int32_t>(int64_t{vocab} * i / kIds));
    std::vector<float> hidden, logits;
    LlamaBody body(model_.get(), shape_);
    body.RunThroughOutput(ids, &hidden, &logits,
                          [&](const ggml_tensor* norm, std::span<const ggml_tensor* const> nodes) {
                            output_ = ReadOutputLayer(norm, nodes, shape_.architecture);
                          });
    matrix_.emplace(output_.weight);
    CheckOutputLayer(*matrix_, output_, hidden, logits, shape_.architecture);
  }

  Model model_;
  const BodyShape shape_;
  const int64_t sweep_rows_;
  OutputLayer output_;
  std::optional<GgmlOutputMatrix> matrix_;
  EngineInfo info_;
};

}  // namespace

std::unique_ptr<Engine> OpenLlamaEngine(const EngineOptions& options) {
  CheckSweepRows(options.sweep_rows);
  const Precision precision = options.student.precision;
  if (precision == Precision::kBf16) {
    throw Error("--engine llama does not compute in bf16",
                "use --precision f32 or native, or --engine native");
  }
  GgufInfo info = ReadGguf(options.student.path);
  bool f32 = false;
  const MemoryPlan plan = ChoosePlan(info, options, &f32);
  if (f32 && info.quantised) {
    const std::string hash =
        options.student_hash.empty() ? HashFile(options.student.path) : options.student_hash;
    info = ReadGguf(DequantisedGguf(info, hash, options.student.cache_dir));
  }
  return std::make_unique<LlamaEngine>(info, options.student.path, f32,
                                       precision == Precision::kAuto, plan, options.sweep_rows);
}

}  // namespace rsr
