#include "data/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "base/hash.h"
#include "base/printable.h"
#include "data/id_table.h"
#include "data/inputs.h"
#include "data/row_parser.h"
#include "data/row_source.h"
#include "rsr/error.h"

namespace rsr {
namespace {

std::string BaseName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::string DefaultProblem(const std::vector<Message>& messages) {
  auto first = std::find_if(messages.begin(), messages.end(),
                            [](const Message& message) { return message.role == Role::kUser; });
  if (first == messages.end()) first = messages.begin();
  return "h:" + HashBytes(first->content).substr(0, 16);
}

}  // namespace

struct TrajectoryReader::Impl {
  struct Input {
    std::string path, shown;  // shown: in messages
    std::string name;         // printable; the base name, or the path where two files share it
  };

  bool NextRow(RawRow* raw);
  ReadItem Read(const RawRow& raw);

  std::vector<Input> inputs;
  std::string stdin_file;
  int32_t next_input = 0;  // the one behind the open one
  std::unique_ptr<RowSource> rows;
  RowParser parser;
  IdTable first_use;
  int64_t row = 0;
};

bool TrajectoryReader::Impl::NextRow(RawRow* raw) {
  while (rows == nullptr || !rows->Next(raw)) {
    rows.reset();
    if (next_input == static_cast<int32_t>(inputs.size())) return false;
    rows = OpenRows(inputs[next_input++].path, stdin_file);
  }
  return true;
}

ReadItem TrajectoryReader::Impl::Read(const RawRow& raw) {
  const Input& input = inputs[next_input - 1];
  const std::string place = fmt::format(
      ":{}{}", raw.line, raw.nth_on_line > 1 ? fmt::format("#{}", raw.nth_on_line) : "");
  Trajectory trajectory;
  trajectory.span = {next_input - 1, raw.offset, raw.length, raw.line};
  trajectory.row = row++;
  // What came through a pipe is nobody's file, also where it is read out of one.
  const bool in_file = rows->in_file() && input.path != kStandardInput;
  if (!in_file) trajectory.span.offset = -1;

  std::optional<RowError> error;
  if (!raw.reason.empty()) {
    error = {raw.reason, raw.problem};
  } else {
    error = parser.Parse(raw.bytes, &trajectory);
  }
  if (!error) {
    const bool named = !trajectory.id.empty();
    if (!named) trajectory.id = input.name + place;
    if (trajectory.problem_id.empty()) trajectory.problem_id = DefaultProblem(trajectory.messages);
    if (trajectory.teacher.empty()) trajectory.teacher = StemOf(input.name);
    // Ids made of file and line need no memory.
    const auto first =
        named ? first_use.Insert(trajectory.id, {trajectory.span.file, raw.line}) : std::nullopt;
    if (!first) {
      if (!in_file) trajectory.record = raw.bytes;
      return trajectory;
    }
    error = {
        "duplicate-id",
        fmt::format(
            "the id `{}` is already that of {}:{}; expected another for every row of all files "
            "(what names the problem belongs into `problem_id`)",
            Excerpt(trajectory.id), inputs[first->file].shown, first->line)};
  }
  return Rejection{trajectory.span, trajectory.row, trajectory.id, error->reason,
                   input.shown + place + ": " + error->text};
}

TrajectoryReader::TrajectoryReader(const std::vector<std::string>& files, std::string stdin_file)
    : impl_(std::make_unique<Impl>()) {
  impl_->stdin_file = std::move(stdin_file);
  std::map<std::string, int> shared;
  for (const std::string& path : files) ++shared[BaseName(path)];
  for (const std::string& path : files) {
    // A file that cannot be read is told before any work is done. A pipe can be read only once.
    if (path != kStandardInput) OpenRows(path, "");
    const std::string base = BaseName(path);
    impl_->inputs.push_back(
        {path, Printable(InputName(path)), Printable(InputName(shared[base] > 1 ? path : base))});
  }
}

TrajectoryReader::~TrajectoryReader() = default;

bool TrajectoryReader::Next(ReadItem* item) {
  RawRow raw;
  if (!impl_->NextRow(&raw)) return false;
  *item = impl_->Read(raw);
  return true;
}

std::vector<InputFile> ScanInputs(const std::vector<std::string>& files,
                                  const std::string& stdin_file) {
  std::vector<InputFile> inputs;
  for (const std::string& path : files) {
    const std::string& file = path == kStandardInput ? stdin_file : path;
    InputFile& input = inputs.emplace_back();
    input.path = path;
    const std::unique_ptr<RowSource> rows = OpenRows(file, "");
    for (RawRow row; rows->Next(&row); ++input.rows) input.row_bytes += row.length;
    input.hash = HashFile(file);
    input.bytes = static_cast<int64_t>(std::filesystem::file_size(file));
  }
  return inputs;
}

}  // namespace rsr
