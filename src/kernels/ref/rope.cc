#include "kernels/rope.h"

#include <cmath>

namespace rsr {

void ReferenceApplyRope(std::span<const float> frequencies, int64_t position, int64_t heads,
                        int64_t head_width, double* row) {
  const auto pairs = static_cast<int64_t>(frequencies.size());
  for (int64_t head = 0; head < heads; ++head, row += head_width) {
    for (int64_t i = 0; i < pairs; ++i) {
      const double angle = static_cast<float>(position) * frequencies[i];
      const double x = row[i], y = row[i + pairs];
      row[i] = x * std::cos(angle) - y * std::sin(angle);
      row[i + pairs] = y * std::cos(angle) + x * std::sin(angle);
    }
  }
}

}  // namespace rsr
