#include "score/settings.h"

#include <fmt/format.h>

#include <ctime>
#include <initializer_list>

#include "rsr/error.h"
#include "rsr/version.h"

namespace rsr {
namespace {

// Of EngineInfo::precision.
Precision ParsePrecision(const std::string& name) {
  if (name == "native") return Precision::kNative;
  return name == "bf16" ? Precision::kBf16 : Precision::kF32;
}

// Of EngineInfo::name.
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

RunInfo DescribeRun(const ScoreOptions& options, const StudentInfo& student,
                    const std::string& student_hash, const TextSide& text, const EngineInfo& engine,
                    const std::vector<InputFile>& inputs) {
  RunInfo info;
  info.tool_version = kVersion;
  info.created = UtcNow();
  info.student_path = student.path;
  info.student_hash = student_hash;
  info.student_name = student.name;
  info.architecture = student.architecture;
  info.tokenizer_hash = text.tokenizer_hash();
  info.template_hash = text.template_hash();
  info.template_source = text.template_source();
  info.template_date = text.template_date();
  info.vocab_size = text.vocab_size();
  info.max_tokens = options.student.max_tokens;
  info.engine = engine.name;
  info.precision = engine.precision;
  if (!engine.precision_why.empty()) info.precision_why = engine.precision_why;
  info.cpu_level = engine.cpu_level;
  info.mask = MaskName(options.student.mask);
  info.thinking = ThinkingName(options.student.thinking);
  info.dialect = options.input.dialect;
  for (const auto& [field, column] : options.input.map) {
    info.map += (info.map.empty() ? "" : ",") + field + "=" + column;
  }
  info.teacher_from = options.input.teacher_from;
  for (const auto& [name, column] : options.input.keep) {
    info.kept.push_back(name);
    info.kept_from.push_back(column);
  }
  info.where = options.input.where;
  info.sample = options.input.sample;
  info.seed = options.input.seed;
  info.shard = options.input.shard;
  for (const InputFile& input : inputs)
    info.inputs.push_back({input.path, input.hash, input.bytes, input.rows, input.dialect});
  return info;
}

void KeepChoices(const RunInfo& run, StudentOptions* student) {
  if (student->template_date.empty()) student->template_date = run.template_date;
  if (student->precision == Precision::kAuto) student->precision = ParsePrecision(run.precision);
  if (student->engine == EngineChoice::kAuto && student->precision != Precision::kNative) {
    student->engine = ParseEngine(run.engine);
  }
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
