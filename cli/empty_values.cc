#include "cli/empty_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rsr/error.h"

namespace rsr::cli {

void RefuseEmptyValues(const CLI::App& root) {
  for (const CLI::App* command : root.get_subcommands()) {
    for (const CLI::Option* option : command->get_options()) {
      const std::vector<std::string>& values = option->results();
      if (std::find(values.begin(), values.end(), "") == values.end()) continue;
      throw Error(fmt::format("rsr {}: {}: expected a value, got ''", command->get_name(),
                              option->get_name()),
                  "leave the option out, or put a value behind it");
    }
  }
}

}  // namespace rsr::cli
