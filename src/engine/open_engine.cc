#include "engine/open_engine.h"

#include <fmt/format.h>

#include "base/memory.h"
#include "engine/llama/llama_engine.h"
#include "engine/native/native_engine.h"
#include "rsr/error.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

std::string WhyNotAuto(const GgufInfo& info, const EngineOptions& options) {
  if (options.student.precision == Precision::kNative) {
    return "--precision native is ggml's own arithmetic";
  }
  if (const std::string why_not = WhyNotNative(info); !why_not.empty()) return why_not;
  const int64_t needed = NativeMemoryBytes(info, options), available = AvailableMemoryBytes();
  if (needed <= available) return "";
  return fmt::format("it would take {} MB of memory, {} MB are available", needed >> 20,
                     available >> 20);
}

}  // namespace

OpenedEngine OpenEngine(const EngineOptions& options) {
  if (options.student.engine == EngineChoice::kLlama) return {OpenLlamaEngine(options), ""};
  if (options.student.engine == EngineChoice::kNative) {
    if (options.student.precision == Precision::kNative) {
      throw Error("--engine native computes in float32, not in the file's own type",
                  "leave out --precision native, or use --engine llama");
    }
    return {OpenNativeEngine(options), ""};
  }
  const std::string why_not = WhyNotAuto(ReadGguf(options.student.path), options);
  if (why_not.empty()) return {OpenNativeEngine(options), ""};
  return {OpenLlamaEngine(options), why_not};
}

}  // namespace rsr
