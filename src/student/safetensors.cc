#include "student/safetensors.h"

#include <fmt/format.h>
#include <ggml.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <unordered_set>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {
namespace {

namespace dom = simdjson::dom;

constexpr const char* kDownloadHint = "download or copy the file again and compare its size";
constexpr const char* kDamagedHint = "the file is damaged: download or copy it again";

struct DataType {
  const char* name;
  int64_t bytes;  // of an element
  int32_t ggml_type;
};

// The format's types; those without a ggml type are no weights of a decoder.
constexpr DataType kTypes[] = {{"F32", 4, GGML_TYPE_F32},
                               {"F16", 2, GGML_TYPE_F16},
                               {"BF16", 2, GGML_TYPE_BF16},
                               {"F64", 8, StudentTensor::kNoType},
                               {"I64", 8, StudentTensor::kNoType},
                               {"I32", 4, StudentTensor::kNoType},
                               {"I16", 2, StudentTensor::kNoType},
                               {"I8", 1, StudentTensor::kNoType},
                               {"U64", 8, StudentTensor::kNoType},
                               {"U32", 4, StudentTensor::kNoType},
                               {"U16", 2, StudentTensor::kNoType},
                               {"U8", 1, StudentTensor::kNoType},
                               {"BOOL", 1, StudentTensor::kNoType},
                               {"F8_E4M3", 1, StudentTensor::kNoType},
                               {"F8_E5M2", 1, StudentTensor::kNoType},
                               {"F8_E8M0", 1, StudentTensor::kNoType}};

// One file while its header is read.
class Header {
 public:
  Header(const std::string& path, std::string_view bytes) : path_(path), bytes_(bytes) {}

  std::vector<StudentTensor> Read() {
    const std::string_view json = Json();
    dom::parser parser;
    const simdjson::padded_string padded(json);
    dom::object root;
    if (const auto error = parser.parse(padded).get(root)) {
      throw Error(fmt::format("{}: its header of {} bytes is not a JSON object: {}", path_,
                              json.size(), simdjson::error_message(error)),
                  kDamagedHint);
    }
    std::vector<StudentTensor> tensors;
    std::unordered_set<std::string_view> names;
    for (const auto& [name, value] : root) {
      if (name == "__metadata__") continue;
      const std::string shown = Shown(name);
      if (!names.insert(name).second) {
        throw Error(fmt::format("{}: the header lists tensor '{}' twice", path_, shown),
                    kDamagedHint);
      }
      tensors.push_back(ReadTensor(name, value));
    }
    CheckCover(&tensors);
    return tensors;
  }

 private:
  static std::string Shown(std::string_view name) { return Printable(name.substr(0, 200)); }

  [[noreturn]] void Fail(std::string_view tensor, const std::string& what) const {
    throw Error(fmt::format("{}: tensor '{}' {}", path_, Shown(tensor), what), kDamagedHint);
  }

  // The header's text; sets data_ to where the tensors begin.
  std::string_view Json() {
    if (bytes_.starts_with("version https://git-lfs")) {
      throw Error(path_ + ": is a Git LFS pointer, not the weights",
                  "fetch them with `git lfs pull`");
    }
    uint64_t length = 0;
    if (bytes_.size() < sizeof length) {
      throw Error(fmt::format("{}: cut short: a safetensors file begins with {} bytes of length, "
                              "this one has {} bytes in all",
                              path_, sizeof length, bytes_.size()),
                  kDownloadHint);
    }
    std::memcpy(&length, bytes_.data(), sizeof length);
    constexpr uint64_t kMostHeader = 100'000'000;  // the format's own limit
    if (length > kMostHeader) {
      throw Error(fmt::format("{}: is not safetensors: its header would have {} bytes, the format "
                              "allows {}",
                              path_, length, kMostHeader),
                  kDamagedHint);
    }
    if (length > bytes_.size() - sizeof length) {
      throw Error(fmt::format("{}: cut short: its header ends at byte {}, the file at {}", path_,
                              length + sizeof length, bytes_.size()),
                  kDownloadHint);
    }
    data_ = static_cast<int64_t>(sizeof length + length);
    return bytes_.substr(sizeof length, length);
  }

  StudentTensor ReadTensor(std::string_view name, const dom::element& value) const {
    dom::object fields;
    std::string_view type_name;
    dom::array shape, offsets;
    if (value.get(fields) || fields["dtype"].get(type_name) || fields["shape"].get(shape) ||
        fields["data_offsets"].get(offsets)) {
      Fail(name, "is described without dtype, shape or data_offsets");
    }
    StudentTensor tensor;
    tensor.name = name;
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const DataType& t) { return t.name == type_name; });
    if (type == std::end(kTypes)) {
      Fail(name, fmt::format("is of a type nobody knows: '{}'", Shown(type_name)));
    }
    tensor.type = type->name;
    tensor.ggml_type = type->ggml_type;
    int64_t needed = type->bytes;
    for (const dom::element size : shape) {
      int64_t count = -1;
      if (size.get(count) || count < 0) Fail(name, "has a shape that is not of whole numbers");
      if (tensor.shape.size() == kMostDimensions || MultiplyOverflows(needed, count, &needed)) {
        Fail(name, "has a shape that no file could hold");
      }
      tensor.shape.push_back(count);
    }
    std::vector<int64_t> range;
    for (const dom::element offset : offsets) {
      int64_t at = -1;
      if (offset.get(at) || at < 0) Fail(name, "has data_offsets that are not whole numbers");
      range.push_back(at);
    }
    if (range.size() != 2 || range[0] > range[1]) {
      Fail(name, "has data_offsets that are not a begin and an end");
    }
    const int64_t held = static_cast<int64_t>(bytes_.size()) - data_;
    if (range[1] > held) {
      throw Error(fmt::format("{}: cut short: tensor '{}' ends {} bytes behind the header, the "
                              "file {}",
                              path_, Shown(name), range[1], held),
                  kDownloadHint);
    }
    tensor.bytes = range[1] - range[0];
    tensor.offset = data_ + range[0];
    if (tensor.bytes != needed) {
      Fail(name, fmt::format("of type {} and shape [{}] takes {} bytes, its data_offsets hold {}",
                             tensor.type, fmt::join(tensor.shape, ", "), needed, tensor.bytes));
    }
    if (tensor.offset % type->bytes != 0) {
      throw Error(
          fmt::format("{}: tensor '{}' is misaligned: its {}-byte elements begin at byte {}", path_,
                      Shown(name), type->bytes, tensor.offset),
          "save the model again with today's safetensors, which pads the header");
    }
    return tensor;
  }

  // Without gap or overlap, from the header to the file's end.
  void CheckCover(std::vector<StudentTensor>* tensors) const {
    std::stable_sort(tensors->begin(), tensors->end(),
                     [](const StudentTensor& a, const StudentTensor& b) {
                       return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
                     });
    int64_t at = data_;
    std::string_view before = "the header";
    for (const StudentTensor& tensor : *tensors) {
      if (tensor.offset < at) {
        Fail(tensor.name, fmt::format("overlaps '{}': it begins at byte {}, that ends at {}",
                                      Shown(before), tensor.offset, at));
      }
      if (tensor.offset > at) {
        Fail(tensor.name, fmt::format("begins at byte {}, but '{}' before it ends at {}",
                                      tensor.offset, Shown(before), at));
      }
      at = tensor.offset + tensor.bytes;
      before = tensor.name;
    }
    if (at == static_cast<int64_t>(bytes_.size())) return;
    throw Error(
        fmt::format("{}: the tensors end at byte {}, the file at {}", path_, at, bytes_.size()),
        kDamagedHint);
  }

  static bool MultiplyOverflows(int64_t a, int64_t b, int64_t* product) {
    return __builtin_mul_overflow(a, b, product);
  }

  static constexpr size_t kMostDimensions = 8;

  const std::string& path_;
  const std::string_view bytes_;
  int64_t data_ = 0;
};

}  // namespace

std::vector<StudentTensor> ReadSafetensors(const std::string& path) {
  const MappedFile file(path);
  return Header(path, file.bytes()).Read();
}

}  // namespace rsr
