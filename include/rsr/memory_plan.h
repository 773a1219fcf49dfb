// How the memory of a run is planned before it begins.
#pragma once

#include <cstdint>

namespace rsr {

// All sizes in bytes.
struct MemoryPlan {
  // false: the student's weights are unpacked once and stay. true: one layer at a time is unpacked,
  // and packs of `pack_tokens` go through it before the next (engine native).
  bool layer_by_layer = false;
  int64_t weights = 0;      // unpacked at once: all, or a layer
  int64_t activations = 0;  // of all workers, each with its longest row or a whole pack
  int64_t rest = 0;         // what the process holds already, reading and writing
  int64_t limit = 0;        // --memory, or what the machine had free
  int workers = 0;
  int64_t longest_row = 0;  // tokens
  int64_t pack_tokens = 0;  // of the packs that shorter rows are collected to

  int64_t total() const { return weights + activations + rest; }
};

}  // namespace rsr
