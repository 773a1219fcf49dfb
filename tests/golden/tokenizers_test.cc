// Tokenization equal to transformers': 15 families, 10,000 strings each (tests/golden/tokenizers).
//
// The families' directories are made from vocabularies that come with llama.cpp's sources; the ids
// of transformers are committed as hashes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "support/temp_dir.h"
#include "text/gguf_tokenizer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace rsr {
namespace {

using Json = nlohmann::json;

const std::string kHere = std::string(RSR_SOURCE_DIR) + "/tests/golden/tokenizers/";

std::string GgufOf(const std::string& family) {
  return family == "smollm" ? RSR_DEMO_STUDENT
                            : fmt::format("{}/models/ggml-vocab-{}.gguf", RSR_LLAMA_ROOT, family);
}

void RunPython(const std::string& arguments) {
  ASSERT_EQ(std::system(("python3 -B " + arguments).c_str()), 0) << arguments;
}

class TokenizersTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(GgufOf(GetParam()))) GTEST_SKIP() << "no " << GgufOf(GetParam());
    RunPython(fmt::format("{}strings.py {}", kHere, dir_ / "strings.json"));
    RunPython(fmt::format("{}/tests/support/student_dir.py {} {} {}", RSR_SOURCE_DIR, GetParam(),
                          GgufOf(GetParam()), dir_ / "student"));
    strings_ = Json::parse(ReadFile(dir_ / "strings.json"));
    golden_ = Json::parse(ReadFile(kHere + GetParam() + ".json"));
    for (const Json& known : golden_["different"]) {
      different_[known["string"]] = known["ids"].get<std::vector<int32_t>>();
    }
  }

  // Compares block by block; a string with a known difference must differ, and counts as
  // transformers has it.
  void Compare(const Tokenizer& tokenizer) {
    ASSERT_EQ(strings_.size(), 100u);
    ASSERT_EQ(golden_["blocks"].size(), 100u);
    for (size_t block = 0; block < 100; ++block) {
      std::string packed;
      std::vector<int32_t> first;
      for (size_t i = 0; i < 100; ++i) {
        const std::string text = strings_[block]["strings"][i];
        const Tokens tokens = tokenizer.Encode(text);
        ExpectWholeText(tokens, text.size());
        EXPECT_LE(tokenizer.LeastTokensOf(text), std::ssize(tokens.ids)) << text;
        std::vector<int32_t> ids = tokens.ids;
        if (const auto known = different_.find(block * 100 + i); known != different_.end()) {
          EXPECT_NE(ids, known->second) << "string " << known->first << " is equal by now";
          ids = known->second;
        }
        if (i == 0) first.assign(ids.begin(), ids.begin() + std::min<size_t>(ids.size(), 6));
        const int32_t count = static_cast<int32_t>(ids.size());
        packed.append(reinterpret_cast<const char*>(&count), sizeof count);
        packed.append(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(int32_t));
      }
      EXPECT_EQ(HashBytes(packed), golden_["blocks"][block]["hash"])
          << "block " << block << " (" << strings_[block]["class"] << "), first ids "
          << Json(first).dump() << ", expected " << golden_["blocks"][block]["first"].dump();
    }
  }

  static void ExpectWholeText(const Tokens& tokens, size_t size) {
    ASSERT_EQ(tokens.begins.size(), tokens.ids.size() + 1);
    EXPECT_EQ(tokens.begins.back(), static_cast<int64_t>(size));
    EXPECT_TRUE(std::is_sorted(tokens.begins.begin(), tokens.begins.end()));
    EXPECT_GE(tokens.begins[0], 0);
  }

  TempDir dir_;
  Json strings_, golden_;
  std::map<size_t, std::vector<int32_t>> different_;
};

TEST_P(TokenizersTest, HuggingFaceDirectoryGivesTransformersIds) {
  Compare(Tokenizer(ReadTokenizerJson(dir_ / "student/tokenizer.json")));
}

TEST_P(TokenizersTest, GgufFileGivesTransformersIds) {
  std::optional<TokenizerDefinition> definition = ReadGgufTokenizer(GgufOf(GetParam()));
  ASSERT_TRUE(definition);
  Compare(Tokenizer(std::move(*definition)));
}

std::string CaseName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// The texts that take the fewest tokens: what the vocabulary has in one.
TEST_P(TokenizersTest, LeastTokensHoldsForEveryTokensText) {
  const Tokenizer tokenizer(ReadTokenizerJson(dir_ / "student/tokenizer.json"));
  EXPECT_GT(tokenizer.LeastTokensOf(std::string(100'000, 'x')), 100);
  for (size_t id = 0; id < tokenizer.definition().tokens.size(); ++id) {
    const std::string piece = tokenizer.Piece(static_cast<int32_t>(id));
    const std::string text = piece + piece;
    ASSERT_LE(tokenizer.LeastTokensOf(text), std::ssize(tokenizer.Encode(text).ids)) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, TokenizersTest,
                         testing::Values("qwen2", "qwen35", "llama-bpe", "gpt-2", "smollm",
                                         "starcoder", "refact", "command-r", "falcon",
                                         "deepseek-llm", "deepseek-coder", "mpt", "llama-spm",
                                         "phi-3", "gemma-4"),
                         CaseName);

}  // namespace
}  // namespace rsr
