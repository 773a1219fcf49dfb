// oneDNN products of fixed shape: a tile of weight rows with a group of hidden rows.
#pragma once

#include <cstdint>
#include <memory>

namespace rsr {

// Weight rows per product. A tile of 256 x 576 floats stays in the second-level cache while the
// groups of a block pass; 128 and 512 gave the same rate within 1 % (Zen 4, widths 576 and 896).
inline constexpr int kTileRows = 256;

// The weights are the left factor, as they lie: oneDNN reads its left factor in place, so the
// weights are never copied; and a group's logits come out as one SIMD lane a row, so the reductions
// need no horizontal step. Zen 4, 256 rows: 110 GFLOP/s, against 107 of rows x weights and 95 of
// the same with repacked tiles.
//
// The right factor is packed as [width, kGroupRows]. The layout oneDNN would choose pads its rows
// to 64, leaves half of the cache sets unused and so swings by 8 % with the address (Zen 5, width
// 896: 217 to 235 GFLOP/s, against 230 to 240).
//
// Runs on the calling thread alone. One thread at a time per object. Throws rsr::Error if oneDNN
// fails.
class TileProduct {
 public:
  explicit TileProduct(int64_t width);
  ~TileProduct();

  int64_t packed_floats() const;  // of one group
  // hidden [rows, width], rows <= kGroupRows, the missing ones taken as 0. packed: 64-byte aligned.
  void Pack(const float* hidden, int rows, float* packed);
  // logits [kTileRows, kGroupRows] = weights [kTileRows, width] * packed group.
  void Multiply(const float* weights, const float* packed, float* logits);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// While it lives, oneDNN (built on OpenMP) uses no other thread than the caller's; the setting is
// the thread's own.
class SingleThread {
 public:
  SingleThread();
  ~SingleThread();
  SingleThread(const SingleThread&) = delete;

 private:
  int before_;
};

}  // namespace rsr
