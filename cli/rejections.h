// The rows that could not be scored, for people.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/printer.h"

namespace rsr::cli {

struct Rejections {
  int64_t rows = 0, of_rows = 0;
  std::map<std::string, int64_t> by_reason;
  std::vector<std::string> examples;  // file:line: message
  std::string all_in;                 // file that lists every one; empty: none
  std::string hint;
};

// An error with the examples below it and a hint; nothing if no row was rejected.
void PrintRejections(const Rejections& rejections, Printer& printer);

}  // namespace rsr::cli
