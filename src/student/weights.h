// The tensors of a student by name, in float32 whatever type they are stored in.
//
// Names are GGUF's ("blk.0.attn_q.weight", "token_embd.weight"; decoder_tensors.h). The files stay
// mapped; nothing is converted before it is read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "student/decoder_tensors.h"

namespace rsr {

// Threading: everything const may be called from several threads at once.
class Weights {
 public:
  // Throws rsr::Error for files that are no longer what `student` says.
  Weights(const StudentInfo& student, std::vector<DecoderTensor> tensors);

  bool Has(const std::string& name) const { return tensors_.contains(name); }
  // Rows [first, first + count) of a matrix [rows, width]. Throws rsr::Error: no such tensor,
  // another shape, a type that has no float32, a value that is not finite.
  void ReadRows(const std::string& name, int64_t rows, int64_t width, int64_t first, int64_t count,
                float* out) const;
  // Single rows, `which` in this order.
  void ReadRows(const std::string& name, int64_t rows, int64_t width,
                std::span<const int32_t> which, float* out) const;
  std::vector<float> ReadVector(const std::string& name, int64_t size) const;
  // Where the matrix lies if it is float32 already, else null. CheckFinite is the caller's.
  const float* Resident(const std::string& name, int64_t rows, int64_t width) const;
  // Reads the whole matrix once. Throws rsr::Error for a value that is not finite.
  void CheckFinite(const std::string& name, int64_t rows, int64_t width) const;

 private:
  const DecoderTensor& Find(const std::string& name, int64_t rows, int64_t width) const;
  const MappedFile& FileOf(const DecoderTensor& tensor) const { return files_[tensor.file]; }
  void Read(const DecoderTensor& tensor, int64_t rows, int64_t width, int64_t first, int64_t count,
            float* out) const;
  void RefuseNotFinite(const DecoderTensor& tensor, const float* values, int64_t first,
                       int64_t count, int64_t width) const;

  std::string path_;
  std::vector<MappedFile> files_;
  std::unordered_map<std::string, DecoderTensor> tensors_;
};

}  // namespace rsr
