// Flags that several commands have.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/printer.h"
#include "rsr/table.h"

namespace rsr::cli {

void AddQuiet(CLI::App& app, Printer& printer);
void AddJoin(CLI::App& app, std::vector<std::string>& files);
void AddRuns(CLI::App& app, std::vector<std::string>& runs);

struct TableFlags {
  std::string format = "table";
  bool parquet = false;  // the command's output is one table, so it may be a Parquet file
  bool json = false;

  TableFormat Format() const;  // throws rsr::Error for an unknown one
};

void AddTableFlags(CLI::App& app, TableFlags& flags);

}  // namespace rsr::cli
