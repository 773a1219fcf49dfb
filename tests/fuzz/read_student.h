// What a fuzzer of the model files does: reads a student as the native engine does, every weight.
#pragma once

#include <string>
#include <string_view>

namespace rsr {

void ReadFuzzedStudent(const std::string& path);

// `parts`: config.json, the index (empty: the weights are in one file), and the safetensors file,
// with a line of five equals signs between them, as a Hugging Face directory.
void ReadFuzzedDirectory(std::string_view parts);

}  // namespace rsr
