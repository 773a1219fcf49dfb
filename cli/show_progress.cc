#include "cli/show_progress.h"

#include <chrono>
#include <memory>

#include "cli/progress.h"

namespace rsr::cli {

std::function<void(const ScoreProgress&)> ShowProgress(Printer& printer) {
  const auto start = std::chrono::steady_clock::now();
  const auto style = printer.status_style();
  if (style == Printer::StatusStyle::kNone) return {};
  return
      [&printer, start, style, progress = std::make_shared<Progress>()](const ScoreProgress& now) {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        const int width = style == Printer::StatusStyle::kInPlace ? printer.terminal_width() : 0;
        const std::string text = progress->At(passed.count(), now, width);
        if (!text.empty()) printer.Status(text);
      };
}

}  // namespace rsr::cli
