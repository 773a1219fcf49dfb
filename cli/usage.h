// Command lines that cannot be understood: what is wrong and the nearest thing that would be right.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "rsr/error.h"

namespace rsr::cli {

// "did you mean '--student'?" where a known name is near, else `otherwise`.
std::string NearestHint(const std::string& name, const std::vector<std::string>& known,
                        const std::string& otherwise);

// What CLI11 found wrong in the command line, in our words.
Error UsageError(const CLI::App& root, const CLI::ParseError& problem);

// Values an option may have; the message names what came instead.
CLI::Validator WholeNumber(int64_t least);
CLI::Validator ShareBetween0And1();  // both ends excluded

// The choice named `value`; throws rsr::Error with the nearest name for another.
template <typename T>
T ParseChoice(const std::string& flag, const std::string& value,
              const std::vector<std::pair<std::string, T>>& choices) {
  std::vector<std::string> names;
  std::string list;
  for (const auto& [name, choice] : choices) {
    if (name == value) return choice;
    names.push_back(name);
    list += (list.empty() ? "one of: " : ", ") + name;
  }
  throw Error("unknown " + flag + " '" + value + "'", NearestHint(value, names, list));
}

}  // namespace rsr::cli
