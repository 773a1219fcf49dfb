#include "cli/rejections.h"

#include <fmt/format.h>

#include "cli/format.h"

namespace rsr::cli {

void PrintRejections(const Rejections& rejections, Printer& printer) {
  if (rejections.rows == 0) return;
  printer.Error(fmt::format("{} of {} cannot be scored: {}", Thousands(rejections.rows),
                            Plural(rejections.of_rows, "row"), Counts(rejections.by_reason)),
                "");
  for (const std::string& example : rejections.examples) printer.Detail("  " + example);
  const int64_t more = rejections.rows - static_cast<int64_t>(rejections.examples.size());
  if (more > 0) {
    printer.Detail(fmt::format("  ... and {} more{}", Thousands(more),
                               rejections.all_in.empty() ? "" : ", see " + rejections.all_in));
  }
  const bool too_long = rejections.by_reason.contains("too-long");
  printer.Hint((too_long ? "--max-tokens N cuts rows that are too long; " : "") + rejections.hint);
}

}  // namespace rsr::cli
