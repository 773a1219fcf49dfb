#include "data/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/file.h"
#include "base/hash.h"
#include "base/printable.h"
#include "data/row_parser.h"
#include "data/row_splitter.h"
#include "rsr/error.h"

namespace rsr {
namespace {

std::string BaseName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// What people give by mistake, told by its first bytes; better one error than one for each "line"
// of it.
void RefuseOtherFormats(const MappedFile& file) {
  static constexpr std::pair<std::string_view, const char*> kFormats[] = {
      {"\x1F\x8B", "gzip"},   {"\x28\xB5\x2F\xFD", "Zstandard"},
      {"PAR1", "Parquet"},    {"PK\x03\x04", "zip"},
      {"ARROW1", "Arrow"},    {"GGUF", "GGUF"},
      {"\xFF\xFE", "UTF-16"}, {"\xFE\xFF", "UTF-16"},
  };
  for (const auto& [magic, format] : kFormats) {
    if (!file.bytes().starts_with(magic)) continue;
    throw Error(
        fmt::format("{}: is {}, expected JSON Lines or a JSON array in UTF-8", file.path(), format),
        "unpack or convert it first");
  }
}

// The mapped file, if it has at least one row.
MappedFile OpenInput(const std::string& path) {
  MappedFile file(path);
  RefuseOtherFormats(file);
  RawRow row;
  if (!RowSplitter(file.bytes()).Next(&row)) {
    throw Error(fmt::format("{}: {}, expected JSON Lines or a JSON array of chats", path,
                            file.bytes().empty() ? "is empty" : "holds no row"),
                "was it written completely?");
  }
  return file;
}

// Now and then gives back the memory of the bytes read, so that a file of any size takes little.
void DropConsumed(const MappedFile& file, const RowSplitter& splitter, int64_t* dropped) {
  constexpr int64_t kEvery = int64_t{16} << 20;
  if (splitter.position() - *dropped < kEvery) return;
  *dropped = splitter.position();
  file.DropBefore(static_cast<size_t>(*dropped));
}

std::string DefaultTeacher(std::string name) {
  for (const std::string_view extension : {".jsonl", ".json", ".ndjson"}) {
    if (name.size() > extension.size() && name.ends_with(extension)) {
      name.resize(name.size() - extension.size());
      break;
    }
  }
  return name;
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
    std::string path, name;  // name: printable; the base name, or the path where two files share it
  };
  struct Place {
    int32_t file;
    int64_t line;
  };

  bool NextRow(RawRow* raw);
  ReadItem Read(const RawRow& raw);

  std::vector<Input> inputs;
  int32_t next_input = 0;  // the one behind the open one
  std::optional<MappedFile> file;
  std::optional<RowSplitter> splitter;
  RowParser parser;
  std::unordered_map<std::string, Place> first_use;  // of every id
  int64_t row = 0, dropped = 0;
};

bool TrajectoryReader::Impl::NextRow(RawRow* raw) {
  while (!splitter || !splitter->Next(raw)) {
    splitter.reset();
    file.reset();
    if (next_input == static_cast<int32_t>(inputs.size())) return false;
    file = OpenInput(inputs[next_input++].path);
    splitter.emplace(file->bytes());
    dropped = 0;
  }
  return true;
}

ReadItem TrajectoryReader::Impl::Read(const RawRow& raw) {
  const Input& input = inputs[next_input - 1];
  const std::string_view bytes = file->bytes().substr(raw.offset, raw.length);
  const std::string place = fmt::format(
      ":{}{}", raw.line, raw.nth_on_line > 1 ? fmt::format("#{}", raw.nth_on_line) : "");
  Trajectory trajectory;
  trajectory.span = {next_input - 1, raw.offset, raw.length, raw.line};
  trajectory.row = row++;

  std::optional<RowError> error;
  if (raw.lost != nullptr) {
    error = {"invalid-json", fmt::format("not valid JSON: {}; the rest of the file is not read{}{}",
                                         raw.lost, bytes.empty() ? "" : ": ", Excerpt(bytes))};
  } else {
    error = parser.Parse(bytes, &trajectory);
  }
  if (!error) {
    if (trajectory.id.empty()) trajectory.id = input.name + place;
    if (trajectory.problem_id.empty()) trajectory.problem_id = DefaultProblem(trajectory.messages);
    if (trajectory.teacher.empty()) trajectory.teacher = DefaultTeacher(input.name);
    const auto [first, is_new] =
        first_use.try_emplace(trajectory.id, Place{trajectory.span.file, raw.line});
    if (is_new) return trajectory;
    error = {
        "duplicate-id",
        fmt::format(
            "the id `{}` is already that of {}:{}; expected another for every row of all files "
            "(what names the problem belongs into `problem_id`)",
            Excerpt(trajectory.id), Printable(inputs[first->second.file].path),
            first->second.line)};
  }
  return Rejection{trajectory.span, trajectory.row, trajectory.id, error->reason,
                   Printable(input.path) + place + ": " + error->text};
}

TrajectoryReader::TrajectoryReader(std::vector<std::string> files)
    : impl_(std::make_unique<Impl>()) {
  if (files.empty()) throw Error("no input file", "name files of JSON Lines or JSON arrays");
  std::map<std::string, int> shared;
  for (const std::string& path : files) ++shared[BaseName(path)];
  for (const std::string& path : files) {
    OpenInput(path);  // a file that cannot be read is told before any work is done
    const std::string base = BaseName(path);
    impl_->inputs.push_back({path, Printable(shared[base] > 1 ? path : base)});
  }
}

TrajectoryReader::~TrajectoryReader() = default;

bool TrajectoryReader::Next(ReadItem* item) {
  RawRow raw;
  if (!impl_->NextRow(&raw)) return false;
  *item = impl_->Read(raw);
  DropConsumed(*impl_->file, *impl_->splitter, &impl_->dropped);
  return true;
}

std::vector<InputFile> ScanInputs(const std::vector<std::string>& files) {
  std::vector<InputFile> inputs;
  for (const std::string& path : files) {
    const MappedFile file = OpenInput(path);
    InputFile& input = inputs.emplace_back();
    input.path = path;
    input.hash = HashFile(path);
    input.bytes = static_cast<int64_t>(file.bytes().size());
    RowSplitter splitter(file.bytes());
    int64_t dropped = 0;
    for (RawRow row; splitter.Next(&row); ++input.rows) DropConsumed(file, splitter, &dropped);
  }
  return inputs;
}

}  // namespace rsr
