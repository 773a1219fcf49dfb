#include "cli/rejections.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/format.h"

namespace rsr::cli {

namespace {

bool PrintsNoCalls(const std::string& example) {
  return example.ends_with("the chat template prints no tool_calls");
}

}  // namespace

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
  std::string hint;
  if (rejections.by_reason.contains("too-long"))
    hint += "--max-tokens N cuts rows that are too long; ";
  if (std::any_of(rejections.examples.begin(), rejections.examples.end(), PrintsNoCalls))
    hint += "--chat-template FILE takes a template that prints tool calls; ";
  printer.Hint(hint + rejections.hint);
}

}  // namespace rsr::cli
