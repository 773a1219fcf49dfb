// The public functions of rsr/verify.h.
#include "rsr/verify.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#include "base/cells.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "data/row_parser.h"
#include "rsr/error.h"
#include "store/input_files.h"
#include "store/lock.h"
#include "store/run.h"
#include "store/verified.h"
#include "verify/answers.h"
#include "verify/checker.h"

namespace rsr {
namespace {

void RefuseUnusable(const VerifyOptions& options) {
  if (options.reference_column.empty())
    throw Error("no reference column given", "name the column that holds the right answers");
  if (!(options.timeout_s > 0))
    throw Error(fmt::format("expected a timeout above 0 seconds, got {}", options.timeout_s));
}

// The answer and the reference of stored rows, out of the records as they were scored.
class Answers {
 public:
  Answers(const std::string& run, const RunInfo& info, const std::string& column)
      : run_(run), info_(info), files_(run, info_), column_(column) {}

  struct Pair {
    std::string answer;
    std::optional<std::string> reference;
  };

  Pair Of(const RunRow& row) {
    const std::string_view record =
        row.offset < 0 ? row.record : files_.Record(row.id, row.file, row.offset, row.length);
    Trajectory chat;
    if (const auto error = ParserOf(row.file).Parse(record, &chat)) {
      throw Error(fmt::format("run {}: the record of row '{}' cannot be read: {}", run_, row.id,
                              error->text),
                  "it was scored once: the run is damaged, or of another version of rsr");
    }
    Pair pair{.reference = chat.kept.at(0)};
    for (const Message& message : chat.messages) {
      if (message.role == Role::kAssistant && !message.content.empty())
        pair.answer = WithoutReasoning(message.content);
    }
    return pair;
  }

 private:
  RowParser& ParserOf(int32_t file) {
    std::unique_ptr<RowParser>& parser = parsers_[file];
    if (parser == nullptr) {
      RowFormat format = RowFormat::OfRun(info_.inputs.at(file).dialect, info_.map);
      format.keep = {column_};
      parser = std::make_unique<RowParser>(std::move(format));
    }
    return *parser;
  }

  const std::string run_;
  const RunInfo info_;
  InputFiles files_;
  const std::string column_;
  std::map<int32_t, std::unique_ptr<RowParser>> parsers_;
};

// verified.jsonl: what an earlier call decided in the same way, and a place to append to.
class Results {
 public:
  Results(const std::string& dir, std::string method, std::string column)
      : path_(VerifiedPath(dir)), method_(std::move(method)), column_(std::move(column)) {
    for (VerifiedRow& row : ReadVerified(dir)) {
      if (row.method == method_ && row.column == column_ && row.correct)
        earlier_[row.row] = std::move(row);
    }
  }

  // What was decided of the row; nothing if it must be asked.
  std::optional<bool> Of(const RunRow& row) const {
    const auto at = earlier_.find(row.row);
    if (at == earlier_.end() || at->second.id != row.id) return std::nullopt;
    return at->second.correct;
  }

  void Add(const RunRow& row, const Verdict& verdict) {
    if (file_ == nullptr) Open();
    const std::string line =
        VerifiedToJson({row.row, row.id, verdict.correct, method_, column_, verdict.why});
    if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
        std::fflush(file_.get()) != 0)
      Fail();
  }

 private:
  // Leaves out results of another kind, the undecided, and a line torn at the end. Not before there
  // is something to add: a slip in the column's name must not cost what was decided.
  void Open() {
    std::string kept;
    for (const auto& [number, row] : earlier_) kept += VerifiedToJson(row);
    WriteFileAtomic(path_, kept);
    file_.reset(std::fopen(path_.c_str(), "ab"));
    if (file_ == nullptr) Fail();
  }

  [[noreturn]] void Fail() const {
    throw Error(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
  }

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  const std::string path_, method_, column_;
  std::map<int64_t, VerifiedRow> earlier_;
  std::unique_ptr<std::FILE, Close> file_;
};

// So many answers that hardly one is right are no teacher's, but of another column or form.
constexpr int64_t kFewestToJudge = 10;
constexpr double kHardlyEver = 0.02;

// `example`: the first wrong answer and its reference, as they were found.
void WarnOfWrongColumn(const VerifyOptions& options, const Answers::Pair& example,
                       VerifySummary* summary) {
  int64_t correct = 0, decided = 0;
  for (const auto& [teacher, counts] : summary->by_teacher) {
    correct += counts.correct;
    decided += counts.correct + counts.wrong;
  }
  if (decided < kFewestToJudge || static_cast<double>(correct) > kHardlyEver * decided) return;
  const std::string answer = FinalAnswer(example.answer);
  summary->warnings.push_back(fmt::format(
      "{} of {} answers are right: is '{}' the column? Of the first that is wrong the answer was "
      "taken to be {}, the reference `{}`; a reference is the answer alone, or in a solution the "
      "content of its last \\boxed{{}} or what is behind its last ####",
      correct == 0 ? "none" : fmt::format("only {}", correct), decided, options.reference_column,
      answer.empty() ? "nothing" : "`" + Excerpt(answer) + "`",
      Excerpt(ReferenceAnswer(*example.reference))));
}

}  // namespace

VerifySummary Verify(const VerifyOptions& options,
                     const std::function<void(int64_t, int64_t)>& progress) {
  RefuseUnusable(options);
  const std::unique_ptr<RunReader> reader = RunReader::Open(options.run);
  const RunLock lock(options.run);
  const std::unique_ptr<AnswerChecker> checker =
      options.python.empty() ? MakeExactMatch() : MakeMathVerify(options.python, options.timeout_s);
  VerifySummary summary{.method = checker->method()};
  Results results(options.run, summary.method, options.reference_column);
  Answers answers(options.run, reader->info(), options.reference_column);
  Answers::Pair first_wrong;
  int64_t done = 0, with_reference = 0;
  reader->ForEach(RunReader::kRecord, [&](const RunRow& row) {
    VerifyCounts& counts = summary.by_teacher[row.teacher];
    const Answers::Pair pair = answers.Of(row);
    const bool has_reference = pair.reference && !ReferenceAnswer(*pair.reference).empty();
    with_reference += has_reference;
    if (progress) progress(++done, reader->info().rows_scored);
    if (!has_reference) {
      ++counts.no_reference;
      return;
    }
    Verdict verdict{results.Of(row), ""};
    summary.cached += verdict.correct.has_value();
    if (!verdict.correct) {
      verdict = checker->Check(pair.answer, *pair.reference);
      results.Add(row, verdict);
    }
    if (!verdict.correct) ++summary.undecided_by[verdict.why];
    ++(!verdict.correct ? counts.undecided : *verdict.correct ? counts.correct : counts.wrong);
    if (verdict.correct == false && !first_wrong.reference) first_wrong = pair;
  });
  if (first_wrong.reference) WarnOfWrongColumn(options, first_wrong, &summary);
  if (with_reference > 0) return summary;
  throw Error(fmt::format("run {}: no row has a value in the column '{}'", options.run,
                          options.reference_column),
              "name a column of the input rows, dotted where it is inside another: meta.answer");
}

Table VerifyTable(const VerifySummary& summary) {
  Table table{
      .columns = {
          {"teacher"}, {"correct"}, {"wrong"}, {"undecided"}, {"no_reference"}, {"accuracy"}}};
  for (const auto& [teacher, counts] : summary.by_teacher) {
    const int64_t decided = counts.correct + counts.wrong;
    table.rows.push_back(
        {TextCell(teacher), counts.correct, counts.wrong, counts.undecided, counts.no_reference,
         decided > 0 ? Cell(static_cast<double>(counts.correct) / static_cast<double>(decided))
                     : Cell()});
  }
  return table;
}

}  // namespace rsr
