#include "select/quotas.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/nearest.h"
#include "rsr/error.h"
#include "select/row_columns.h"

namespace rsr {
namespace {

constexpr const char* kExamples =
    "for example: source:math=50%,code=50% or teacher:*=200 (at most 200 rows of each) or "
    "problem_accuracy:0..0.5=70%,0.5..1=30%";
constexpr const char* kOthers = "*";
constexpr const char* kNull = "null";

[[noreturn]] void Fail(const std::string& quota, const std::string& what) {
  throw Error(fmt::format("quota `{}`: {}", quota, what), kExamples);
}

std::optional<double> Number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

void ParseLimit(const std::string& quota, std::string_view text, Quota::Part& part) {
  const bool percent = text.ends_with('%');
  const auto number = Number(percent ? text.substr(0, text.size() - 1) : text);
  part.is_share = percent || text.find('.') != std::string_view::npos;
  part.limit = number.value_or(-1) / (percent ? 100 : 1);
  const bool good =
      part.is_share ? part.limit >= 0 && part.limit <= 1
                    : part.limit >= 0 && part.limit == std::floor(part.limit) && part.limit <= 1e15;
  if (!good)
    Fail(quota, fmt::format("expected a number of rows or a share (50% or 0.5), got '{}'", text));
}

void ParseBand(const std::string& quota, Quota::Part& part) {
  const size_t dots = part.value.find("..");
  if (dots == std::string::npos) return;
  const std::string low = part.value.substr(0, dots), high = part.value.substr(dots + 2);
  const auto from = low.empty() ? -INFINITY : Number(low);
  const auto to = high.empty() ? INFINITY : Number(high);
  if (!from || !to) return;  // a text like any other
  if (*from > *to) Fail(quota, fmt::format("the band {} ends before it begins", part.value));
  part.band = true;
  part.low = *from;
  part.high = *to;
}

Quota::Part ParsePart(const std::string& quota, std::string_view text) {
  const size_t equals = text.rfind('=');
  Quota::Part part{.value = std::string(text.substr(0, equals))};
  if (part.value.empty()) Fail(quota, fmt::format("no value before '{}'", text));
  part.others = part.value == kOthers;
  ParseBand(quota, part);
  ParseLimit(quota, text.substr(equals + 1), part);
  return part;
}

std::string TextOf(const FilterValue& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return kNull;
}

std::optional<double> NumberOf(const FilterValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return Number(*text);
  return std::nullopt;
}

bool Holds(const Quota::Part& part, const FilterValue& value) {
  if (part.others) return true;
  if (!part.band) return TextOf(value) == part.value;
  const auto number = NumberOf(value);
  return number && *number >= part.low && *number <= part.high;
}

// A misspelt value would be a quota that says nothing.
void CheckValues(const Quota& quota, const std::set<std::string>& values) {
  for (const Quota::Part& part : quota.parts) {
    if (part.others || part.band || values.contains(part.value)) continue;
    const std::vector<std::string> known(values.begin(), values.end());
    const auto near = NearestNames(part.value, known);
    throw Error(
        fmt::format("quota {}:{}: no row has this value", quota.column, part.value),
        near.empty() && known.size() > 20
            ? fmt::format("the column has {} values, for example '{}'", known.size(), known.front())
            : NearestHint(part.value, known));
  }
}

// All groups of a quota are there from the beginning, so that one without candidates is shown, too.
class Grouper {
 public:
  Grouper(const Quota& quota, const std::set<std::string>& values,
          std::vector<QuotaGroups::Group>* groups)
      : quota_(quota), groups_(groups) {
    for (const Quota::Part& part : quota.parts)
      if (!part.others) NumberFor(part, part.value);
    for (const std::string& value : values) Of(value);
  }

  std::optional<size_t> Of(const FilterValue& value) {
    for (const Quota::Part& part : quota_.parts)
      if (Holds(part, value)) return NumberFor(part, part.others ? TextOf(value) : part.value);
    return std::nullopt;
  }

 private:
  size_t NumberFor(const Quota::Part& part, const std::string& value) {
    const auto [at, is_new] = numbers_.emplace(value, groups_->size());
    if (is_new) {
      groups_->push_back(
          {.name = quota_.column + ":" + value, .is_share = part.is_share, .limit = part.limit});
    }
    return at->second;
  }

  const Quota& quota_;
  std::vector<QuotaGroups::Group>* groups_;
  std::map<std::string, size_t> numbers_;
};

}  // namespace

Quota ParseQuota(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string::npos)
    Fail(text, "expected COLUMN:VALUE=LIMIT,.. and found no column");
  Quota quota{.column = text.substr(0, colon)};
  std::string_view rest = std::string_view(text).substr(colon + 1);
  // A comma ends a part only behind its '=': values may have commas.
  while (!rest.empty()) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) Fail(text, fmt::format("no '=LIMIT' behind '{}'", rest));
    const size_t end = std::min(rest.find(',', equals), rest.size());
    Quota::Part part = ParsePart(text, rest.substr(0, end));
    for (const Quota::Part& other : quota.parts)
      if (other.value == part.value) Fail(text, fmt::format("'{}' is there twice", part.value));
    quota.parts.push_back(std::move(part));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (quota.parts.empty()) Fail(text, "expected VALUE=LIMIT behind the column");
  // What is named goes before the rest, wherever it stands.
  std::stable_partition(quota.parts.begin(), quota.parts.end(),
                        [](const Quota::Part& part) { return !part.others; });
  return quota;
}

std::vector<std::string> QuotaColumns(const std::vector<std::string>& quotas) {
  std::vector<std::string> columns;
  for (const std::string& text : quotas) columns.push_back(ParseQuota(text).column);
  return columns;
}

QuotaGroups FindGroups(const std::vector<std::string>& quotas, const ScoredRows& data,
                       const Candidates& candidates) {
  QuotaGroups found;
  const RowColumns columns(data, QuotaColumns(quotas));
  if (!quotas.empty()) found.of_row.resize(data.rows.size());
  for (const std::string& text : quotas) {
    const Quota quota = ParseQuota(text);
    std::set<std::string> values;
    for (const ScoredRow& row : data.rows) values.insert(TextOf(columns.Get(quota.column, row)));
    CheckValues(quota, values);
    Grouper grouper(quota, values, &found.groups);
    for (const Candidate& candidate : candidates.rows) {
      const auto group = grouper.Of(columns.Get(quota.column, data.rows[candidate.index]));
      if (!group) continue;
      found.of_row[candidate.index].push_back(*group);
      ++found.groups[*group].candidates;
    }
  }
  for (QuotaGroups::Group& group : found.groups)
    if (!group.is_share) group.max_rows = static_cast<int64_t>(group.limit);
  return found;
}

void SetShares(QuotaGroups& groups, int64_t rows, int64_t tokens) {
  for (QuotaGroups::Group& group : groups.groups) {
    if (!group.is_share) continue;
    if (tokens > 0) {
      group.max_tokens = static_cast<int64_t>(group.limit * static_cast<double>(tokens));
    } else {
      // 30 % of 10 is 3, also where the product is a hair above it.
      group.max_rows =
          static_cast<int64_t>(std::ceil(group.limit * static_cast<double>(rows) - 1e-9));
    }
  }
}

}  // namespace rsr
