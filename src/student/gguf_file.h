// A GGUF student file: what its header says, checked against the file's size before anything else
// opens it.
//
// The header is untrusted: counts, offsets and sizes are checked here, so that a file cut in half
// or of another format ends in a message and not in a crash.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "student/student_info.h"

namespace rsr {

struct GgufInfo : StudentInfo {
  std::string tokenizer_model;  // "gpt2", "llama" ...
  std::string pre_tokenizer;    // tokenizer.ggml.pre
  std::string chat_template;    // empty: none
  // `bos_token`, `eos_token`, `pad_token`, `unk_token` and their ids, as far as the file has them.
  std::vector<std::pair<std::string, int64_t>> special_tokens;
};

// Throws rsr::Error: missing, a directory, not GGUF (says what it looks like), cut short (bytes
// expected and found), no tensors, no vocabulary, one part of a split model.
GgufInfo ReadGguf(const std::string& path);

// Path of the file with every weight in float32: `path` itself if it is that already, else one in
// the cache folder (keyed by `student_hash`), written once and shared by all runs. Throws
// rsr::Error (disk full ...).
std::string DequantisedGguf(const GgufInfo& info, const std::string& student_hash,
                            const std::string& cache_dir);

}  // namespace rsr
