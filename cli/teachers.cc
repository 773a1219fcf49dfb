// rsr teachers: which teacher fits this student, and how sure is that?
#include "rsr/teachers.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/sections.h"
#include "cli/shared_flags.h"

namespace rsr::cli {
namespace {

struct Flags {
  TeachersOptions options;
  TableFlags table;
};

// What the tables do not say in words: is the order sure, and if not, how far off is that?
std::string Sureness(const TeachersReport& report) {
  const std::string sure = fmt::format("{:g} % sure", 100 * report.confidence);
  int64_t most = 0;
  bool never = false;
  for (const TeacherPair& pair : report.pairs) {
    never |= pair.more_problems < 0;
    most = std::max(most, pair.more_problems);
  }
  if (most == 0 && !never) return "the order of all neighbours is " + sure;
  const TeacherPair& first = report.pairs.front();
  const auto more = [](int64_t problems) {
    return fmt::format("about {} more problem{}", Thousands(problems), problems == 1 ? "" : "s");
  };
  std::string text = "the first place is " + sure;
  if (first.more_problems < 0) {
    text = fmt::format("'{}' and '{}' cannot be told apart", first.better, first.worse);
  } else if (first.more_problems > 0) {
    text = fmt::format("the first place would be {} with {} ({} trajectories of the two)", sure,
                       more(first.more_problems), Thousands(first.more_trajectories));
  }
  if (report.pairs.size() > 1) {
    text += never ? "; not every pair of neighbours can be told apart"
                  : "; every place with " + more(most);
  }
  return most > 0 ? text + ", if the margins stay" : text;
}

std::vector<Section> Sections(const TeachersReport& report, bool text) {
  std::vector<Section> sections = {{"teachers", "", TeachersTable(report)}};
  const auto slices = [&](const std::vector<TeacherSlice>& of) {
    return text ? SlicesTable(report, of) : AllSlicesTable(of);
  };
  sections.push_back(
      {"pairs",
       "Neighbours: by how much the one is better, and about how many more problems would "
       "make that sure if the margin stays:",
       TeacherPairsTable(report)});
  if (!text || !report.by_source.empty()) {
    sections.push_back({"by_source", "By source:", slices(report.by_source)});
  }
  sections.push_back(
      {"by_length", "By length, quarters of all trajectories:", slices(report.by_length)});
  sections.push_back(
      {"length_matched",
       "Against the best of all at equal lengths; overlap: the part of their lengths in "
       "common:",
       LengthMatchTable(report)});
  if (!text || !report.duplicates.empty()) {
    sections.push_back(
        {"duplicates", "Word for word the same, of one problem:", DuplicatesTable(report)});
  }
  return sections;
}

int Run(const Flags& flags, Context& context) {
  const TableFormat format = flags.table.Format();
  const bool text = format == TableFormat::kText;
  TeachersOptions options = flags.options;
  options.details = options.details || format == TableFormat::kJson;
  const TeachersReport report = RankTeachers(options);
  std::vector<Section> sections = Sections(report, text);
  if (text && !options.details) sections.resize(1);
  PrintSections(context.printer, sections, format);
  context.printer.Flush();
  if (text && !report.pairs.empty() && !report.few_problems) context.printer.Note(Sureness(report));
  for (const std::string& warning : report.warnings) context.printer.Warning(warning);
  return kDone;
}

}  // namespace

Command AddTeachers(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand("teachers", "Rank the teachers, with intervals and P(best)");
  auto flags = std::make_shared<Flags>();
  AddRuns(*app, flags->options.runs)->required();
  AddRankingMetric(*app, flags->options.metric);
  AddJoin(*app, flags->options.join);
  AddNumber(*app, "--resamples", flags->options.resamples, 1, "of the bootstrap over problems");
  AddConfidence(*app, flags->options.confidence,
                "of the intervals, and of an order that is called sure");
  AddNumber(*app, "--seed", flags->options.seed, 0, "of the bootstrap");
  app->add_flag("--details", flags->options.details,
                "also neighbours, sources, bands of length, equal lengths, duplicates");
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "p_best: P(it is the best); p_next: P(it is better than the next row). --json has the "
      "details "
      "too.\ndocs/teachers.md explains every number.\n\n"
      "Examples:\n"
      "  rsr teachers runs/math\n"
      "  rsr teachers runs/math --details\n"
      "  rsr teachers runs/math runs/code --metric avg_surprisal --json");
  return {app, [flags, &context] { return Run(*flags, context); }};
}

}  // namespace rsr::cli
