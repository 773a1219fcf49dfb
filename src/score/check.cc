// Check(): read, render, tokenize and mask every row without running the student.
#include <fmt/format.h>

#include <set>

#include "base/printable.h"
#include "data/dialect.h"
#include "data/id_table.h"
#include "data/inputs.h"
#include "data/reader.h"
#include "engine/native/native_engine.h"
#include "rsr/error.h"
#include "rsr/score.h"
#include "score/row.h"
#include "student/student_info.h"
#include "text/mask.h"

namespace rsr {
namespace {

constexpr int64_t kExamples = 5;  // messages kept of each reason

// The rendered conversation with its scored text in green, or between ⟦ and ⟧. ESC and other
// control characters of the data are shown as text: a row cannot drive the terminal.
std::string Preview(const Trajectory& trajectory, const TextSide::Rendered& rendered, bool color) {
  const char* begin = color ? "\x1b[32m" : "⟦";
  const char* end = color ? "\x1b[0m" : "⟧";
  std::string out = fmt::format("── {} ({})\n", trajectory.id, trajectory.teacher);
  const auto put = [&](int64_t from, int64_t to) {
    for (std::string_view text(rendered.text.data() + from, static_cast<size_t>(to - from));
         !text.empty();) {
      const size_t line = text.find('\n');
      out += Printable(text.substr(0, line));
      if (line == std::string_view::npos) break;
      out += '\n';
      text.remove_prefix(line + 1);
    }
  };
  int64_t at = 0;
  for (const auto& span : rendered.spans) {
    put(at, span.begin);
    out += begin;
    put(span.begin, span.end);
    out += end;
    at = span.end;
  }
  put(at, static_cast<int64_t>(rendered.text.size()));
  return out;
}

struct FileState {
  FileCheck check;
  IdTable problems;  // only counted: there may be millions
  std::set<std::string> teachers;

  void Reject(const std::string& reason, const std::string& message) {
    ++check.rejected;
    if (++check.rejected_by_reason[reason] <= kExamples) check.rejected_examples.push_back(message);
  }

  void Count(const Trajectory& trajectory, const MaskedTokens& masked) {
    check.dialect = DialectName(trajectory.dialect);
    problems.Insert(trajectory.problem_id, {});
    teachers.insert(trajectory.teacher);
    check.turns += masked.turns_found;
    check.tokens += static_cast<int64_t>(masked.ids.size());
    check.scored_tokens += static_cast<int64_t>(masked.positions.size());
    for (const TokenKind kind : masked.kinds) {
      check.reasoning_tokens += kind == TokenKind::kReasoning;
      check.tool_tokens += kind == TokenKind::kToolCall;
    }
    check.longest = std::max(check.longest, masked.tokens_before_truncation);
    check.over_limit += masked.truncated;
    AddNotes(masked, &check.notes);
  }
};

// A GGUF file that the native engine does not compute is left to llama.cpp.
std::optional<Error> CannotScore(const std::string& path) {
  try {
    const StudentInfo student = ReadStudent(path);
    if (student.is_directory) CheckNative(student);
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace

CheckReport Check(const CheckOptions& options) {
  InputOptions input = options.input;
  input.files = ExpandInputs(options.input.files);
  const std::vector<std::string>& inputs = input.files;
  const std::unique_ptr<TextSide> text = TextSide::Open(options.student);
  TrajectoryReader reader(input);
  std::vector<FileState> files(inputs.size());
  CheckReport report;
  report.template_source = text->template_source();
  report.cannot_score = CannotScore(options.student.path);
  report.limit =
      options.student.max_tokens > 0 ? options.student.max_tokens : text->context_length();

  ReadItem item;
  while (reader.Next(&item)) {
    const auto reject = [&](FileState& file, const std::string& reason,
                            const std::string& message) {
      if (options.input.fail_on_bad_row) throw Error(message);
      file.Reject(reason, message);
    };
    if (const auto* bad = std::get_if<Rejection>(&item)) {
      FileState& file = files[bad->span.file];
      ++file.check.rows;
      reject(file, bad->reason, bad->message);
      continue;
    }
    const auto& trajectory = std::get<Trajectory>(item);
    FileState& file = files[trajectory.span.file];
    ++file.check.rows;
    try {
      file.Count(trajectory, text->Tokenize(trajectory));
      if (static_cast<int>(report.previews.size()) < options.show) {
        report.previews.push_back(Preview(trajectory, text->Render(trajectory), options.color));
      }
    } catch (const RowError& e) {
      const std::string name = InputName(inputs[trajectory.span.file]);
      if (e.reason == "too-long") ++file.check.over_limit;
      reject(file, e.reason, MakeRejected(name, trajectory, e).message);
    }
  }
  for (size_t i = 0; i < files.size(); ++i) {
    files[i].check.file = InputName(inputs[i]);
    const LeftOut& left_out = reader.left_out(i);
    files[i].check.rows += left_out.rows();
    files[i].check.left_out = left_out.by_option();
    files[i].check.problems = static_cast<int64_t>(files[i].problems.size());
    files[i].check.teachers.assign(files[i].teachers.begin(), files[i].teachers.end());
    report.files.push_back(std::move(files[i].check));
  }
  return report;
}

}  // namespace rsr
