// Ordinary text is never rejected as tokenizer-mismatch, by any vocabulary that comes with
// llama.cpp: SentencePiece ones, which put a space in front of the text, and byte-level ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "rsr/error.h"
#include "support/changed_student.h"
#include "support/temp_dir.h"
#include "text/mask.h"

namespace rsr {
namespace {

const char* const kPieces[] = {"The quick brown fox",
                               " jumps",
                               "\n\n",
                               "    ",
                               "\t",
                               "def f(x):\n    return x ** 2\n",
                               "12345.678",
                               " -3 °C",
                               "Ďakujem ",
                               "你好，世界。",
                               "Привет, ",
                               "مرحبا ",
                               "🌅👩‍👩‍👧",
                               "e\u0301\u00a0",
                               "naïve café",
                               "<b>",
                               "$\\frac{1}{2}$",
                               "  \n ",
                               "\r\n",
                               "..."};

class Vocabularies : public testing::TestWithParam<const char*> {
 protected:
  // The text as the tokens spell it: Qwen's and Command R's tokenizers compose accents.
  static std::string Spelled(std::string text) {
    const std::string family = GetParam();
    if (family != "qwen2" && family != "command-r") return text;
    for (size_t at; (at = text.find("e\u0301")) != std::string::npos;)
      text.replace(at, 3, "\u00e9");
    return text;
  }
};

TEST_P(Vocabularies, SpellOrdinaryText) {
  StudentOptions options;
  const TempDir dir;
  options.path = dir / "student.gguf";
  WriteChangedStudent(fmt::format("{}/models/ggml-vocab-{}.gguf", RSR_LLAMA_ROOT, GetParam()),
                      options.path, {});
  options.chat_template = "chatml";
  const auto text = TextSide::Open(options);
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    Trajectory talk;
    talk.messages.resize(2);
    talk.messages[0].content = "Go on.";
    talk.messages[1].role = Role::kAssistant;
    std::string& said = talk.messages[1].content;
    for (int n = 0; n < 12; ++n) said += kPieces[random() % std::size(kPieces)];
    SCOPED_TRACE(said);
    try {
      const MaskedTokens masked = text->Tokenize(talk);
      std::string scored;
      for (const int32_t position : masked.positions) scored += text->Piece(masked.ids[position]);
      EXPECT_NE(scored.find(Spelled(said)), std::string::npos) << scored;
    } catch (const RowError& e) {
      FAIL() << e.reason << ": " << e.message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(LlamaCpp, Vocabularies,
                         testing::Values("llama-spm", "gemma-4", "llama-bpe", "qwen2", "phi-3",
                                         "deepseek-llm", "command-r", "gpt-2"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace rsr
