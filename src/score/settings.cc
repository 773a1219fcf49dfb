#include "score/settings.h"

#include <fmt/format.h>

#include <ctime>
#include <initializer_list>

#include "rsr/error.h"

namespace rsr {
namespace {

// The choice that `name` names.
template <class T>
T ParseName(const char* what, const std::string& name, std::initializer_list<T> choices,
            const char* (*name_of)(T)) {
  for (const T choice : choices) {
    if (name == name_of(choice)) return choice;
  }
  throw Error(
      fmt::format("the run was made with {} '{}', which this rsr does not know", what, name),
      "use the rsr that wrote it");
}

// The value of --chat-template for a recorded source.
std::string TemplateOption(const std::string& source) {
  constexpr std::string_view kBuiltIn = "built-in ";
  if (source == "model") return "";
  return source.starts_with(kBuiltIn) ? source.substr(kBuiltIn.size()) : source;
}

}  // namespace

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm utc = {};
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  return text;
}

Precision ParsePrecision(const std::string& name) {
  if (name == "native") return Precision::kNative;
  return name == "bf16" ? Precision::kBf16 : Precision::kF32;
}

EngineChoice ParseEngine(const std::string& name) {
  return name == "native" ? EngineChoice::kNative : EngineChoice::kLlama;
}

const char* MaskName(MaskPolicy mask) {
  switch (mask) {
    case MaskPolicy::kContent:
      return "content";
    case MaskPolicy::kTurn:
      return "turn";
    case MaskPolicy::kLast:
      return "last";
    case MaskPolicy::kReference:
      return "reference";
  }
  return "?";
}

const char* ThinkingName(ThinkingPolicy thinking) {
  switch (thinking) {
    case ThinkingPolicy::kAsTemplate:
      return "as-template";
    case ThinkingPolicy::kKeep:
      return "keep";
    case ThinkingPolicy::kDrop:
      return "drop";
  }
  return "?";
}

StudentOptions StudentOf(const RunInfo& info, const std::string& path) {
  return {.path = path.empty() ? info.student_path : path,
          .engine = ParseEngine(info.engine),
          .precision = ParsePrecision(info.precision),
          .mask = ParseName(
              "mask", info.mask,
              {MaskPolicy::kContent, MaskPolicy::kTurn, MaskPolicy::kLast, MaskPolicy::kReference},
              MaskName),
          .thinking =
              ParseName("thinking", info.thinking,
                        {ThinkingPolicy::kAsTemplate, ThinkingPolicy::kKeep, ThinkingPolicy::kDrop},
                        ThinkingName),
          .chat_template = TemplateOption(info.template_source),
          .template_date = info.template_date,
          .max_tokens = info.max_tokens};
}

}  // namespace rsr
