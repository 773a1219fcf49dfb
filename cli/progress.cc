#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/format.h"

namespace rsr::cli {

std::string Progress::At(double now, const ScoreProgress& progress, int width) {
  if (first_seconds_ < 0) {
    first_seconds_ = progress.seconds;
    first_fraction_ = progress.fraction;
  }
  const bool bar = width > 0;
  const double wait = bar ? (shown_at_ < 0 ? kQuietSeconds : kRedrawSeconds) : kLineSeconds;
  if (now - std::max(shown_at_, 0.0) < wait) return "";
  shown_at_ = now;

  const double fraction = std::clamp(progress.fraction, 0.0, 1.0);
  const double gained = fraction - first_fraction_, passed = progress.seconds - first_seconds_;
  std::string text = fmt::format("{} tokens", Thousands(progress.tokens_done));
  if (progress.seconds > 0) {
    text += fmt::format("  {} tokens/s", Thousands(progress.tokens_done / progress.seconds));
  }
  if (gained > 0 && passed > 0) {
    text += fmt::format("  ETA {}", Duration(passed / gained * (1 - fraction)));
  }
  const std::string percent = fmt::format("{:3.0f} %", 100 * fraction);
  if (!bar) return fmt::format("{}  {}", percent, text);

  // The last column stays free: some terminals wrap when it is written.
  const int room =
      width - 1 - static_cast<int>(percent.size() + text.size()) - 5;  // 5: the spaces and brackets
  std::string line = percent;
  if (room >= 10) {
    const int cells = std::min(room, 40), full = static_cast<int>(cells * fraction);
    line += fmt::format(" [{}{}]", std::string(full, '#'), std::string(cells - full, '-'));
  }
  line += "  " + text;
  return line.substr(0, std::max(0, width - 1));
}

}  // namespace rsr::cli
