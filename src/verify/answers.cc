#include "verify/answers.h"

#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace rsr {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The content of the last \boxed{..} whose braces are closed. One pass: a degenerate loop may open
// thousands and close none.
std::optional<std::string_view> LastBoxed(std::string_view text) {
  std::vector<size_t> open;  // behind each brace that is not closed yet
  size_t last = 0, end = 0;  // where its content lies; 0: none yet
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;  // \{ and \} are characters of the answer
    } else if (text[i] == '{') {
      open.push_back(i + 1);
    } else if (text[i] == '}' && !open.empty()) {
      const size_t begin = open.back();
      open.pop_back();
      // One that is closed later may be around it, but then it begins earlier.
      if (begin > last && text.substr(0, begin).ends_with("boxed{")) last = begin, end = i;
    }
  }
  if (last == 0) return std::nullopt;
  return text.substr(last, end - last);
}

std::optional<std::string_view> BehindHashes(std::string_view text) {
  const size_t at = text.rfind("####");
  if (at == text.npos) return std::nullopt;
  const std::string_view rest = text.substr(at + 4);
  return Trimmed(rest.substr(0, rest.find('\n')));
}

std::string_view LastNumber(std::string_view text) {
  size_t end = text.size();
  while (end > 0 && !IsDigit(text[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 &&
         (IsDigit(text[begin - 1]) ||
          ((text[begin - 1] == '.' || text[begin - 1] == ',' || text[begin - 1] == '/') &&
           begin > 1 && IsDigit(text[begin - 2]))))
    --begin;
  // A sign, unless it stands between two terms: "3-4" ends in 4.
  const bool sign = begin > 0 && begin < end && text[begin - 1] == '-' &&
                    (begin == 1 || std::isspace(static_cast<unsigned char>(text[begin - 2])) ||
                     text[begin - 2] == '$' || text[begin - 2] == '=' || text[begin - 2] == '(');
  return text.substr(begin - sign, end - begin + sign);
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::optional<double> Number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string_view WithoutReasoning(std::string_view text) {
  constexpr std::string_view kEnd = "</think>";
  const size_t at = text.rfind(kEnd);
  return at == text.npos ? text : text.substr(at + kEnd.size());
}

std::string FinalAnswer(std::string_view text) {
  if (const auto boxed = LastBoxed(text)) return std::string(*boxed);
  if (const auto behind = BehindHashes(text)) return std::string(*behind);
  return std::string(LastNumber(text));
}

std::string ReferenceAnswer(std::string_view reference) {
  if (const auto boxed = LastBoxed(reference)) return std::string(*boxed);
  if (const auto behind = BehindHashes(reference)) return std::string(*behind);
  return std::string(Trimmed(reference));
}

std::string NormalisedAnswer(std::string_view answer) {
  std::string text(answer);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kReplaced = {
      {{"\\left", ""},
       {"\\right", ""},
       {"\\dfrac", "\\frac"},
       {"\\tfrac", "\\frac"},
       {"\\text", ""},
       {"\\mathrm", ""},
       {"^{\\circ}", ""},
       {"^\\circ", ""},
       {"\\%", ""},
       {"%", ""},
       {"\\$", ""},
       {"$", ""},
       {"\\!", ""},
       {"\\,", ""},
       {"\\ ", ""},
       {"\\(", ""},
       {"\\)", ""}}};
  for (const auto& [from, to] : kReplaced) ReplaceAll(text, from, to);
  std::string kept;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool groups = text[i] == ',' && i > 0 && IsDigit(text[i - 1]) && i + 3 < text.size() &&
                        IsDigit(text[i + 1]) && IsDigit(text[i + 2]) && IsDigit(text[i + 3]);
    if (!groups && !std::isspace(static_cast<unsigned char>(text[i]))) kept += text[i];
  }
  while (kept.ends_with('.')) kept.pop_back();
  while (kept.size() > 2 && kept.front() == '{' && kept.back() == '}' &&
         kept.find('}') == kept.size() - 1)
    kept = kept.substr(1, kept.size() - 2);
  return kept;
}

bool ExactMatch(std::string_view text, std::string_view reference) {
  const std::string found = NormalisedAnswer(FinalAnswer(text));
  const std::string wanted = NormalisedAnswer(ReferenceAnswer(reference));
  if (found.empty() || wanted.empty()) return false;
  const auto a = Number(found), b = Number(wanted);
  return a && b ? *a == *b : found == wanted;
}

}  // namespace rsr
