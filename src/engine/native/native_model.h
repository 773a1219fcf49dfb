// A student's weights as the decoder uses them, shared by all workers: unpacked from the file once,
// or one layer at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/native/layers.h"
#include "kernels/rope.h"
#include "kernels/vocab_sweep.h"
#include "student/decoder_config.h"
#include "student/student_info.h"
#include "student/weights.h"

namespace rsr {

// The output matrix in float32. Resident: where it lies in the file, or unpacked; else read from
// the file tile by tile.
class NativeOutputMatrix : public OutputMatrix {
 public:
  NativeOutputMatrix(const Weights& weights, const std::string& name, int64_t vocab, int64_t width,
                     bool resident);
  int64_t vocab() const override { return vocab_; }
  int64_t width() const override { return width_; }
  void ReadRows(int64_t first, int64_t count, float* out) const override;
  const float* resident() const override { return data_; }

 private:
  const Weights& weights_;
  const std::string name_;
  const int64_t vocab_, width_;
  std::vector<float> unpacked_;
  const float* data_ = nullptr;
};

class NativeModel {
 public:
  // `type`: of the layers' products; embeddings and the output matrix stay float32. Throws
  // rsr::Error for missing tensors, shapes that contradict the configuration, and weights that are
  // not finite.
  NativeModel(const StudentInfo& student, const DecoderConfig& config, WeightType type,
              bool resident);

  const DecoderConfig& config() const { return config_; }
  WeightType type() const { return type_; }
  Layers& layers() const { return *layers_; }
  const std::vector<float>& output_norm() const { return output_norm_; }
  const OutputMatrix& output() const { return *output_; }
  // Layers with a sliding window may turn in their own way; kLong: all layers, where a row is
  // longer than config().rope_long_beyond.
  enum class RopeKind { kUsual, kWindowed, kLong };
  RopeTable RopeOf(RopeKind kind) const;
  // The embeddings of tokens, [ids, width], as layer 0 takes them.
  void ReadEmbeddings(std::span<const int32_t> ids, float* out) const;

 private:
  const DecoderConfig config_;
  const WeightType type_;
  const Weights weights_;
  std::unique_ptr<Layers> layers_;
  std::vector<float> output_norm_;
  std::unique_ptr<NativeOutputMatrix> output_;
  const float* embeddings_ = nullptr;  // [vocab, width] where the output matrix is theirs and there
};

}  // namespace rsr
