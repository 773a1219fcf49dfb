// How far `rsr score` is: a bar on a terminal, else now and then a line for a log.
#pragma once

#include <string>

#include "rsr/score.h"

namespace rsr::cli {

// Turns the calls of ScoreOptions::on_progress into text at the right moments. Threading: one
// thread at a time.
class Progress {
 public:
  // A job shorter than this needs no bar.
  static constexpr double kQuietSeconds = 2;
  static constexpr double kRedrawSeconds = 0.1;
  // Lines in a log become rarer as time passes, at most a hundred and some in a night: the next
  // comes after a twentieth of the time that passed, but within these bounds.
  static constexpr double kLineSeconds = 30, kMostLineSeconds = 600, kLineShare = 0.05;

  // The text to show at `now` (seconds since the start of the program), or empty for none yet.
  // `width` 0: a line for a log; else a bar that fits a terminal of so many columns.
  std::string At(double now, const ScoreProgress& progress, int width);

 private:
  double shown_at_ = -1;
};

}  // namespace rsr::cli
