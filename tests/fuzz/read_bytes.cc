#include "read_bytes.h"

#include <set>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/printable.h"
#include "data/reader.h"
#include "fuzz_support.h"
#include "read_student.h"
#include "rsr/error.h"

namespace rsr {
namespace {

InputOptions OptionsOf(uint8_t choice) {
  InputOptions options;
  static constexpr const char* kDialects[] = {"auto",     "auto",   "messages",
                                              "sharegpt", "alpaca", "prompt"};
  options.dialect = kDialects[choice % 6];
  choice /= 6;
  if (choice % 2 == 1) options.map = {{"role", "r"}, {"content", "c"}};
  if (choice / 2 % 2 == 1) options.where = "correct or n > 1 or meta.x in ('a', 2)";
  if (choice / 4 % 2 == 1) options.sample = "1/teacher";
  if (choice / 8 % 2 == 1) options.keep = {{"k", "meta.x"}};
  return options;
}

std::string_view Magic(FuzzFormat format) {
  switch (format) {
    case FuzzFormat::kGzip:
      return {"\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10};
    case FuzzFormat::kZstd:
      return "\x28\xB5\x2F\xFD";
    case FuzzFormat::kParquet:
      return "PAR1";
    case FuzzFormat::kGguf:
      return "GGUF";
    case FuzzFormat::kJson:
    case FuzzFormat::kSafetensors:
      break;
  }
  return "";
}

void CheckRow(const ReadItem& item, std::string_view file) {
  if (const auto* rejection = std::get_if<Rejection>(&item)) {
    Require(!rejection->reason.empty() && !rejection->message.empty(),
            "a rejection has its reason");
    Require(Printable(rejection->message) == rejection->message, "messages are printable");
    return;
  }
  const auto& row = std::get<Trajectory>(item);
  Require(!row.id.empty() && !row.teacher.empty() && !row.problem_id.empty(), "rows are named");
  bool scorable = false;
  for (const Message& message : row.messages) {
    scorable |= message.role == Role::kAssistant && message.train;
  }
  Require(scorable, "there is something to score");
  if (row.span.offset < 0) {
    Require(static_cast<int64_t>(row.record.size()) == row.span.length, "the record is kept");
    Require(ValidUtf8Prefix(row.record) == row.record.size(), "the record is text");
  } else {
    Require(row.span.offset + row.span.length <= static_cast<int64_t>(file.size()),
            "the record lies in the file");
    Require(file[row.span.offset] == '{', "the record is an object");
  }
}

}  // namespace

void ReadFuzzedBytes(FuzzFormat format, const uint8_t* bytes, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  if (format == FuzzFormat::kSafetensors) return ReadFuzzedDirectory(rest);
  if (format == FuzzFormat::kGguf) {
    const MemoryFile memory(std::string(Magic(format)) + std::string(rest));
    return ReadFuzzedStudent(memory.path());
  }
  InputOptions options;
  if (format == FuzzFormat::kJson && size > 0) {
    options = OptionsOf(bytes[0]);
    rest.remove_prefix(1);
  }
  const std::string file = std::string(Magic(format)) + std::string(rest);
  const MemoryFile memory(file);
  options.files = {memory.path()};
  try {
    const InputFile scanned = ScanInputs(options).at(0);
    TrajectoryReader reader(options);
    int64_t rows = 0;
    std::set<std::string> ids;
    for (ReadItem item; reader.Next(&item); ++rows) {
      CheckRow(item, file);
      if (const auto* row = std::get_if<Trajectory>(&item)) {
        Require(ids.insert(row->id).second, "ids are unique");
      }
    }
    const LeftOut& left_out = reader.left_out();
    Require(scanned.rows == rows + left_out.where + left_out.sample, "every row is told");
  } catch (const Error& error) {
    Require(error.kind() == Error::Kind::kUser && !error.message().empty(),
            "errors are the data's");
  }
}

}  // namespace rsr
