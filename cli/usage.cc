#include "cli/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace rsr::cli {
namespace {

// Edit distance in which swapping two neighbours, the commonest slip of the fingers, counts once.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

bool IsOption(const std::string& text) { return text.size() > 1 && text[0] == '-'; }

std::string OptionName(const std::string& text) { return text.substr(0, text.find('=')); }

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) names.push_back(option->get_name());
  }
  return names;
}

template <typename T>
bool ParseNumber(const std::string& text, T* value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

}  // namespace

std::string NearestHint(const std::string& name, const std::vector<std::string>& known,
                        const std::string& otherwise) {
  const std::string* best = nullptr;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? otherwise : fmt::format("did you mean '{}'?", *best);
}

Error UsageError(const CLI::App& root, const CLI::ParseError& problem) {
  const auto chosen = root.get_subcommands();
  const CLI::App& app = chosen.empty() ? root : *chosen.front();
  const std::string name = chosen.empty() ? "rsr" : "rsr " + app.get_name();
  const std::string help = fmt::format("`{} --help` shows what can be given, with examples", name);

  // Looked at first: a misspelled flag usually also leaves a required one missing.
  for (const std::string& extra : root.remaining()) {
    if (IsOption(extra)) {
      return Error(fmt::format("rsr has no option '{}'", OptionName(extra)),
                   NearestHint(OptionName(extra), OptionNames(root),
                               "the options of a command go behind its name; " + help));
    }
    std::vector<std::string> commands;
    for (const CLI::App* command : root.get_subcommands({}))
      commands.push_back(command->get_name());
    return Error(fmt::format("rsr has no command '{}'", extra), NearestHint(extra, commands, help));
  }
  for (const std::string& extra : app.remaining()) {
    if (extra == "--") continue;
    if (!IsOption(extra)) {
      return Error(fmt::format("{}: unexpected argument '{}'", name, extra), help);
    }
    return Error(fmt::format("{} has no option '{}'", name, OptionName(extra)),
                 NearestHint(OptionName(extra), OptionNames(app), help));
  }
  if (chosen.empty()) return Error("no command given", "`rsr --help` lists the commands");
  std::string what = problem.what();
  if (problem.get_name() == "ArgumentMismatch") {
    what = what.substr(0, what.find(':')) + " takes one value";
  }
  return Error(fmt::format("{}: {}", name, what), help);
}

CLI::Validator WholeNumber(int64_t least) {
  return CLI::Validator(
      [least](const std::string& text) {
        int64_t value = 0;
        if (ParseNumber(text, &value) && value >= least) return std::string();
        return fmt::format("expected a whole number of at least {}, got '{}'", least, text);
      },
      "");
}

CLI::Validator ShareBetween0And1() {
  return CLI::Validator(
      [](const std::string& text) {
        double value = 0;
        if (ParseNumber(text, &value) && value > 0 && value < 1) return std::string();
        return fmt::format("expected a number between 0 and 1, got '{}'", text);
      },
      "");
}

}  // namespace rsr::cli
