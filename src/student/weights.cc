#include "student/weights.h"

#include <fmt/format.h>
#include <ggml.h>

#include <cstring>

#include "rsr/error.h"
#include "student/ggml_log.h"

namespace rsr {

Weights::Weights(const GgufInfo& info) : file_(info.path) {
  CatchGgmlMessages();
  if (file_.bytes().size() != static_cast<size_t>(info.file_bytes)) {
    throw Error(info.path + ": has changed since it was opened", "run the command again");
  }
  for (const GgufTensor& tensor : info.tensors) tensors_.emplace(tensor.name, tensor);
}

const GgufTensor& Weights::Find(const std::string& name, int64_t rows, int64_t width) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw Error(fmt::format("{}: has no tensor '{}'", file_.path(), name),
                "the file is incomplete, or of a variant that this engine does not know: try "
                "--engine llama");
  }
  const GgufTensor& tensor = found->second;
  const std::vector<int64_t> shape =
      rows == 1 ? std::vector<int64_t>{width} : std::vector<int64_t>{rows, width};
  if (tensor.shape != shape) {
    throw Error(fmt::format("{}: tensor '{}' has shape [{}], expected [{}]", file_.path(), name,
                            fmt::join(tensor.shape, ", "), fmt::join(shape, ", ")),
                "its header contradicts its tensors");
  }
  return tensor;
}

void Weights::ReadRows(const std::string& name, int64_t rows, int64_t width, int64_t first,
                       int64_t count, float* out) const {
  const GgufTensor& tensor = Find(name, rows, width);
  const int64_t row_bytes = tensor.bytes / rows;  // blocks of quantised types never cross rows
  const char* from = file_.bytes().data() + tensor.offset + first * row_bytes;
  const auto values = static_cast<size_t>(count * width);
  if (tensor.ggml_type == GGML_TYPE_F32) {
    std::memcpy(out, from, values * sizeof(float));
    return;
  }
  const auto* traits = ggml_get_type_traits(static_cast<ggml_type>(tensor.ggml_type));
  if (traits->to_float == nullptr) {
    throw Error(fmt::format("{}: tensor '{}' is of type {}, which has no float32", file_.path(),
                            name, tensor.type),
                "use a file in another type");
  }
  traits->to_float(from, out, static_cast<int64_t>(values));
}

std::vector<float> Weights::ReadVector(const std::string& name, int64_t size) const {
  std::vector<float> values(static_cast<size_t>(size));
  ReadRows(name, 1, size, 0, 1, values.data());
  return values;
}

const float* Weights::Resident(const std::string& name, int64_t rows, int64_t width) const {
  const GgufTensor& tensor = Find(name, rows, width);
  const char* data = file_.bytes().data() + tensor.offset;
  const bool aligned = reinterpret_cast<uintptr_t>(data) % alignof(float) == 0;
  return tensor.ggml_type == GGML_TYPE_F32 && aligned ? reinterpret_cast<const float*>(data)
                                                      : nullptr;
}

}  // namespace rsr
