#include "student/gguf_file.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "student/ggml_log.h"
#include "student/gguf_metadata.h"

namespace rsr {
namespace {

constexpr const char* kConvertHint =
    "rsr reads GGUF files: convert the model with llama.cpp's convert_hf_to_gguf.py, or download "
    "a .gguf";
constexpr const char* kDownloadHint = "download or copy the file again and compare its size";

// What a file that is not GGUF starts with, for the message.
std::string Describe(std::string_view bytes) {
  const auto starts = [&](std::string_view prefix) { return bytes.starts_with(prefix); };
  if (starts("version https://git-lfs")) return "a Git LFS pointer, not the model itself";
  if (starts("PK\x03\x04")) return "a zip archive, as PyTorch writes checkpoints";
  if (starts("\x80\x02") || starts("\x80\x04")) return "a Python pickle, as old PyTorch wrote";
  if (starts("\x1f\x8b")) return "gzip data";
  if (starts("\x28\xb5\x2f\xfd")) return "zstd data";
  if (starts("lmgg") || starts("tjgg") || starts("fmgg")) return "GGML, the format before GGUF";
  if (bytes.size() > 9 && bytes[8] == '{' && bytes.substr(5, 3) == std::string_view("\0\0\0", 3)) {
    return "a safetensors file";
  }
  const size_t text = bytes.find_first_not_of(" \t\r\n");
  if (text != std::string_view::npos && bytes[text] == '<') return "a web page or XML";
  if (text != std::string_view::npos && bytes[text] == '{') return "JSON";
  std::string shown;
  for (const char c : bytes.substr(0, 4)) {
    shown += std::isprint(static_cast<unsigned char>(c)) ? c : '.';
  }
  return fmt::format("a file that starts with '{}'", shown);
}

void CheckStart(const std::string& path, std::string_view bytes) {
  if (bytes.empty()) throw Error(path + ": is empty, expected a GGUF model", kDownloadHint);
  if (!bytes.starts_with(std::string_view("GGUF").substr(0, bytes.size()))) {
    throw Error(fmt::format("{}: is not a GGUF model but {}", path, Describe(bytes)),
                bytes.starts_with("version https://git-lfs") ? "fetch it with `git lfs pull`"
                                                             : kConvertHint);
  }
  constexpr size_t kFixedHeader = 24;  // magic, version, number of tensors, number of keys
  if (bytes.size() < kFixedHeader) {
    throw Error(fmt::format("{}: cut short: a GGUF header needs {} bytes, the file has {}", path,
                            kFixedHeader, bytes.size()),
                kDownloadHint);
  }
  uint32_t version;
  std::memcpy(&version, bytes.data() + 4, sizeof version);
  if (version != 2 && version != 3) {
    throw Error(fmt::format("{}: GGUF version 2 or 3 expected, got {}{}", path, version,
                            version % 65536 == 0 ? " (the other byte order?)" : ""),
                kConvertHint);
  }
}

// Values per token in the KV cache: what attention with grouped heads keeps. Architectures with a
// compressed cache keep less; the number is for estimates, hence in double and without overflow.
int64_t KvWidth(const GgufMetadata& metadata, int64_t layers, int64_t width, int64_t heads) {
  const int64_t head_width = heads > 0 ? width / heads : 0;
  const double key_and_value =
      static_cast<double>(metadata.Integer("attention.key_length", head_width)) +
      static_cast<double>(metadata.Integer("attention.value_length", head_width));
  const std::vector<int64_t> kv_heads = metadata.Integers("attention.head_count_kv");
  double heads_of_all_layers = 0;
  if (kv_heads.size() > 1) {
    for (const int64_t count : kv_heads) heads_of_all_layers += static_cast<double>(count);
  } else {
    heads_of_all_layers =
        static_cast<double>(layers) * static_cast<double>(kv_heads.empty() ? heads : kv_heads[0]);
  }
  return static_cast<int64_t>(std::clamp(heads_of_all_layers * key_and_value, 0.0, 1e15));
}

void ReadTensors(const gguf_context* context, GgufInfo* info) {
  const uint64_t data_offset = gguf_get_data_offset(context);
  const uint64_t file_bytes = static_cast<uint64_t>(info->file_bytes());
  for (int64_t i = 0; i < gguf_get_n_tensors(context); ++i) {
    StudentTensor tensor;
    tensor.name = gguf_get_tensor_name(context, i);
    tensor.ggml_type = gguf_get_tensor_type(context, i);
    tensor.type = ggml_type_name(static_cast<ggml_type>(tensor.ggml_type));
    for (char& c : tensor.type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    // ggml has found each size and the end of all tensors to be below 2^64.
    const uint64_t bytes = gguf_get_tensor_size(context, i);
    const uint64_t begin = gguf_get_tensor_offset(context, i);
    if (begin > UINT64_MAX - data_offset || data_offset + begin > file_bytes ||
        bytes > file_bytes - data_offset - begin) {
      throw Error(
          fmt::format("{}: cut short: needs {} bytes up to the end of tensor '{}', has {}",
                      info->path, data_offset + begin + bytes, Printable(tensor.name), file_bytes),
          kDownloadHint);
    }
    tensor.bytes = static_cast<int64_t>(bytes);
    tensor.offset = static_cast<int64_t>(data_offset + begin);
    const int64_t* shape = gguf_get_tensor_ne(context, i);
    int dims = GGML_MAX_DIMS;
    while (dims > 1 && shape[dims - 1] == 1) --dims;
    tensor.shape.assign(std::make_reverse_iterator(shape + dims),
                        std::make_reverse_iterator(shape));
    int64_t values = 1;
    for (int d = 0; d < dims; ++d) values *= shape[d];  // ggml has checked it in this order
    info->parameters += values;
    info->quantised = info->quantised || tensor.ggml_type != GGML_TYPE_F32;
    info->tensors.push_back(std::move(tensor));
  }
  info->f32_bytes = info->parameters * static_cast<int64_t>(sizeof(float));
}

}  // namespace

GgufInfo ReadGguf(const std::string& path) {
  CatchGgmlMessages();
  const MappedFile file(path);
  CheckStart(path, file.bytes());
  TakeGgmlMessages();  // what an earlier call left
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> context(
      gguf_init_from_buffer(file.bytes().data(), file.bytes().size(), {true, nullptr}), gguf_free);
  if (context == nullptr) {
    throw Error(fmt::format("{}: the GGUF header cannot be read (file of {} bytes): {}", path,
                            file.bytes().size(), Printable(TakeGgmlMessages())),
                "the file is cut short or damaged; " + std::string(kDownloadHint));
  }
  GgufInfo info;
  info.path = path;
  info.files = {{path, static_cast<int64_t>(file.bytes().size())}};
  info.architecture = GgufMetadata(context.get(), path).String("general.architecture");
  const GgufMetadata metadata(context.get(), path, info.architecture);
  info.name = metadata.String("general.name");
  info.tokenizer_model = metadata.String("tokenizer.ggml.model");
  info.pre_tokenizer = metadata.String("tokenizer.ggml.pre");
  info.chat_template = metadata.String("tokenizer.chat_template");
  for (const auto& [name, key] :
       {std::pair("bos_token", "bos"), std::pair("eos_token", "eos"),
        std::pair("pad_token", "padding"), std::pair("unk_token", "unknown")}) {
    const int64_t id = metadata.TokenId(fmt::format("tokenizer.ggml.{}_token_id", key));
    if (id >= 0) info.special_tokens.emplace_back(name, id);
  }
  info.context_length = metadata.Integer("context_length");
  info.layers = metadata.Integer("block_count");
  info.width = metadata.Integer("embedding_length");
  info.heads = metadata.Integer("attention.head_count");
  info.vocab = metadata.ArraySize("tokenizer.ggml.tokens");
  info.kv_width = KvWidth(metadata, info.layers, info.width, info.heads);
  if (const int64_t parts = metadata.SplitCount(); parts > 1) {
    throw Error(fmt::format("{}: is one of the {} parts of a split model", path, parts),
                "merge them with `llama-gguf-split --merge`");
  }
  if (gguf_get_n_tensors(context.get()) == 0) {
    throw Error(path + ": holds no tensors", "this is a vocabulary only; name the model file");
  }
  if (info.architecture.empty()) {
    throw Error(path + ": does not name its architecture", kConvertHint);
  }
  if (info.vocab == 0) throw Error(path + ": holds no vocabulary", kConvertHint);
  ReadTensors(context.get(), &info);
  return info;
}

}  // namespace rsr
