// Reading, rendering, masking and tokenizing of files on one core, what `rsr check` does, answer
// checked.
//
//   mask_bench STUDENT.gguf TEMPLATE FILE...      TEMPLATE: a built-in name, a file, or `model`
//
// Prints MB of input a CPU second; repeats until a second has gone by and takes the best pass.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "bench/cpu_seconds.h"
#include "data/reader.h"
#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

struct Pass {
  double bytes = 0, seconds = 0, render_seconds = 0;
  int64_t rows = 0, rejected = 0, turns = 0, tokens = 0, scored = 0;
};

// The scored tokens of a row must spell its spans: what is counted fast is counted right.
bool Spells(const TextSide& text, const Trajectory& row, const MaskedTokens& masked) {
  const TextSide::Rendered rendered = text.Render(row);
  std::string spans, tokens;
  for (const auto& span : rendered.spans) {
    spans += rendered.text.substr(span.begin, span.end - span.begin);
  }
  for (const int32_t position : masked.positions) tokens += text.Piece(masked.ids[position]);
  // The first token of a turn may hold white space of its header.
  std::erase_if(spans, [](char c) { return c == '\n' || c == ' '; });
  std::erase_if(tokens, [](char c) { return c == '\n' || c == ' '; });
  return masked.turns_found == masked.turns_given && spans == tokens;
}

Pass Run(const TextSide& text, const std::vector<std::string>& files, bool check) {
  Pass pass;
  const double start = CpuSeconds();
  TrajectoryReader reader(files);
  ReadItem item;
  while (reader.Next(&item)) {
    if (!std::holds_alternative<Trajectory>(item)) throw Error("a row cannot be read");
    const auto& row = std::get<Trajectory>(item);
    ++pass.rows;
    pass.bytes += static_cast<double>(row.span.length);
    try {
      const MaskedTokens masked = text.Tokenize(row);
      pass.turns += masked.turns_found;
      pass.tokens += static_cast<int64_t>(masked.ids.size());
      pass.scored += static_cast<int64_t>(masked.positions.size());
      if (check && !Spells(text, row, masked)) throw Error(row.id + ": wrong tokens are scored");
      if (check) {
        const double before = CpuSeconds();
        text.Render(row);
        pass.render_seconds += CpuSeconds() - before;
      }
    } catch (const RowError&) {
      ++pass.rejected;
    }
  }
  pass.seconds = CpuSeconds() - start;
  return pass;
}

int Main(int argc, char** argv) {
  if (argc < 4) throw Error("mask_bench STUDENT.gguf TEMPLATE FILE...");
  StudentOptions options;
  options.path = argv[1];
  if (std::string(argv[2]) != "model") options.chat_template = argv[2];
  const auto text = TextSide::Open(options);
  for (int i = 3; i < argc; ++i) {
    const Pass checked = Run(*text, {argv[i]}, true);
    Pass best;
    for (double spent = 0; spent < 1;) {
      const Pass pass = Run(*text, {argv[i]}, false);
      if (pass.tokens != checked.tokens || pass.scored != checked.scored) {
        throw Error("two passes differ");
      }
      if (best.seconds == 0 || pass.seconds < best.seconds) best = pass;
      spent += pass.seconds;
    }
    fmt::print(
        "{:5.2f} MB/s ({:.0f} % of it rendering)  {}: {} rows, {} rejected, {} turns, {} tokens, "
        "{} scored\n",
        best.bytes / best.seconds / 1e6, 100 * checked.render_seconds / best.seconds, argv[i],
        best.rows, best.rejected, best.turns, best.tokens, best.scored);
  }
  return 0;
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  try {
    return rsr::Main(argc, argv);
  } catch (const rsr::Error& e) {
    fmt::print(stderr, "mask_bench: {}\n", e.message());
    return 1;
  }
}
