#include "student/hf_student.h"

#include <algorithm>

#include "student/hf_config.h"
#include "student/hf_directory.h"
#include "student/safetensors.h"

namespace rsr {

StudentInfo ReadHfStudent(const std::string& path) {
  const HfDirectory directory = ReadHfDirectory(path);  // refuses what is no student at all
  StudentInfo info;
  info.path = path;
  info.is_directory = true;
  info.context_length = directory.context_length;
  ReadSafetensorsOf(&info);
  const HfConfig config(path);
  info.architecture = config.model_type();
  info.layers = config.Integer("num_hidden_layers");
  info.width = config.Integer("hidden_size");
  info.heads = config.Integer("num_attention_heads");
  info.vocab = config.Integer("vocab_size");
  // For estimates, hence in double and without overflow.
  const int64_t head_width =
      config.Integer("head_dim", info.heads > 0 ? info.width / info.heads : 0);
  const double kv_width = 2.0 * static_cast<double>(info.layers) *
                          static_cast<double>(config.Integer("num_key_value_heads", info.heads)) *
                          static_cast<double>(head_width);
  info.kv_width = static_cast<int64_t>(std::clamp(kv_width, 0.0, 1e15));
  for (const StudentTensor& tensor : info.tensors) {
    int64_t values = 1;
    for (const int64_t size : tensor.shape) values *= size;  // below its bytes, which are checked
    info.parameters += values;
    info.quantised = info.quantised || tensor.type != "F32";
  }
  info.f32_bytes = info.parameters * static_cast<int64_t>(sizeof(float));
  return info;
}

}  // namespace rsr
