#include "data/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "base/filter.h"
#include "base/hash.h"
#include "base/printable.h"
#include "base/row_shard.h"
#include "data/columns.h"
#include "data/id_table.h"
#include "data/inputs.h"
#include "data/row_parser.h"
#include "data/row_source.h"
#include "data/sampler.h"
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

std::map<std::string, int64_t> LeftOut::by_option() const {
  std::map<std::string, int64_t> rows = {{"where", where}, {"sample", sample}, {"shard", shard}};
  std::erase_if(rows, [](const auto& option) { return option.second == 0; });
  return rows;
}

struct TrajectoryReader::Impl {
  struct Input {
    std::string path, shown;  // shown: in messages
    std::string name;         // printable; the base name, or the path where two files share it
    int64_t rows = 0, rejected = 0;
    LeftOut left_out;
  };

  Impl(const InputOptions& given, std::string stdin_path)
      : options(given), stdin_file(std::move(stdin_path)), parser(RowFormat(options)) {
    if (!options.where.empty()) where = Filter(options.where);
    shard = ParseRowShard(options.shard);
  }

  bool NextRow(RawRow* raw);
  std::optional<ReadItem> Read(const RawRow& raw);  // nothing for a row that is left out
  bool Accepted(const Trajectory& row) const;
  void CheckId(const Trajectory& row, bool given);
  std::nullopt_t Leave(int64_t LeftOut::*why, const RawRow& raw);
  bool IsOurs(const Trajectory& row) const { return shard.Has(row.row); }
  void GiveUpOnUnreadable(const Input& input, const ReadItem& item) const;

  const InputOptions options;
  const std::string stdin_file;
  std::vector<Input> inputs;
  int32_t next_input = 0;  // the one behind the open one
  std::unique_ptr<RowSource> rows;
  RowParser parser;
  Filter where;
  RowShard shard;
  std::optional<Sampler> sampler;
  IdTable first_use;
  LeftOut left_out;
  int64_t row = 0;
};

bool TrajectoryReader::Impl::NextRow(RawRow* raw) {
  while (rows == nullptr || !rows->Next(raw)) {
    rows.reset();
    if (next_input == static_cast<int32_t>(inputs.size())) return false;
    rows = OpenRows(inputs[next_input++].path, stdin_file);
    parser.BeginFile();
  }
  return true;
}

std::optional<ReadItem> TrajectoryReader::Impl::Read(const RawRow& raw) {
  Input& input = inputs[next_input - 1];
  ++input.rows;
  Trajectory row;
  row.row = this->row++;
  row.span = {next_input - 1, raw.offset, raw.length, raw.line};
  // What came through a pipe is nobody's file, also where it is read out of one.
  const bool in_file = rows->in_file() && input.path != kStandardInput;
  if (!in_file) row.span.offset = -1;
  const std::string place = fmt::format(
      ":{}{}", raw.line, raw.nth_on_line > 1 ? fmt::format("#{}", raw.nth_on_line) : "");
  try {
    if (!raw.reason.empty()) throw BadRow{raw.reason, raw.problem};
    if (auto bad = parser.Parse(raw.bytes, &row, raw.line)) throw std::move(*bad);
    const bool id_given = !row.id.empty();
    if (!id_given) row.id = input.name + place;
    if (row.problem_id.empty()) row.problem_id = DefaultProblem(row.messages);
    if (row.teacher.empty() || options.teacher_from == kFromFilename) {
      row.teacher = StemOf(input.name);
    }
    if (!Accepted(row)) {
      return Leave(IsOurs(row) ? &LeftOut::where : &LeftOut::shard, raw);
    }
    // Also of other shards' rows: each shard must reject the same later one.
    CheckId(row, id_given);
  } catch (BadRow& bad) {
    ++input.rejected;
    if (!IsOurs(row)) return Leave(&LeftOut::shard, raw);
    return Rejection{row.span, row.row, row.id, bad.reason, input.shown + place + ": " + bad.text};
  }
  if (!IsOurs(row)) return Leave(&LeftOut::shard, raw);
  if (sampler && !sampler->Contains(row.row)) {
    return Leave(&LeftOut::sample, raw);
  }
  if (!in_file) row.record = raw.bytes;
  return row;
}

std::nullopt_t TrajectoryReader::Impl::Leave(int64_t LeftOut::*why, const RawRow& raw) {
  for (LeftOut* counts : {&inputs[next_input - 1].left_out, &left_out}) {
    ++(counts->*why);
    counts->bytes += raw.length;
  }
  return std::nullopt;
}

bool TrajectoryReader::Impl::Accepted(const Trajectory& row) const {
  try {
    return where.Accepts([&](const std::string& name) { return parser.ValueOf(name, row); });
  } catch (const Error& error) {
    throw BadRow{"bad-field", fmt::format("--where {}: {}", options.where, error.message())};
  }
}

// Ids made of file and line need no memory.
void TrajectoryReader::Impl::CheckId(const Trajectory& row, bool given) {
  if (!given) return;
  const auto first = first_use.Insert(row.id, {row.span.file, row.span.line});
  if (!first) return;
  throw BadRow{
      "duplicate-id",
      fmt::format(
          "the id `{}` is already that of {}:{}; expected another for every row of all files "
          "(what names the problem belongs into `problem_id`)",
          Excerpt(row.id), inputs[first->file].shown, first->line)};
}

// A file of another kind would come as millions of rejections.
void TrajectoryReader::Impl::GiveUpOnUnreadable(const Input& input, const ReadItem& item) const {
  constexpr int64_t kRows = 1000;
  const auto* rejection = std::get_if<Rejection>(&item);
  if (rejection == nullptr || input.rejected < kRows || input.rows > input.rejected) return;
  throw Error(fmt::format("{}: none of its first {} rows can be read; the last of them: {}",
                          input.shown, kRows, rejection->message),
              "`rsr check` on the first lines of the file shows what is wrong with each");
}

TrajectoryReader::TrajectoryReader(const InputOptions& options, std::string stdin_file)
    : impl_(std::make_unique<Impl>(options, std::move(stdin_file))) {
  std::map<std::string, int> shared;
  for (const std::string& path : options.files) ++shared[BaseName(path)];
  for (const std::string& path : options.files) {
    // A file that cannot be read is told before any work is done. A pipe can be read only once.
    if (path != kStandardInput) OpenRows(path, "");
    const std::string base = BaseName(path);
    impl_->inputs.push_back({.path = path,
                             .shown = Printable(InputName(path)),
                             .name = Printable(InputName(shared[base] > 1 ? path : base))});
  }
  CheckColumns(options, impl_->stdin_file);
  if (options.sample.empty()) return;
  Sampler sampler(options.sample, options.seed);
  if (shared.contains(kStandardInput) && impl_->stdin_file.empty()) {
    throw Error("--sample reads the input twice, which a pipe cannot be",
                "write it to a file first");
  }
  InputOptions whole = options;
  whole.sample.clear();
  whole.shard.clear();
  TrajectoryReader first(whole, impl_->stdin_file);
  for (ReadItem item; first.Next(&item);) {
    if (const auto* row = std::get_if<Trajectory>(&item)) sampler.Offer(*row);
  }
  sampler.Finish();
  impl_->sampler = std::move(sampler);
}

TrajectoryReader::TrajectoryReader(const std::vector<std::string>& files, std::string stdin_file)
    : TrajectoryReader(InputOptions{.files = files}, std::move(stdin_file)) {}

TrajectoryReader::~TrajectoryReader() = default;

bool TrajectoryReader::Next(ReadItem* item) {
  for (RawRow raw; impl_->NextRow(&raw);) {
    auto read = impl_->Read(raw);
    if (!read) continue;
    *item = std::move(*read);
    impl_->GiveUpOnUnreadable(impl_->inputs[impl_->next_input - 1], *item);
    return true;
  }
  return false;
}

const LeftOut& TrajectoryReader::left_out(size_t file) const {
  return impl_->inputs.at(file).left_out;
}

const LeftOut& TrajectoryReader::left_out() const { return impl_->left_out; }

std::vector<InputFile> ScanInputs(const InputOptions& options, const std::string& stdin_file) {
  constexpr int64_t kLook = 1000;  // rows in which the dialect must show itself
  std::vector<InputFile> inputs;
  RowParser parser{RowFormat(options)};
  for (const std::string& path : options.files) {
    const std::string& file = path == kStandardInput ? stdin_file : path;
    InputFile& input = inputs.emplace_back();
    input.path = path;
    parser.BeginFile();
    const std::unique_ptr<RowSource> rows = OpenRows(file, "");
    Trajectory ignored;
    for (RawRow row; rows->Next(&row); ++input.rows) {
      input.row_bytes += row.length;
      input.longest_row_bytes = std::max(input.longest_row_bytes, row.length);
      if (!parser.dialect() && row.reason.empty() && input.rows < kLook) {
        parser.Parse(row.bytes, &ignored, row.line);
      }
    }
    if (parser.dialect()) input.dialect = DialectName(*parser.dialect());
    input.hash = HashFile(file);
    input.bytes = static_cast<int64_t>(std::filesystem::file_size(file));
  }
  return inputs;
}

}  // namespace rsr
