#include "cli/input_flags.h"

#include <fmt/format.h>

#include "cli/format.h"
#include "cli/shared_flags.h"

namespace rsr::cli {
namespace {

// "a=b,c" into (a, b) and (c, c).
std::vector<std::pair<std::string, std::string>> Pairs(const std::string& list) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    const std::string item = list.substr(at, end - at);
    const size_t equals = item.find('=');
    if (equals == std::string::npos) {
      pairs.emplace_back(item, item);
    } else {
      pairs.emplace_back(item.substr(0, equals), item.substr(equals + 1));
    }
    at = end + 1;
  }
  return pairs;
}

}  // namespace

InputOptions InputFlags::Input() const {
  InputOptions options = input;
  options.map = Pairs(map);
  options.keep = Pairs(keep);
  return options;
}

std::string LeftOutText(const std::map<std::string, int64_t>& left_out) {
  std::string text;
  for (const auto& [option, rows] : left_out) {
    text += fmt::format("{}{} by --{}", text.empty() ? "" : ", ", Thousands(rows), option);
  }
  return text;
}

void AddInputFlags(CLI::App& app, InputFlags& flags) {
  app.add_option(
         "DATA", flags.input.files,
         "chats: JSON Lines, JSON arrays or Parquet; also .gz, .zst, patterns; - is standard "
         "input")
      ->required()
      ->type_name("");
  app.add_option("--dialect", flags.input.dialect,
                 "how rows are written: messages, sharegpt, alpaca, prompt; auto: by the first row")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--map", flags.map, "columns of other names: problem_id=task,correct=label")
      ->type_name("FIELD=COLUMN,..")
      ->join(',');
  app.add_option("--teacher-from", flags.input.teacher_from,
                 "a column, or filename (default: `teacher`, else the file's name)")
      ->type_name("COLUMN");
  app.add_option("--keep", flags.keep, "columns to store in the run beside its own")
      ->type_name("COLUMN,..")
      ->join(',');
  app.add_option("--where", flags.input.where,
                 "only rows for which this is true: \"correct and domain in ('math', 'code')\"")
      ->type_name("FILTER");
  app.add_option("--sample", flags.input.sample,
                 "only so many rows, by the hash of their ids: 200/teacher, the same problems of "
                 "all, 2/problem, 1000")
      ->type_name("N");
  AddNumber(app, "--seed", flags.input.seed, 0, "another sample");
}

}  // namespace rsr::cli
