// The student up to its final norm: token ids in, rows of final hidden states out.
#pragma once

#include <ggml.h>
#include <llama.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rsr {

struct BodyShape {
  std::string architecture;
  int64_t context_length = 0, width = 0, heads = 0, layers = 0;
  int64_t kv_width = 0;  // as GgufInfo
  bool f32 = true;       // keys and values kept in float32
};

// Tokens of context that are reserved for a sequence, and tokens that go through the model at once.
// Both depend on the sequence's own length alone: some models switch their rotary factors by the
// reserved length, and ggml chooses kernels by the number of tokens, so anything else would let one
// sequence change another's bits.
struct ContextSize {
  int64_t tokens = 0, at_once = 0;
  bool operator==(const ContextSize&) const = default;
};
ContextSize SizeFor(const BodyShape& shape, int64_t sequence_length);

// Peak bytes of one worker's context, weights apart.
int64_t ContextBytes(const BodyShape& shape, int64_t sequence_length, int64_t vocab);

// One llama.cpp context with one thread. Threading: one thread at a time; the model is shared.
class LlamaBody {
 public:
  LlamaBody(llama_model* model, const BodyShape& shape);

  // Hidden states of positions first .. first + count - 1, each `width` floats; only for the call.
  using Rows = std::function<void(int64_t first, int64_t count, const float* hidden)>;

  // Runs the pieces of `ids` that hold positions before `end`, in order. A piece is run whole, so
  // that a row does not depend on `end`. Throws rsr::Error.
  void Run(std::span<const int32_t> ids, int64_t end, const Rows& rows);

  // Drops keys and values, for after values that are not finite: 0 times those is not 0.
  void Forget() { context_.reset(); }

  // For the check at open: runs a few ids (at most one piece) through llama.cpp's output layer as
  // well. Fills `hidden` and `logits`, and passes the norm and the operations after it to `graph`.
  using Graph = std::function<void(const ggml_tensor* norm, std::span<const ggml_tensor* const>)>;
  void RunThroughOutput(std::span<const int32_t> ids, std::vector<float>* hidden,
                        std::vector<float>* logits, const Graph& graph);

 private:
  static bool OnNode(ggml_tensor* node, bool ask, void* body);
  void Prepare(int64_t sequence_length);
  void Decode(std::span<const int32_t> ids, int64_t first);

  llama_model* model_;
  const BodyShape shape_;
  ContextSize size_;
  std::unique_ptr<llama_context, decltype(&llama_free)> context_{nullptr, llama_free};
  // Of the piece that ran last:
  std::vector<float> hidden_;
  bool through_output_ = false;
  const ggml_tensor* norm_ = nullptr;
  std::vector<const ggml_tensor*> after_norm_;
};

}  // namespace rsr
