// The decoder: a pack of token sequences through all layers, one layer after the other.
//
// Within a layer, rows pass in blocks that stay in the second-level cache: norm, queries, keys and
// values, attention, feed-forward. Only the residual stream and this layer's keys and values are
// kept for the whole pack. Sequences lie end to end without padding; a block may hold the end of
// one and the start of the next, and no row's bits depend on that.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/native/native_model.h"
#include "kernels/attention.h"
#include "kernels/rope.h"

namespace rsr {

// One thread's scratch memory; grows to the largest pack it has seen. The model outlives it.
class Decoder {
 public:
  explicit Decoder(const NativeModel& model);
  Decoder(const Decoder&) = delete;
  ~Decoder();

  // Final hidden states before the output norm, [tokens of all sequences, width], valid until the
  // next call.
  std::span<const float> Run(std::span<const std::span<const int32_t>> sequences);

 private:
  // Memory that holds nothing worth copying when it grows, and takes no page before it is written.
  class Scratch {
   public:
    void Grow(int64_t floats) {
      if (floats <= floats_) return;
      memory_.reset();
      memory_ = std::make_unique_for_overwrite<float[]>(static_cast<size_t>(floats));
      floats_ = floats;
    }
    float* data() { return memory_.get(); }

   private:
    std::unique_ptr<float[]> memory_;
    int64_t floats_ = 0;
  };

  struct Piece {       // what a block holds of one sequence
    int64_t row;       // its first, in the block
    int64_t count;     // rows
    int64_t position;  // of its first row in the sequence
    int64_t kept;      // where keys_ and values_ have the sequence
    bool is_long;      // the sequence, for the rotary embedding
  };

  void Embed(std::span<const std::span<const int32_t>> sequences);
  std::vector<Piece> PiecesOf(int64_t first, int64_t rows) const;
  bool IsLong(int64_t tokens) const {
    return config_.rope_long_beyond > 0 && tokens > config_.rope_long_beyond;
  }
  // How a layer attends: all alike but for families with sliding windows or without positions.
  struct Positions {
    const RopeTable *rope, *long_rope;  // null: nothing is turned
    Attention* attention;
  };

  Positions PositionsOf(int64_t layer) const;
  void RunBlock(const NativeLayer& layer, const Positions& positions, int64_t first, int64_t rows);
  const float* Attend(const NativeLayer& layer, const Positions& positions, const float* x,
                      int64_t first, int64_t rows);
  void PrepareQueries(const NativeLayer& layer, const RopeTable* rope, const Piece& piece);
  void KeepKeysAndValues(const NativeLayer& layer, const RopeTable* rope, const Piece& piece,
                         Attention* attention, const KeysAndValues& kept);
  const float* Normed(const float* x, int64_t rows, const std::vector<float>& norm);
  void AddToResidual(const float* x, int64_t rows, const Linear& linear,
                     const std::vector<float>& norm, float* residual);

  const NativeModel& model_;
  const DecoderConfig& config_;
  RopeTable rope_, window_rope_, long_rope_;
  std::unique_ptr<Attention> attention_, window_attention_;
  // Of the sequences in the pack, and its end: their first token; a head's words before them in
  // keys_ and values_.
  std::vector<int64_t> begins_, kept_;
  int64_t tokens_ = 0;
  // What grows with the pack, and nothing else does: memory_plan.cc counts it.
  Scratch residual_;       // [tokens, width]
  Scratch keys_, values_;  // [kv_heads, words of all sequences], as Attention::Keep has them
  // Of a block.
  std::vector<float> normed_, query_, key_value_, gated_, added_;
};

}  // namespace rsr
