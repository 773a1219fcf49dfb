// The check at open: our output layer against llama.cpp's own.
#pragma once

#include <span>
#include <string>

#include "engine/llama/output_layer.h"

namespace rsr {

// `hidden` [rows, width] and llama.cpp's `logits` [rows, vocab] of the same positions. Throws
// rsr::Error if the sweep over `matrix` and `layer` gives other log-probabilities.
void CheckOutputLayer(const GgmlOutputMatrix& matrix, const OutputLayer& layer,
                      std::span<const float> hidden, std::span<const float> logits,
                      const std::string& architecture);

// Greatest difference of a log-probability (nats) that rounding explains: for narrower weights ggml
// rounds the hidden states too, to the weights' type or to 8 bits, and we do not. Measured with
// SmolLM2-135M, 256 log-probabilities of all sizes: F32 2.6e-5, F16 0.005, BF16 0.06, Q8_0 0.26;
// four times that and more is allowed. A scale that is missing is off by nats.
double OutputTolerance(ggml_type weight_type);

}  // namespace rsr
