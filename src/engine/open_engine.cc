#include "engine/open_engine.h"

#include <fmt/format.h>

#include "engine/llama/llama_engine.h"
#include "engine/native/native_engine.h"
#include "rsr/error.h"
#include "student/student_info.h"

namespace rsr {
namespace {

std::string WhyNotAuto(const StudentInfo& info, const EngineOptions& options) {
  if (options.student.precision == Precision::kNative) {
    return "--precision native is ggml's own arithmetic";
  }
  return WhyNotNative(info);
}

}  // namespace

OpenedEngine OpenEngine(const EngineOptions& options) {
  const bool own_types = options.student.precision == Precision::kNative;
  const StudentInfo student = ReadStudent(options.student.path);
  if (student.is_directory) {  // which the native engine alone can run
    if (options.student.engine == EngineChoice::kLlama || own_types) {
      throw Error(fmt::format("{}: is a directory; {} runs GGUF files only", student.path,
                              own_types ? "--precision native" : "the llama engine"),
                  ConvertHint(student.path));
    }
    return {OpenNativeEngine(options), ""};
  }
  if (options.student.engine == EngineChoice::kLlama) return {OpenLlamaEngine(options), ""};
  if (options.student.engine == EngineChoice::kNative) {
    if (own_types) {
      throw Error("--engine native computes in float32 or bf16, not in the file's own type",
                  "leave out --precision native, or use --engine llama");
    }
    return {OpenNativeEngine(options), ""};
  }
  const std::string why_not = WhyNotAuto(student, options);
  if (why_not.empty()) return {OpenNativeEngine(options), ""};
  if (options.student.precision == Precision::kBf16) {
    throw Error(fmt::format("{}: --precision bf16 is the native engine's, which cannot score this "
                            "student: {}",
                            options.student.path, why_not),
                "leave out --precision bf16");
  }
  return {OpenLlamaEngine(options), why_not};
}

}  // namespace rsr
