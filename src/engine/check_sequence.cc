#include "engine/check_sequence.h"

#include <fmt/format.h>

#include <string>

#include "rsr/error.h"

namespace rsr {

void CheckSequence(std::span<const int32_t> ids, std::span<const int32_t> positions,
                   int64_t vocab) {
  const auto wrong = [](const std::string& what) { throw Error(what, "", Error::Kind::kInternal); };
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= vocab) {
      wrong(fmt::format("token id {} at position {} is outside the vocabulary of {}", ids[i], i,
                        vocab));
    }
  }
  int64_t previous = 0;
  for (const int32_t position : positions) {
    if (position <= previous || static_cast<size_t>(position) >= ids.size()) {
      wrong(fmt::format("position {} cannot be scored: after {}, in a sequence of {}", position,
                        previous, ids.size()));
    }
    previous = position;
  }
}

void CheckSweepRows(int64_t sweep_rows) {
  if (sweep_rows >= 1) return;
  throw Error(fmt::format("positions per sweep: at least 1 expected, got {}", sweep_rows),
              "256 is a good number");
}

}  // namespace rsr
