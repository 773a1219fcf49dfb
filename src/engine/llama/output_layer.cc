#include "engine/llama/output_layer.h"

#include <fmt/format.h>
#include <ggml-backend.h>

#include <cmath>
#include <cstring>

#include "rsr/error.h"

namespace rsr {
namespace {

[[noreturn]] void Refuse(const std::string& architecture, const std::string& what) {
  throw Error(fmt::format("architecture '{}' does more between body and logits than rsr knows: {}",
                          architecture, what),
              "score with another student, or report this architecture as missing");
}

// A weight of the model: nothing computes it, and its values can be read by this process.
bool IsWeight(const ggml_tensor* tensor) {
  return tensor->op == GGML_OP_NONE && tensor->data != nullptr && tensor->buffer != nullptr &&
         ggml_backend_buffer_is_host(tensor->buffer) && ggml_is_contiguous(tensor);
}

// Follows the logits from the norm on. Before the product the row is s h, after it l = W h times
// `scale`; after tanh it is t = tanh(scale W h) times `after_tanh`.
class Reader {
 public:
  Reader(const ggml_tensor* norm, const std::string& architecture)
      : current_(norm), architecture_(architecture) {}

  // Ignores operations on other tensors (views, unrelated outputs).
  void Take(const ggml_tensor* node) {
    if (node->src[0] == current_) {
      TakeLeft(node);
    } else if (node->src[1] == current_) {
      TakeRight(node);
    } else {
      return;
    }
    current_ = node;
  }

  OutputLayer Finish() {
    if (layer_.weight == nullptr) Refuse(architecture_, "no output matrix was found");
    if (current_->ne[0] != layer_.weight->ne[1]) Refuse(architecture_, "the logits are reshaped");
    LogitTransform& transform = layer_.transform;
    transform.scale = scale_;
    if (tanh_) {  // l = c tanh(s W h) = cap(c s W h) with cap c
      transform.soft_cap = after_tanh_;
      transform.scale = scale_ * after_tanh_;
    }
    return layer_;
  }

 private:
  void TakeLeft(const ggml_tensor* node) {
    switch (node->op) {
      case GGML_OP_SCALE: {
        float factor, offset;
        std::memcpy(&factor, node->op_params, sizeof factor);
        std::memcpy(&offset, node->op_params + 1, sizeof offset);
        if (offset != 0) Refuse(architecture_, "an offset on all logits");
        if (layer_.transform.bias != nullptr) Refuse(architecture_, "a scale after the bias");
        (tanh_ ? after_tanh_ : scale_) *= factor;
        return;
      }
      case GGML_OP_UNARY:
        if (ggml_get_unary_op(node) != GGML_UNARY_OP_TANH || tanh_ || layer_.weight == nullptr ||
            layer_.transform.bias != nullptr) {
          break;
        }
        tanh_ = true;
        return;
      case GGML_OP_ADD:
        if (layer_.weight == nullptr || tanh_ || layer_.transform.bias != nullptr ||
            !IsWeight(node->src[1]) || node->src[1]->type != GGML_TYPE_F32 ||
            ggml_nelements(node->src[1]) != layer_.weight->ne[1]) {
          break;
        }
        layer_.transform.bias = static_cast<const float*>(node->src[1]->data);
        return;
      default:
        break;
    }
    Refuse(architecture_, ggml_op_desc(node));
  }

  void TakeRight(const ggml_tensor* node) {
    const ggml_tensor* weight = node->src[0];
    if (node->op != GGML_OP_MUL_MAT || layer_.weight != nullptr || !IsWeight(weight) ||
        ggml_n_dims(weight) != 2) {
      Refuse(architecture_, ggml_op_desc(node));
    }
    layer_.weight = weight;
  }

  const ggml_tensor* current_;
  const std::string& architecture_;
  OutputLayer layer_;
  float scale_ = 1, after_tanh_ = 1;
  bool tanh_ = false;
};

}  // namespace

OutputLayer ReadOutputLayer(const ggml_tensor* norm, std::span<const ggml_tensor* const> nodes,
                            const std::string& architecture) {
  Reader reader(norm, architecture);
  for (const ggml_tensor* node : nodes) reader.Take(node);
  return reader.Finish();
}

void GgmlOutputMatrix::ReadRows(int64_t first, int64_t count, float* out) const {
  const char* rows = static_cast<const char*>(weight_->data) + first * weight_->nb[1];
  const int64_t values = count * width();
  if (weight_->type == GGML_TYPE_F32) {
    std::memcpy(out, rows, static_cast<size_t>(values) * sizeof(float));
  } else {
    ggml_get_type_traits(weight_->type)->to_float(rows, out, values);
  }
}

const float* GgmlOutputMatrix::resident() const {
  return weight_->type == GGML_TYPE_F32 ? static_cast<const float*>(weight_->data) : nullptr;
}

}  // namespace rsr
