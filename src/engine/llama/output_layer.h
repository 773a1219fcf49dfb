// What llama.cpp does between the final norm and the logits, read out of its own graph.
//
// Families differ here (tied or own matrix, a scale before or after, soft capping, a bias); reading
// the operations that are really there needs no list of architectures and cannot go stale. What is
// none of these is refused.
#pragma once

#include <ggml.h>

#include <span>
#include <string>

#include "kernels/vocab_sweep.h"

namespace rsr {

struct OutputLayer {
  const ggml_tensor* weight = nullptr;  // ne = [width, vocab]; belongs to the model
  LogitTransform transform;             // the bias belongs to the model
};

// `norm`: the tensor of final hidden states; `nodes`: the operations after it in the order of
// execution. `architecture` is for the message. Throws rsr::Error if they are more than matrix,
// scales, one soft cap and one bias.
OutputLayer ReadOutputLayer(const ggml_tensor* norm, std::span<const ggml_tensor* const> nodes,
                            const std::string& architecture);

// The model's own output matrix, in whatever type it is stored.
class GgmlOutputMatrix : public OutputMatrix {
 public:
  explicit GgmlOutputMatrix(const ggml_tensor* weight) : weight_(weight) {}
  int64_t vocab() const override { return weight_->ne[1]; }
  int64_t width() const override { return weight_->ne[0]; }
  void ReadRows(int64_t first, int64_t count, float* out) const override;
  const float* resident() const override;

 private:
  const ggml_tensor* weight_;
};

}  // namespace rsr
