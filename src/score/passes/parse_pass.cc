#include <fmt/format.h>

#include <charconv>

#include "base/nearest.h"
#include "rsr/error.h"
#include "score/passes/pass.h"

namespace rsr {
namespace {

using Maker = std::unique_ptr<Pass> (*)(PassOptions);

const std::map<std::string, Maker>& Makers() {
  static const std::map<std::string, Maker> makers = {
      {"gradients", NewGradients}, {"ifd", NewIfd}, {"local_surprisal", NewLocalSurprisal}};
  return makers;
}

std::map<std::string, std::string> ParseOptions(const std::string& pass, std::string_view text) {
  std::map<std::string, std::string> options;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const size_t equals = one.find('=');
    if (equals == 0 || equals == one.npos) {
      throw Error(fmt::format("pass {}: expected KEY=VALUE, got '{}'", pass, one),
                  "for example local_surprisal:k=2,split=line");
    }
    const std::string key(one.substr(0, equals));
    if (!options.emplace(key, one.substr(equals + 1)).second) {
      throw Error(fmt::format("pass {}: {} is given twice", pass, key));
    }
  }
  return options;
}

}  // namespace

std::unique_ptr<Pass> ParsePass(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  const auto maker = Makers().find(name);
  if (maker == Makers().end()) {
    std::vector<std::string> names;
    for (const auto& [known, make] : Makers()) names.push_back(known);
    throw Error("unknown pass '" + name + "'", NearestHint(name, names));
  }
  return maker->second({name, ParseOptions(name, std::string_view(text).substr(
                                                     std::min(text.size(), name.size() + 1)))});
}

int64_t PassOptions::Number(const std::string& key, int64_t otherwise, int64_t least,
                            int64_t most) {
  known_.push_back(key);
  const auto given = given_.find(key);
  if (given == given_.end()) return otherwise;
  const std::string& text = given->second;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    throw Error(fmt::format("pass {}: {}: expected a whole number from {} to {}, got '{}'", pass_,
                            key, least, most, text));
  }
  return number;
}

std::string PassOptions::Choice(const std::string& key, const std::string& otherwise,
                                const std::vector<std::string>& choices) {
  known_.push_back(key);
  const auto given = given_.find(key);
  if (given == given_.end()) return otherwise;
  for (const std::string& choice : choices) {
    if (choice == given->second) return choice;
  }
  throw Error(fmt::format("pass {}: {}: expected one of {}, got '{}'", pass_, key,
                          fmt::join(choices, ", "), given->second),
              NearestHint(given->second, choices));
}

void PassOptions::CheckAllKnown() const {
  for (const auto& [key, value] : given_) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    throw Error(fmt::format("pass {}: unknown option '{}'", pass_, key),
                known_.empty() ? "it has none" : NearestHint(key, known_));
  }
}

}  // namespace rsr
