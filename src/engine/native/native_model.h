// A student's weights as the decoder uses them: unpacked from the file once, shared by all workers.
#pragma once

#include <memory>
#include <vector>

#include "kernels/matmul.h"
#include "kernels/vocab_sweep.h"
#include "student/decoder_config.h"
#include "student/student_info.h"
#include "student/weights.h"

namespace rsr {

// y = x W^T + bias.
struct Linear {
  PackedMatrix weights;
  std::vector<float> bias;  // empty: none

  const float* bias_or_null() const { return bias.empty() ? nullptr : bias.data(); }
};

// Norms that a family does not have are empty.
struct NativeLayer {
  std::vector<float> attention_norm, feed_forward_norm;            // [width]
  std::vector<float> attention_post_norm, feed_forward_post_norm;  // [width]
  std::vector<float> query_norm, key_norm;                         // [head_width], or of all heads
  Linear query;                                                    // [heads * head_width, width]
  Linear key_value;         // [2 * kv_heads * head_width, width]: all keys, then all values
  Linear attention_output;  // [width, heads * head_width]
  Linear gate, up;          // [feed_forward, width]
  Linear down;              // [width, feed_forward]
};

// The output matrix in float32: where it lies in the file, or unpacked.
class NativeOutputMatrix : public OutputMatrix {
 public:
  NativeOutputMatrix(const Weights& weights, const std::string& name, int64_t vocab, int64_t width);
  int64_t vocab() const override { return vocab_; }
  int64_t width() const override { return width_; }
  void ReadRows(int64_t first, int64_t count, float* out) const override;
  const float* resident() const override { return data_; }

 private:
  const int64_t vocab_, width_;
  std::vector<float> unpacked_;
  const float* data_;
};

class NativeModel {
 public:
  // `type`: of the layers' products; embeddings and the output matrix stay float32. Throws
  // rsr::Error for missing tensors, shapes that contradict the configuration, and weights that are
  // not finite.
  NativeModel(const StudentInfo& student, const DecoderConfig& config, WeightType type);

  const DecoderConfig& config() const { return config_; }
  WeightType type() const { return type_; }
  const std::vector<NativeLayer>& layers() const { return layers_; }
  const std::vector<float>& output_norm() const { return output_norm_; }
  const OutputMatrix& output() const { return *output_; }
  // Of all layers, or of those with (`windowed`) and without a sliding window.
  std::vector<float> RopeFrequenciesOf(bool windowed) const;
  // The embedding of token `id`, [width], as layer 0 takes it.
  void ReadEmbedding(int32_t id, float* out) const;
  int64_t bytes() const;  // of unpacked weights

 private:
  const DecoderConfig config_;
  const WeightType type_;
  const Weights weights_;
  std::vector<NativeLayer> layers_;
  std::vector<float> output_norm_;
  std::unique_ptr<NativeOutputMatrix> output_;
};

}  // namespace rsr
