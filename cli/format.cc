#include "cli/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <system_error>

#include "rsr/error.h"

namespace rsr::cli {
namespace {

bool IsShellSafe(unsigned char c) {
  return std::isalnum(c) || std::string_view("_-./=:,@%+").find(c) != std::string_view::npos;
}

}  // namespace

std::string Gigabytes(int64_t bytes) { return fmt::format("{:.2f} GB", bytes / 1e9); }

std::string Duration(double seconds) {
  const int64_t s = static_cast<int64_t>(std::clamp(seconds, 0.0, 1e12) + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", Thousands(s / 3600), s % 3600 / 60);
}

std::string Plural(int64_t n, std::string_view noun) {
  if (n != 1 && noun.ends_with("ry"))
    return fmt::format("{} {}ies", Thousands(n), noun.substr(0, noun.size() - 1));
  return fmt::format("{} {}{}", Thousands(n), noun, n == 1 ? "" : "s");
}

int64_t ParseBytes(const std::string& flag, const std::string& value) {
  constexpr std::string_view kUnits = "KMGT";
  const size_t end = std::min(value.find_first_not_of("0123456789."), value.size());
  const std::string unit = value.substr(end);
  const size_t power = unit.empty() ? std::string_view::npos : kUnits.find(unit[0]);
  const std::string rest = unit.empty() ? "" : unit.substr(1);
  double number = 0;
  const auto [stop, error] = std::from_chars(value.data(), value.data() + end, number);
  if (error != std::errc() || stop != value.data() + end || power == std::string_view::npos ||
      (!rest.empty() && rest != "B" && rest != "iB")) {
    throw Error(fmt::format("{} '{}': a number and K, M, G or T expected", flag, value),
                fmt::format("for example {} 8G", flag));
  }
  const double bytes = number * std::pow(rest == "iB" ? 1024 : 1000, power + 1);
  if (bytes < 1 || bytes > 1e18) {
    throw Error(fmt::format("{} '{}': no machine has that much or that little", flag, value),
                fmt::format("for example {} 8G", flag));
  }
  return static_cast<int64_t>(bytes);
}

std::string Counts(const std::map<std::string, int64_t>& counts) {
  std::string out;
  for (const auto& [name, n] : counts) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", Thousands(n), name);
  }
  return out;
}

std::string ShellQuote(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& arg : argv) {
    if (!line.empty()) line += ' ';
    if (!arg.empty() && std::all_of(arg.begin(), arg.end(), IsShellSafe)) {
      line += arg;
      continue;
    }
    line += '\'';
    for (char c : arg) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::string Printable(std::string_view text) {
  // Marks that turn the direction of text around, and separators of lines and paragraphs.
  static constexpr std::string_view kMarks[] = {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029",
                                                "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
                                                "\u2066", "\u2067", "\u2068", "\u2069"};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = text[i];
    const auto mark =
        c < 0x80 ? std::end(kMarks)
                 : std::find_if(std::begin(kMarks), std::end(kMarks), [&](std::string_view bytes) {
                     return text.substr(i).starts_with(bytes);
                   });
    if (mark != std::end(kMarks)) {
      for (const char byte : *mark) out += fmt::format("\\x{:02x}", byte & 0xFF);
      i += mark->size() - 1;
      continue;
    }
    // U+0080 .. U+009F, two bytes in UTF-8: some terminals take them as escape sequences as well.
    const bool c1 = c == 0xC2 && i + 1 < text.size() && (text[i + 1] & 0xE0) == 0x80;
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c1) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

}  // namespace rsr::cli
