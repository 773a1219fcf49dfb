#include "report/token_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numbers>
#include <string_view>

#include "base/printable.h"

namespace rsr {
namespace {

// Upper ends of steps 1 to 4. Of the 193 tokens that are not neutral in the oracle's twelve chats
// under SmolLM2-135M, 16 % lie below 1, 58 % below 2, 75 % below 5 and 82 % below 20.
constexpr std::array<double, 4> kStepEnds = {1, 2, 5, 20};

// 256-colour backgrounds with black text: readable on dark and light terminals.
constexpr std::array<std::string_view, 6> kColors = {"",
                                                     "\x1b[30;48;5;117m",   // blue
                                                     "\x1b[30;48;5;157m",   // green
                                                     "\x1b[30;48;5;229m",   // yellow
                                                     "\x1b[30;48;5;215m",   // orange
                                                     "\x1b[30;48;5;203m"};  // red
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::array<std::string_view, 6> kOpen = {"", "", "", "", "⟨", "⟪"};
constexpr std::array<std::string_view, 6> kClose = {"", "", "", "", "⟩", "⟫"};

std::string Marked(std::string_view text, int step, bool color) {
  if (text.empty()) return "";
  if (color && step > 0) return fmt::format("{}{}{}", kColors[step], text, kReset);
  return color ? std::string(text) : fmt::format("{}{}{}", kOpen[step], text, kClose[step]);
}

// Escaped lines, each marked on its own so that no colour runs on to the end of the terminal's
// line. A marked line break shows as ↵ before it breaks.
std::string MarkedLines(std::string_view text, int step, bool color) {
  const bool marked = color ? step > 0 : !kOpen[step].empty();
  std::string out;
  for (size_t end; (end = text.find('\n')) != text.npos; text.remove_prefix(end + 1)) {
    out += Marked(Printable(text.substr(0, end)) + (marked ? "↵" : ""), step, color) + "\n";
  }
  return out + Marked(Printable(text), step, color);
}

std::string Piece(const std::vector<std::string>& vocab, int32_t id) {
  return id >= 0 && static_cast<size_t>(id) < vocab.size() ? vocab[id]
                                                           : fmt::format("<token {}>", id);
}

// Blanks at the ends of a token are part of it.
std::string Quoted(const std::string& piece) { return fmt::format("'{}'", piece); }

}  // namespace

int RatioStep(float surprisal, int32_t rank) {
  if (surprisal < std::numbers::ln2_v<float>) return 0;
  const double ratio = rank / static_cast<double>(surprisal);
  return 1 + static_cast<int>(std::upper_bound(kStepEnds.begin(), kStepEnds.end(), ratio) -
                              kStepEnds.begin());
}

std::string RatioLegend(bool color) {
  const auto step = [color](int number, std::string_view text) {
    return Marked(text, number, color);
  };
  if (!color) {
    return fmt::format(
        "token ratio rank / surprisal: {} {}; tokens more likely than not are never marked",
        step(4, "5 to 20"), step(5, "20 and more"));
  }
  return fmt::format("token ratio rank / surprisal: {} {} {} {} {}; plain: more likely than not",
                     step(1, " below 1 "), step(2, " 1 to 2 "), step(3, " 2 to 5 "),
                     step(4, " 5 to 20 "), step(5, " 20 and more "));
}

std::string TokenText(const TokenColumns& tokens, const std::vector<std::string>& vocab,
                      bool color) {
  std::string out,
      run;  // run: text of one step, ending between characters unless more tokens complete it
  int step = 0;
  const auto flush = [&] {
    out += MarkedLines(run, step, color);
    run.clear();
  };
  for (size_t k = 0; k < tokens.size(); ++k) {
    const int own = RatioStep(tokens.surprisal[k], tokens.rank[k]);
    const int64_t gap = k == 0 ? 0 : int64_t{tokens.position[k]} - tokens.position[k - 1] - 1;
    if (gap > 0) {
      flush();
      out += fmt::format("{}[{} tokens not scored]\n",
                         out.empty() || out.back() == '\n' ? "" : "\n", gap);
    }
    if (!run.empty() && EndsInsideCharacter(run)) {
      step = std::max(step, own);
    } else {
      // Marks go around each token; equal colours may run on.
      if (own != step || !color) flush();
      step = own;
    }
    run += Piece(vocab, tokens.token_id[k]);
  }
  flush();
  return out;
}

Table TokenTable(const TokenColumns& tokens, const std::vector<std::string>& vocab) {
  Table table{
      .columns = {
          {"position"}, {"token"}, {"surprisal"}, {"rank"}, {"ratio"}, {"entropy"}, {"top1"}}};
  for (size_t k = 0; k < tokens.size(); ++k) {
    table.rows.push_back({int64_t{tokens.position[k]}, Quoted(Piece(vocab, tokens.token_id[k])),
                          static_cast<double>(tokens.surprisal[k]), int64_t{tokens.rank[k]},
                          tokens.rank[k] / static_cast<double>(tokens.surprisal[k]),
                          static_cast<double>(tokens.entropy[k]),
                          Quoted(Piece(vocab, tokens.top1_id[k]))});
  }
  return table;
}

}  // namespace rsr
