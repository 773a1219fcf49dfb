// The flags of the commands that read trajectories: which files, what their rows look like, which
// rows.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>

#include "rsr/score.h"

namespace rsr::cli {

struct InputFlags {
  InputOptions input;
  std::string map, keep;

  InputOptions Input() const;  // after parsing; throws rsr::Error
};

// "12 by --where, 3 by --sample", of `left_out` in summaries.
std::string LeftOutText(const std::map<std::string, int64_t>& left_out);

void AddInputFlags(CLI::App& app, InputFlags& flags);

}  // namespace rsr::cli
