// A student's weights as its files describe them, whatever format they are in: a GGUF file or a
// Hugging Face directory of safetensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rsr {

struct StudentTensor {
  static constexpr int32_t kNoType = -1;

  std::string name;            // as the file has it
  std::string type;            // "F32", "BF16", "Q4_1" ...
  std::vector<int64_t> shape;  // outermost first: [vocab, width] for an embedding
  int64_t bytes = 0;
  int64_t offset = 0;           // of its first byte in the file
  int32_t file = 0;             // index into StudentInfo::files
  int32_t ggml_type = kNoType;  // enum ggml_type; kNoType: one that has no float32
};

struct StudentInfo {
  struct File {
    std::string path;
    int64_t bytes = 0;
  };

  std::string path;  // of the GGUF file or the directory
  bool is_directory = false;
  std::vector<File> files;   // that hold the weights
  std::string architecture;  // "llama", "qwen2" ...: GGUF's general.architecture, or model_type
  std::string name;          // general.name, or empty
  int64_t context_length = 0, layers = 0, width = 0, vocab = 0, heads = 0;
  int64_t kv_width = 0;  // values a token adds to the KV cache, all layers together
  int64_t parameters = 0;
  int64_t f32_bytes = 0;   // of all weights in float32
  bool quantised = false;  // any tensor of another type than F32
  std::vector<StudentTensor> tensors;

  int64_t file_bytes() const {
    int64_t bytes = 0;
    for (const File& file : files) bytes += file.bytes;
    return bytes;
  }
};

// What --student names (FindStudent in hf_directory.h): a GGUF file as ReadGguf (gguf_file.h), a
// directory as ReadHfStudent (hf_student.h). Header and sizes are checked, no weight is read.
// Throws rsr::Error.
StudentInfo ReadStudent(const std::string& given);

// How to make of a directory what the llama engine runs.
std::string ConvertHint(const std::string& directory);

// Of all files that the scores depend on: the GGUF file; or the weights, config.json and what the
// text side reads. The same for the same content, wherever it lies.
std::string HashStudent(const StudentInfo& student);

}  // namespace rsr
