// What main.cc knows of a command: its flags in CLI11 and what runs when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/printer.h"

namespace rsr::cli {

// Exit statuses, as `rsr --help` says: done; the user's data, model or arguments; our fault.
inline constexpr int kDone = 0, kUserError = 1, kOurFault = 2;

struct Context {
  Printer& printer;
  std::vector<std::string> argv;  // for the command that resumes
};

struct Command {
  CLI::App* app;
  std::function<int()> run;  // returns the exit status; throws rsr::Error
};

// Each adds its subcommand. `context` outlives the commands.
Command AddCheck(CLI::App& root, Context& context);
Command AddScore(CLI::App& root, Context& context);
Command AddExtend(CLI::App& root, Context& context);
Command AddMetrics(CLI::App& root, Context& context);
Command AddTeachers(CLI::App& root, Context& context);
Command AddCorrelate(CLI::App& root, Context& context);
Command AddSelect(CLI::App& root, Context& context);
Command AddSimulate(CLI::App& root, Context& context);
Command AddVerify(CLI::App& root, Context& context);
Command AddInspect(CLI::App& root, Context& context);
Command AddInfo(CLI::App& root, Context& context);
Command AddBench(CLI::App& root, Context& context);

}  // namespace rsr::cli
