// The engine on libllama: runs the body of every architecture llama.cpp supports and hands the
// final hidden states, taken before llama.cpp's own output layer, to the vocabulary sweep.
#pragma once

#include <memory>

#include "engine/engine.h"

namespace rsr {

// Opening checks our output layer against llama.cpp's on a few tokens, so that an architecture that
// does more between body and logits than we know of is refused by name instead of scored wrongly.
// Throws rsr::Error.
std::unique_ptr<Engine> OpenLlamaEngine(const EngineOptions& options);

}  // namespace rsr
