// Quotas: at most so much of each group of rows, a group being a value of a column.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "metrics/scored_rows.h"
#include "select/candidates.h"

namespace rsr {

// One `--quota COLUMN:VALUE=LIMIT,..` (docs/select.md).
struct Quota {
  struct Part {
    std::string value;  // a text, or a band of numbers
    bool others = false, band = false;
    double low = 0, high = 0;  // of a band, both within it
    bool is_share = false;
    double limit = 0;  // a share (0.5 for 50 %), or a number of rows
  };
  std::string column;
  std::vector<Part> parts;
};

// Throws rsr::Error for text that is none.
Quota ParseQuota(const std::string& text);
std::vector<std::string> QuotaColumns(const std::vector<std::string>& quotas);

// Which groups each row belongs to, and how much of each may be taken.
struct QuotaGroups {
  static constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
  struct Group {
    std::string name;  // COLUMN:VALUE
    bool is_share = false;
    double limit = 0;  // as given
    int64_t candidates = 0;
    int64_t max_rows = kNoLimit, max_tokens = kNoLimit;
  };
  std::vector<Group> groups;
  std::vector<std::vector<size_t>> of_row;  // [index into ScoredRows::rows]; empty without quotas
};

// Shares are still without a number. Throws rsr::Error for a value that no row has.
QuotaGroups FindGroups(const std::vector<std::string>& quotas, const ScoredRows& data,
                       const Candidates& candidates);

// Makes numbers of the shares: of `rows`, rounded up to whole rows, or, where there is a budget, of
// `tokens`.
void SetShares(QuotaGroups& groups, int64_t rows, int64_t tokens);

}  // namespace rsr
