#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/format.h"

namespace rsr::cli {

std::string Progress::At(double now, const ScoreProgress& progress, int width) {
  const bool bar = width > 0;
  const double wait = bar ? (shown_at_ < 0 ? kQuietSeconds : kRedrawSeconds)
                          : std::clamp(now * kLineShare, kLineSeconds, kMostLineSeconds);
  if (now - std::max(shown_at_, 0.0) < wait) return "";
  shown_at_ = now;

  const double fraction = std::clamp(progress.fraction, 0.0, 1.0);
  std::vector<std::string> parts = {
      fmt::format("{:3.0f} %{}", 100 * fraction, progress.pass.empty() ? "" : " " + progress.pass),
      fmt::format("{} of {}", Thousands(progress.rows_done), Plural(progress.rows_total, "row"))};
  if (progress.seconds > 0) {
    parts.push_back(fmt::format("{} tokens/s", Thousands(progress.tokens_done / progress.seconds)));
  }
  if (progress.seconds_left >= 0) {
    parts.push_back(fmt::format("ETA {}", Duration(progress.seconds_left)));
  }
  if (!bar) return fmt::format("{}", fmt::join(parts, "  "));

  // The last column stays free: some terminals wrap when it is written.
  int room = width - 1;
  std::string line;
  for (const std::string& part : parts) {
    const int size = static_cast<int>(part.size()) + (line.empty() ? 0 : 2);
    if (size > room) break;
    line += (line.empty() ? "" : "  ") + part;
    room -= size;
  }
  const int cells = std::min(room - 3, 40);  // 3: a space and the brackets
  if (cells >= 10) {
    const int full = static_cast<int>(cells * fraction);
    line.insert(parts[0].size(),
                fmt::format(" [{}{}]", std::string(full, '#'), std::string(cells - full, '-')));
  }
  return line;
}

}  // namespace rsr::cli
