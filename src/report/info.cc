// What a run directory or a model file holds, as name / value rows.
#include <fmt/format.h>

#include <filesystem>
#include <set>
#include <system_error>

#include "base/cells.h"
#include "rsr/error.h"
#include "rsr/inspect.h"
#include "store/run.h"
#include "student/decoder_config.h"
#include "student/decoder_tensors.h"
#include "student/gguf_file.h"
#include "student/hf_directory.h"
#include "tokenizer/tokenizer_json.h"

namespace rsr {
namespace {

Table RunTable(const std::string& path) {
  const std::unique_ptr<RunReader> reader = RunReader::Open(path);
  const RunInfo& info = reader->info();
  // Counted, not taken from the totals: those do not know the shard in flight.
  int64_t rows = 0, scored_tokens = 0, truncated = 0;
  reader->ForEach(RunReader::kNone, [&](const RunRow& row) {
    ++rows;
    scored_tokens += row.scored_tokens;
    truncated += row.truncated;
  });
  Table table{.columns = {{"name"}, {"value"}}};
  table.rows = {{"run", path},
                {"format version", int64_t{info.format_version}},
                {"made by", TextCell("rsr " + info.tool_version)},
                {"created", TextCell(info.created)},
                {"student", TextCell(info.student_name)},
                {"student file", TextCell(info.student_path)},
                {"student hash", TextCell(info.student_hash)},
                {"architecture", TextCell(info.architecture)},
                {"tokenizer hash", TextCell(info.tokenizer_hash)},
                {"vocabulary", info.vocab_size},
                {"chat template", TextCell(info.template_source)},
                {"template hash", TextCell(info.template_hash)},
                {"template date", TextCell(info.template_date)},
                {"mask", TextCell(info.mask)},
                {"thinking", TextCell(info.thinking)},
                {"max tokens", info.max_tokens},
                {"engine", TextCell(info.engine)},
                {"precision", TextCell(info.precision)},
                {"cpu level", TextCell(info.cpu_level)},
                {"complete", info.complete},
                {"rows scored", rows},
                {"rows rejected", info.rows_rejected},
                {"rows truncated", truncated},
                {"tokens scored", scored_tokens},
                {"shards finished", static_cast<int64_t>(info.shards.size())}};
  for (const RunInfo::Input& input : info.inputs) {
    table.rows.push_back({"input", input.path});
    table.rows.push_back({"input rows", input.rows});
    table.rows.push_back({"input hash", input.hash});
  }
  return table;
}

// Does the native engine compute this student? What is wrong with it is told, not thrown.
std::string NativeEngine(const StudentInfo& student) {
  std::string why_not;
  try {
    const auto config = ReadDecoderConfig(student, &why_not);
    if (config) DecoderTensors(student, *config);
  } catch (const Error& error) {
    why_not = error.message();
  }
  return why_not.empty() ? "computes it" : "does not compute it: " + why_not;
}

Table ModelTable(const std::string& path) {
  const GgufInfo info = ReadGguf(path);
  Table table{.columns = {{"name"}, {"value"}}};
  table.rows = {{"model", path},
                {"name", TextCell(info.name)},
                {"architecture", TextCell(info.architecture)},
                {"parameters", info.parameters},
                {"layers", info.layers},
                {"width", info.width},
                {"vocabulary", info.vocab},
                {"context length", info.context_length},
                {"tokenizer", TextCell(info.tokenizer_model)},
                {"pre-tokenizer", TextCell(info.pre_tokenizer)},
                {"chat template", TextCell(info.chat_template.empty() ? "" : "its own")},
                {"tensors", static_cast<int64_t>(info.tensors.size())},
                {"quantised", info.quantised},
                {"file bytes", info.file_bytes()},
                {"float32 bytes", info.f32_bytes},
                {"native engine", NativeEngine(info)}};
  return table;
}

std::string Types(const StudentInfo& info) {
  std::set<std::string> types;
  for (const StudentTensor& tensor : info.tensors) types.insert(tensor.type);
  return fmt::format("{}", fmt::join(types, ", "));
}

std::string TemplateNames(const HfDirectory& directory) {
  std::string names;
  for (const auto& [name, text] : directory.chat_templates)
    names += (names.empty() ? "" : ", ") + name;
  return names == "default" ? "its own" : names;
}

Table DirectoryTable(const std::string& path) {
  const HfDirectory directory = ReadHfDirectory(path);
  const TokenizerDefinition tokenizer = ReadTokenizerJson(directory.tokenizer_json);
  Table table{.columns = {{"name"}, {"value"}}};
  table.rows = {{"model", path},
                {"architecture", TextCell(directory.architecture)},
                {"vocabulary", static_cast<int64_t>(tokenizer.tokens.size())},
                {"merges", static_cast<int64_t>(tokenizer.merges.size())},
                {"added tokens", static_cast<int64_t>(tokenizer.added.size())},
                {"context length", directory.context_length},
                {"chat template", TextCell(TemplateNames(directory))}};
  for (const auto& [name, text] : directory.special_tokens) table.rows.push_back({name, text});
  table.rows.push_back({"weight files", directory.weight_files});
  if (directory.weight_files == 0) return table;
  const StudentInfo info = ReadStudent(path);
  table.rows.insert(table.rows.end(), {{"parameters", info.parameters},
                                       {"layers", info.layers},
                                       {"width", info.width},
                                       {"tensors", static_cast<int64_t>(info.tensors.size())},
                                       {"types", Types(info)},
                                       {"file bytes", info.file_bytes()},
                                       {"float32 bytes", info.f32_bytes},
                                       {"native engine", NativeEngine(info)}});
  return table;
}

}  // namespace

Table Info(const std::string& given) {
  std::error_code unknown;
  const std::string path = FindStudent(given);
  if (!std::filesystem::is_directory(path, unknown)) return ModelTable(path);
  return IsHfDirectory(path) ? DirectoryTable(path) : RunTable(path);
}

}  // namespace rsr
