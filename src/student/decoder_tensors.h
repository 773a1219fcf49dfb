// A decoder's tensors by GGUF's names, whatever file and family they come from.
#pragma once

#include <string>
#include <vector>

#include "student/decoder_config.h"
#include "student/student_info.h"

namespace rsr {

// A tensor of a student under the name the decoder knows it by: "token_embd.weight",
// "output_norm.weight", "output.weight", "rope_freqs.weight" and "blk.N.NAME" with the names of
// decoder_tensors.cc.
struct DecoderTensor : StudentTensor {
  std::string source;  // its name in the file, for messages
  float plus = 0;      // what its values lack (Hugging Face keeps Gemma's norms less 1)
};

// Renames Hugging Face's, cuts what a family keeps in one tensor into its parts, leaves out what
// does not belong to the language model. Throws rsr::Error: one that the decoder needs is missing
// or has another shape than the configuration gives it. Tensors unknown to the decoder keep their
// names.
std::vector<DecoderTensor> DecoderTensors(const StudentInfo& student, const DecoderConfig& config);

// The name of a tensor that the decoder would not use, which means another computation than ours;
// empty: there is none.
std::string UnknownTensor(const StudentInfo& student, const DecoderConfig& config);

}  // namespace rsr
