// rsr: reads the command line, runs one command, turns what went wrong into a message and an exit
// status.
#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/empty_values.h"
#include "cli/usage.h"
#include "rsr/error.h"
#include "rsr/version.h"

namespace rsr::cli {
namespace {

constexpr const char* kBugHint =
    "this is a bug in rsr: please report it with the command line, this message and the output of "
    "`rsr --version`";

// CLI11 puts two blank lines between groups of options.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    return CLI::detail::find_and_replace(Formatter::make_help(app, std::move(name), mode), "\n\n\n",
                                         "\n\n");
  }
};

int Main(int argc, char** argv, Printer& printer) {
  CLI::App root("Scores reasoning trajectories under the student that would be trained on them.",
                "rsr");
  root.require_subcommand(1);
  root.formatter(std::make_shared<HelpFormatter>());
  root.set_help_flag("-h,--help", "this text");
  root.set_version_flag("--version", VersionDetails, "version, instruction set and what is linked");
  root.get_formatter()->label("REQUIRED", "(required)");
  root.get_formatter()->label("Positionals", "Arguments");
  root.get_formatter()->label("SUBCOMMAND", "COMMAND");
  root.get_formatter()->column_width(34);
  root.footer(
      "Examples:\n"
      "  rsr check --student student.gguf r1.jsonl qwq.jsonl\n"
      "  rsr score --student student.gguf --out runs/math r1.jsonl qwq.jsonl\n"
      "  rsr teachers runs/math\n"
      "  rsr select runs/math --per-problem 1 --out selected\n\n"
      "`rsr COMMAND --help` explains a command. Data goes to stdout, everything else to stderr.\n"
      "Exit status: 0 done, 1 your data, model or arguments, 2 our fault.");
  Context context{printer, {argv, argv + argc}};
  std::vector<Command> commands;
  for (auto* add : {AddCheck, AddScore, AddExtend, AddMetrics, AddTeachers, AddSelect, AddCorrelate,
                    AddSimulate, AddVerify, AddInspect, AddInfo, AddBench}) {
    commands.push_back(add(root, context));
    commands.back().app->group("Commands");
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    printer.Out(root.help());
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    printer.Out(version.what());
    return kDone;
  } catch (const CLI::ParseError& problem) {
    throw UsageError(root, problem);
  }
  RefuseEmptyValues(root);
  int status = kOurFault;
  for (const Command& command : commands) {
    if (command.app->parsed()) status = command.run();
  }
  return status;
}

int Guarded(int argc, char** argv) {
  // A file at its size limit is to be an error with a message, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  Printer printer;
  try {
    const int status = Main(argc, argv, printer);
    printer.Flush();
    return status;
  } catch (const Error& error) {
    if (error.kind() == Error::Kind::kUser) {
      printer.Error(error.message(), error.hint());
      return kUserError;
    }
    printer.Error("internal error: " + error.message(), error.hint());
    printer.Hint(kBugHint);
  } catch (const std::bad_alloc&) {
    printer.Error("out of memory", "fewer --threads or a lower --max-tokens need less");
    return kUserError;
  } catch (const std::exception& error) {
    printer.Error(std::string("internal error: ") + error.what(), kBugHint);
  }
  return kOurFault;
}

}  // namespace
}  // namespace rsr::cli

int main(int argc, char** argv) { return rsr::cli::Guarded(argc, argv); }
