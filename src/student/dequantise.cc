// The float32 copy of a student, kept in the cache folder.
//
// Written by us and not by llama_model_quantize: that leaves some tensors (positions, routers) in
// their type, whereas here every floating-point tensor becomes float32 and nothing else changes.
#include <fcntl.h>
#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/file.h"
#include "rsr/error.h"
#include "student/ggml_log.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

using GgufContext = std::unique_ptr<gguf_context, decltype(&gguf_free)>;

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) {
      throw Error(
          fmt::format("{}: cannot be written: {}", path, std::generic_category().message(errno)),
          "choose another cache folder with RSR_CACHE");
    }
  }
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() { close(fd_); }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string CacheFolder(const std::string& cache_dir) {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  std::string base = cache_dir;
  if (base.empty()) base = variable("RSR_CACHE");
  if (base.empty() && !variable("XDG_CACHE_HOME").empty())
    base = variable("XDG_CACHE_HOME") + "/rsr";
  if (base.empty() && !variable("HOME").empty()) base = variable("HOME") + "/.cache/rsr";
  if (base.empty()) {
    throw Error("no folder for the float32 copy of the student: HOME is not set",
                "set RSR_CACHE to a folder");
  }
  return base + "/students";
}

// The tensor's type in the copy; integers (and float64) have no conversion and stay.
ggml_type CopyType(const StudentTensor& tensor) {
  const auto type = static_cast<ggml_type>(tensor.ggml_type);
  return ggml_get_type_traits(type)->to_float != nullptr ? GGML_TYPE_F32 : type;
}

void WriteAll(int fd, const void* data, size_t bytes, const std::string& path) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(fd, at, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw Error(
          fmt::format("{}: cannot be written: {}", path, std::generic_category().message(errno)),
          "free some space or choose another cache folder with RSR_CACHE");
    }
    at += written;
    bytes -= static_cast<size_t>(written);
  }
}

// Metadata of `source` and all its tensors in their order, with the types of the copy.
GgufContext CopyHeader(const GgufInfo& info, const gguf_context* source, ggml_context* shapes) {
  GgufContext header(gguf_init_empty(), gguf_free);
  gguf_set_kv(header.get(), source);
  gguf_set_val_u32(header.get(), "general.file_type", 0);  // all float32
  gguf_set_val_u32(header.get(), "general.alignment", GGUF_DEFAULT_ALIGNMENT);
  for (const StudentTensor& tensor : info.tensors) {
    ggml_tensor* copy =
        ggml_new_tensor(shapes, CopyType(tensor), static_cast<int>(tensor.shape.size()),
                        std::vector<int64_t>(tensor.shape.rbegin(), tensor.shape.rend()).data());
    ggml_set_name(copy, tensor.name.c_str());
    gguf_add_tensor(header.get(), copy);
  }
  return header;
}

void WriteTensor(const StudentTensor& tensor, std::string_view bytes, int fd,
                 const std::string& path) {
  const ggml_type_traits* traits = ggml_get_type_traits(static_cast<ggml_type>(tensor.ggml_type));
  size_t written = 0;
  if (CopyType(tensor) != GGML_TYPE_F32 || tensor.ggml_type == GGML_TYPE_F32) {
    WriteAll(fd, bytes.data(), bytes.size(), path);
    written = bytes.size();
  } else {
    constexpr size_t kValuesAtOnce = 1 << 20;  // 4 MB of float32, a multiple of every block size
    const size_t blocks = bytes.size() / traits->type_size;
    const size_t step = kValuesAtOnce / static_cast<size_t>(traits->blck_size);
    std::vector<float> values(std::min(blocks, step) * static_cast<size_t>(traits->blck_size));
    for (size_t block = 0; block < blocks; block += step) {
      const size_t count = std::min(step, blocks - block) * static_cast<size_t>(traits->blck_size);
      traits->to_float(bytes.data() + block * traits->type_size, values.data(),
                       static_cast<int64_t>(count));
      WriteAll(fd, values.data(), count * sizeof(float), path);
      written += count * sizeof(float);
    }
  }
  const char zeros[GGUF_DEFAULT_ALIGNMENT] = {};
  WriteAll(fd, zeros, GGML_PAD(written, GGUF_DEFAULT_ALIGNMENT) - written, path);
}

void WriteCopy(const GgufInfo& info, const std::string& path) {
  const MappedFile source(info.path);
  const GgufContext source_header(
      gguf_init_from_buffer(source.bytes().data(), source.bytes().size(), {true, nullptr}),
      gguf_free);
  if (source_header == nullptr || source.bytes().size() != static_cast<size_t>(info.file_bytes())) {
    throw Error(info.path + ": has changed since it was opened", "run the command again");
  }
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> shapes(
      ggml_init({ggml_tensor_overhead() * (info.tensors.size() + 1), nullptr, true}), ggml_free);
  const GgufContext header = CopyHeader(info, source_header.get(), shapes.get());
  std::vector<char> head(gguf_get_meta_size(header.get()));
  gguf_get_meta_data(header.get(), head.data());

  const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  // Ask for the room before hours of work could end for want of it.
  const int64_t needed = static_cast<int64_t>(head.size()) + info.f32_bytes;
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(path, unknown);
  if (!unknown && space.available < static_cast<uintmax_t>(needed)) {
    throw Error(fmt::format("{}: the float32 copy of the student needs {} MB, the disk has {} MB",
                            path, needed >> 20, space.available >> 20),
                "free some space, choose another cache folder with RSR_CACHE, or use "
                "--precision native");
  }
  WriteAll(file.get(), head.data(), head.size(), path);
  for (const StudentTensor& tensor : info.tensors) {
    WriteTensor(tensor,
                source.bytes().substr(static_cast<size_t>(tensor.offset),
                                      static_cast<size_t>(tensor.bytes)),
                file.get(), path);
  }
}

// A rename only ever shows whole copies; this finds one that was cut or exchanged afterwards.
bool IsWhole(const std::string& path, const GgufInfo& info) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  try {
    const GgufInfo copy = ReadGguf(path);
    return copy.parameters == info.parameters && copy.tensors.size() == info.tensors.size();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string DequantisedGguf(const GgufInfo& info, const std::string& student_hash,
                            const std::string& cache_dir) {
  if (!info.quantised) return info.path;
  CatchGgmlMessages();
  const std::string folder = CacheFolder(cache_dir);
  MakeDirectories(folder);
  const std::string path = fmt::format("{}/{}.f32.gguf", folder, student_hash);
  if (IsWhole(path, info)) return path;
  // One writer at a time, over all processes; whoever waited finds the file there. The lock goes
  // with its process, so that a killed one leaves nothing but a partial file that is overwritten.
  const Descriptor lock(path + ".lock", O_RDWR | O_CREAT);
  while (flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  if (IsWhole(path, info)) return path;
  const std::string partial = path + ".partial";
  try {
    WriteCopy(info, partial);
    SyncPath(partial);
    std::error_code error;
    std::filesystem::rename(partial, path, error);
    if (error) throw Error(fmt::format("{}: cannot be written: {}", path, error.message()));
    SyncPath(folder);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw;
  }
  return path;
}

}  // namespace rsr
