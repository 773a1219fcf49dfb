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

namespace rsr {

struct GgufTensor {
  std::string name;
  std::string type;            // ggml's name: "F32", "Q4_1" ...
  std::vector<int64_t> shape;  // outermost first: [vocab, width] for an embedding
  int64_t bytes = 0;
  int64_t offset = 0;     // of its first byte in the file
  int32_t ggml_type = 0;  // enum ggml_type
};

struct GgufInfo {
  std::string path;
  int64_t file_bytes = 0;
  std::string architecture;     // "llama", "qwen2" ...
  std::string name;             // general.name, or empty
  std::string tokenizer_model;  // "gpt2", "llama" ...
  std::string pre_tokenizer;    // tokenizer.ggml.pre
  std::string chat_template;    // empty: none
  // `bos_token`, `eos_token`, `pad_token`, `unk_token` and their ids, as far as the file has them.
  std::vector<std::pair<std::string, int64_t>> special_tokens;
  int64_t context_length = 0, layers = 0, width = 0, vocab = 0, heads = 0;
  int64_t kv_width = 0;  // values a token adds to the KV cache, all layers together
  int64_t parameters = 0;
  int64_t f32_bytes = 0;   // of all weights dequantised
  bool quantised = false;  // any tensor of another type than F32
  std::vector<GgufTensor> tensors;
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
