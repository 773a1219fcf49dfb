#include "text/reference_mask.h"

#include <algorithm>

namespace rsr {

void MarkAsReference(std::span<const int32_t> header, int32_t end_of_turn, MaskedTokens* masked) {
  const std::vector<int32_t>& ids = masked->ids;
  for (auto at = ids.begin();;) {
    at = std::search(at, ids.end(), header.begin(), header.end());
    if (at == ids.end()) return;
    at += static_cast<int64_t>(header.size());
    const auto end = std::find(at, ids.end(), end_of_turn);
    masked->turns_found += at != end;
    for (; at != end; ++at) {
      masked->positions.push_back(static_cast<int32_t>(at - ids.begin()));
      masked->kinds.push_back(TokenKind::kAnswer);
    }
  }
}

}  // namespace rsr
