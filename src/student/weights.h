// The tensors of a student by name, in float32 whatever type they are stored in.
//
// Names are GGUF's ("blk.0.attn_q.weight", "token_embd.weight"). The file stays mapped; nothing is
// converted before it is read.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "student/gguf_file.h"

namespace rsr {

// Threading: everything const may be called from several threads at once.
class Weights {
 public:
  explicit Weights(const GgufInfo& info);  // throws rsr::Error

  bool Has(const std::string& name) const { return tensors_.contains(name); }
  // Rows [first, first + count) of a matrix [rows, width]. Throws rsr::Error: no such tensor,
  // another shape, a type that has no float32.
  void ReadRows(const std::string& name, int64_t rows, int64_t width, int64_t first, int64_t count,
                float* out) const;
  std::vector<float> ReadVector(const std::string& name, int64_t size) const;
  // Where the matrix lies if it is float32 already, else null.
  const float* Resident(const std::string& name, int64_t rows, int64_t width) const;

 private:
  const GgufTensor& Find(const std::string& name, int64_t rows, int64_t width) const;

  MappedFile file_;
  std::unordered_map<std::string, GgufTensor> tensors_;
};

}  // namespace rsr
