// Flags that several commands have.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/printer.h"
#include "rsr/table.h"

namespace rsr::cli {

void AddQuiet(CLI::App& app, Printer& printer);
void AddRuns(CLI::App& app, std::vector<std::string>& runs);

struct TableFlags {
  std::string format = "table";
  bool json = false;

  TableFormat Format() const;  // throws rsr::Error for an unknown one
};

void AddTableFlags(CLI::App& app, TableFlags& flags);

}  // namespace rsr::cli
