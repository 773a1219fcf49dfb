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

// Greatest difference of a log-probability (nats) that the types of the product explain.
double OutputTolerance(ggml_type weight_type);

}  // namespace rsr
