#include "base/nearest.h"

#include <algorithm>

#include "base/printable.h"

namespace rsr {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Insertions, deletions, substitutions and swaps of neighbours (the most frequent typing error)
// cost one each.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) &&
          Lower(a[i - 2]) == Lower(b[j - 1])) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string> NearestNames(std::string_view name, std::span<const std::string> known,
                                      size_t most) {
  constexpr size_t kLongest = 256;  // untrusted input; no name of ours is this long
  if (name.size() > kLongest) return {};
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongest) continue;
    const size_t distance = EditDistance(name, candidate);
    if (3 * distance <= std::max(name.size(), candidate.size())) {
      near.emplace_back(distance, candidate);
    }
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.size() > most) near.resize(most);
  std::vector<std::string> names;
  for (auto& [distance, candidate] : near) names.push_back(std::move(candidate));
  return names;
}

std::string NearestHint(std::string_view name, std::span<const std::string> known) {
  constexpr size_t kMost = 60;  // a stranger's file may have thousands of columns
  const std::vector<std::string> near = NearestNames(name, known);
  std::string hint = near.empty() ? "one of: " : "did you mean ";
  if (near.empty()) {
    for (size_t i = 0; i < known.size() && i < kMost; ++i) {
      hint += (i > 0 ? ", " : "") + Excerpt(known[i]);
    }
    return known.size() > kMost ? hint + ", ..." : hint;
  }
  for (size_t i = 0; i < near.size(); ++i) {
    if (i > 0) hint += i + 1 == near.size() ? " or " : ", ";
    hint += "'" + Printable(near[i]) + "'";
  }
  return hint + "?";
}

}  // namespace rsr
