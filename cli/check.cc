// rsr check: are the rows read, rendered and masked as the trainer will do it? No model run.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/input_flags.h"
#include "cli/mask_notes.h"
#include "cli/rejections.h"
#include "cli/shared_flags.h"
#include "cli/student_flags.h"
#include "cli/wide_table.h"
#include "rsr/score.h"
#include "rsr/table.h"

namespace rsr::cli {
namespace {

struct Flags {
  StudentFlags student;
  InputFlags input;
  int show = 0;
  bool json = false;
};

std::string Json(const CheckReport& report) {
  nlohmann::ordered_json out;
  out["template_source"] = report.template_source;
  out["limit"] = report.limit;
  out["cannot_score"] = report.cannot_score ? report.cannot_score->message() : "";
  out["files"] = nlohmann::ordered_json::array();
  for (const FileCheck& f : report.files) {
    nlohmann::ordered_json file = {{"file", f.file},
                                   {"dialect", f.dialect},
                                   {"rows", f.rows},
                                   {"rejected", f.rejected},
                                   {"left_out", f.left_out},
                                   {"rejected_by_reason", f.rejected_by_reason},
                                   {"rejected_examples", f.rejected_examples},
                                   {"teachers", f.teachers},
                                   {"problems", f.problems},
                                   {"turns", f.turns},
                                   {"tokens", f.tokens},
                                   {"prompt_tokens", f.tokens - f.scored_tokens},
                                   {"scored_tokens", f.scored_tokens},
                                   {"reasoning_tokens", f.reasoning_tokens},
                                   {"tool_tokens", f.tool_tokens},
                                   {"longest", f.longest},
                                   {"over_limit", f.over_limit}};
    AddNotes(f.notes, &file);
    out["files"].push_back(std::move(file));
  }
  out["previews"] = report.previews;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// The first few by name: a file may hold dozens.
std::string TeacherNames(const std::vector<std::string>& teachers) {
  constexpr size_t kShown = 3;
  std::string names;
  for (size_t i = 0; i < teachers.size() && i < kShown; ++i) names += (i ? "," : "") + teachers[i];
  if (teachers.size() > kShown) names += fmt::format(" +{}", teachers.size() - kShown);
  return names;
}

// Without its folder, if that tells no files apart.
std::string ShownName(const CheckReport& report, const std::string& file) {
  const auto base = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  const auto same = [&](const FileCheck& other) { return base(other.file) == base(file); };
  return std::count_if(report.files.begin(), report.files.end(), same) > 1 ? file : base(file);
}

// Counts of what is rare are shown where there is some.
void DropColumnsOfZeros(Table* table, std::initializer_list<const char*> rare) {
  for (size_t c = table->columns.size(); c-- > 0;) {
    const auto zero = [c](const std::vector<Cell>& row) { return row[c] == Cell(int64_t{0}); };
    if (std::find(rare.begin(), rare.end(), table->columns[c].name) == rare.end() ||
        !std::all_of(table->rows.begin(), table->rows.end(), zero))
      continue;
    const auto at = static_cast<ptrdiff_t>(c);
    table->columns.erase(table->columns.begin() + at);
    for (std::vector<Cell>& row : table->rows) row.erase(row.begin() + at);
  }
}

Table FilesTable(const CheckReport& report) {
  Table table{{{"file"},
               {"dialect"},
               {"rows"},
               {"rejected"},
               {"teachers"},
               {"problems"},
               {"turns"},
               {"prompt"},
               {"scored"},
               {"reasoning"},
               {"tool"},
               {"longest"},
               {"over_limit"},
               {"special"},
               {"stripped"}},
              {}};
  for (const FileCheck& f : report.files) {
    table.rows.push_back({ShownName(report, f.file), f.dialect, f.rows, f.rejected,
                          TeacherNames(f.teachers), f.problems, f.turns, f.tokens - f.scored_tokens,
                          f.scored_tokens, f.reasoning_tokens, f.tool_tokens, f.longest,
                          f.over_limit, f.notes.special_tokens_in_content,
                          f.notes.reasoning_turns_stripped});
  }
  DropColumnsOfZeros(&table, {"reasoning", "tool", "over_limit", "special", "stripped"});
  return table;
}

// Of all files together; the table says how many rows each loses.
constexpr size_t kMostExamples = 10;

int Run(const Flags& flags, Context& context) {
  Printer& printer = context.printer;
  const CheckReport report = Check({.student = flags.student.Student(),
                                    .input = flags.input.Input(),
                                    .show = flags.show,
                                    .color = printer.color_out() && !flags.json});
  if (flags.json) {
    printer.Out(Json(report));
  } else {
    for (const std::string& preview : report.previews) printer.Out(preview + "\n");
    printer.Out(TextInBlocks(FilesTable(report), printer.out_width()));
  }
  printer.Flush();
  printer.Note(fmt::format("chat template: {}; limit: {} tokens a row", report.template_source,
                           Thousands(report.limit)));
  if (report.cannot_score) {
    printer.Warning("`rsr score` cannot run this student: " + report.cannot_score->message());
    printer.Hint(report.cannot_score->hint());
  }
  Rejections rejected{.hint =
                          "`rsr score` skips such rows and lists them all in RUN/rejected.jsonl"};
  MaskNotes notes;
  for (const FileCheck& f : report.files) {
    notes.special_tokens_in_content += f.notes.special_tokens_in_content;
    notes.turns_excluded += f.notes.turns_excluded;
    notes.reasoning_turns_stripped += f.notes.reasoning_turns_stripped;
    notes.reasoning_chars_stripped += f.notes.reasoning_chars_stripped;
    notes.content_turns_stripped += f.notes.content_turns_stripped;
  }
  if (!flags.json) PrintNotes(notes, printer);
  for (const FileCheck& f : report.files) {
    if (!f.left_out.empty()) {
      printer.Note(fmt::format("{}: left out {}", f.file, LeftOutText(f.left_out)));
    }
    rejected.rows += f.rejected;
    rejected.of_rows += f.rows;
    for (const auto& [reason, n] : f.rejected_by_reason) rejected.by_reason[reason] += n;
    for (const std::string& example : f.rejected_examples) {
      if (rejected.examples.size() < kMostExamples) rejected.examples.push_back(example);
    }
  }
  PrintRejections(rejected, printer);
  return rejected.rows > 0 ? kUserError : kDone;
}

}  // namespace

Command AddCheck(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand("check", "What would be scored, before any compute is spent");
  auto flags = std::make_shared<Flags>();
  AddStudentFlags(*app, flags->student);
  AddInputFlags(*app, flags->input);
  AddNumber(*app, "--show", flags->show, 0, "conversations to print with their scored text marked");
  app->add_flag("--json", flags->json, "everything as JSON");
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr check --student student.gguf r1.jsonl qwq.jsonl\n"
      "  rsr check --student student.gguf --show 1 --mask turn agents.jsonl\n"
      "  rsr check --student student.gguf --map prompt=question,completion=answer 'qa-*.parquet'");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
