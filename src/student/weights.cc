#include "student/weights.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/printable.h"
#include "rsr/error.h"
#include "student/ggml_log.h"

namespace rsr {
namespace {

// No branch in the loop: it runs over every weight once, beside the conversion.
bool AllFinite(const float* values, int64_t count) {
  constexpr uint32_t kMagnitude = 0x7FFFFFFF, kInfinity = 0x7F800000;
  uint32_t greatest = 0;
  for (int64_t i = 0; i < count; ++i) {
    greatest = std::max(greatest, std::bit_cast<uint32_t>(values[i]) & kMagnitude);
  }
  return greatest < kInfinity;
}

}  // namespace

Weights::Weights(const StudentInfo& student, std::vector<DecoderTensor> tensors)
    : path_(student.path) {
  CatchGgmlMessages();
  for (const StudentInfo::File& file : student.files) {
    files_.emplace_back(file.path);
    if (files_.back().bytes().size() != static_cast<size_t>(file.bytes)) {
      throw Error(file.path + ": has changed since it was opened", "run the command again");
    }
  }
  for (DecoderTensor& tensor : tensors) {
    std::string name = tensor.name;
    tensors_.emplace(std::move(name), std::move(tensor));
  }
}

const DecoderTensor& Weights::Find(const std::string& name, int64_t rows, int64_t width) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw Error(fmt::format("{}: has no tensor '{}'", path_, name),
                "the file is incomplete, or of a variant that this engine does not know: try "
                "--engine llama");
  }
  const DecoderTensor& tensor = found->second;
  const std::vector<int64_t> shape =
      rows == 1 ? std::vector<int64_t>{width} : std::vector<int64_t>{rows, width};
  if (tensor.shape != shape) {
    throw Error(fmt::format("{}: tensor '{}' has shape [{}], expected [{}]", FileOf(tensor).path(),
                            Printable(tensor.source), fmt::join(tensor.shape, ", "),
                            fmt::join(shape, ", ")),
                "its header contradicts its tensors");
  }
  return tensor;
}

void Weights::ReadRows(const std::string& name, int64_t rows, int64_t width, int64_t first,
                       int64_t count, float* out) const {
  const DecoderTensor& tensor = Find(name, rows, width);
  Read(tensor, rows, width, first, count, out);
  // What was read counts as memory of this process as long as it stays mapped.
  const int64_t row_bytes = tensor.bytes / rows;
  const auto begin = static_cast<size_t>(tensor.offset + first * row_bytes);
  FileOf(tensor).Drop(begin, begin + static_cast<size_t>(count * row_bytes));
}

void Weights::ReadRows(const std::string& name, int64_t rows, int64_t width,
                       std::span<const int32_t> which, float* out) const {
  // A row may map 64 KB around it: with so many at most 2 MB more than the rows themselves.
  constexpr size_t kRowsAtOnce = 32;
  const DecoderTensor& tensor = Find(name, rows, width);
  const auto begin = static_cast<size_t>(tensor.offset);
  for (size_t i = 0; i < which.size(); ++i, out += width) {
    Read(tensor, rows, width, which[i], 1, out);
    if ((i + 1) % kRowsAtOnce != 0 && i + 1 < which.size()) continue;
    FileOf(tensor).Drop(begin, begin + static_cast<size_t>(tensor.bytes));
  }
}

void Weights::Read(const DecoderTensor& tensor, int64_t rows, int64_t width, int64_t first,
                   int64_t count, float* out) const {
  const int64_t row_bytes = tensor.bytes / rows;  // blocks of quantised types never cross rows
  const char* from = FileOf(tensor).bytes().data() + tensor.offset + first * row_bytes;
  const int64_t values = count * width;
  if (tensor.ggml_type == GGML_TYPE_F32) {
    std::memcpy(out, from, static_cast<size_t>(values) * sizeof(float));
  } else {
    const auto* traits = tensor.ggml_type == StudentTensor::kNoType
                             ? nullptr
                             : ggml_get_type_traits(static_cast<ggml_type>(tensor.ggml_type));
    if (traits == nullptr || traits->to_float == nullptr) {
      throw Error(fmt::format("{}: tensor '{}' is of type {}, which has no float32",
                              FileOf(tensor).path(), Printable(tensor.source), tensor.type),
                  "use a file in another type");
    }
    traits->to_float(from, out, values);
  }
  if (!AllFinite(out, values)) RefuseNotFinite(tensor, out, first, count, width);
  if (tensor.plus == 0) return;
  for (int64_t i = 0; i < values; ++i) out[i] += tensor.plus;
}

void Weights::RefuseNotFinite(const DecoderTensor& tensor, const float* values, int64_t first,
                              int64_t count, int64_t width) const {
  const float* bad = std::find_if(values, values + count * width,
                                  [](float value) { return !std::isfinite(value); });
  const int64_t at = bad - values;
  throw Error(fmt::format("{}: tensor '{}' has {} in row {}, column {}; every weight must be a "
                          "finite number",
                          FileOf(tensor).path(), Printable(tensor.source), *bad, first + at / width,
                          at % width),
              "training diverged, or the file is damaged: use another checkpoint");
}

std::vector<float> Weights::ReadVector(const std::string& name, int64_t size) const {
  std::vector<float> values(static_cast<size_t>(size));
  ReadRows(name, 1, size, 0, 1, values.data());
  return values;
}

const float* Weights::Resident(const std::string& name, int64_t rows, int64_t width) const {
  const DecoderTensor& tensor = Find(name, rows, width);
  const char* data = FileOf(tensor).bytes().data() + tensor.offset;
  const bool aligned = reinterpret_cast<uintptr_t>(data) % alignof(float) == 0;
  return tensor.ggml_type == GGML_TYPE_F32 && aligned && tensor.plus == 0
             ? reinterpret_cast<const float*>(data)
             : nullptr;
}

void Weights::CheckFinite(const std::string& name, int64_t rows, int64_t width) const {
  constexpr int64_t kRowsAtOnce = 64;
  std::vector<float> values(static_cast<size_t>(std::min(rows, kRowsAtOnce) * width));
  for (int64_t row = 0; row < rows; row += kRowsAtOnce) {
    ReadRows(name, rows, width, row, std::min(kRowsAtOnce, rows - row), values.data());
  }
}

}  // namespace rsr
