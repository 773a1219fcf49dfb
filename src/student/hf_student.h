// A student as a Hugging Face directory: config.json and safetensors.
#pragma once

#include <string>

#include "student/student_info.h"

namespace rsr {

// Sizes out of config.json (0 where it does not say), tensors by Hugging Face's names. Throws
// rsr::Error: no student (hf_directory.h), no config.json, no or broken weights (safetensors.h).
StudentInfo ReadHfStudent(const std::string& path);

}  // namespace rsr
