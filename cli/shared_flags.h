// Flags that several commands have.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/printer.h"
#include "cli/usage.h"
#include "rsr/table.h"

namespace rsr::cli {

void AddQuiet(CLI::App& app, Printer& printer);
CLI::Option* AddRun(CLI::App& app, std::string& run);
CLI::Option* AddRuns(CLI::App& app, std::vector<std::string>& runs);
CLI::Option* AddJoin(CLI::App& app, std::vector<std::string>& files);
CLI::Option* AddRankingMetric(CLI::App& app, std::string& metric);
CLI::Option* AddConfidence(CLI::App& app, double& confidence, const std::string& text);
CLI::Option* AddThreads(CLI::App& app, int& threads);

// A whole number of at least `least` that has a default to be shown.
template <class T>
CLI::Option* AddNumber(CLI::App& app, const std::string& flag, T& value, int64_t least,
                       const std::string& text) {
  return app.add_option(flag, value, text)
      ->type_name("N")
      ->check(WholeNumber(least))
      ->capture_default_str();
}

struct TableFlags {
  std::string format = "table";
  bool parquet = false;  // the command's output is one table, so it may be a Parquet file
  bool json = false;

  TableFormat Format() const;  // throws rsr::Error for an unknown one
};

void AddTableFlags(CLI::App& app, TableFlags& flags);

}  // namespace rsr::cli
