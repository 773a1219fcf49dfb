#include "tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "rsr/error.h"
#include "tokenizer/pattern.h"
#include "tokenizer/tiny_tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace rsr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class TokenizerTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-tokenizer-{}.json", testing::TempDir(),
                        testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string Write(const std::string& bytes) {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
  Tokenizer Open(const Json& json) { return Tokenizer(ReadTokenizerJson(Write(json.dump()))); }
  std::string ErrorOf(const std::string& bytes) {
    try {
      Tokenizer tokenizer(ReadTokenizerJson(Write(bytes)));
    } catch (const Error& error) {
      EXPECT_NE(error.hint(), "") << error.message();
      EXPECT_THAT(error.message(), HasSubstr(path_));
      return error.message();
    }
    ADD_FAILURE() << "was read: " << bytes.substr(0, 200);
    return "";
  }
  static std::vector<std::string> Pieces(const Tokenizer& tokenizer, const std::string& text) {
    std::vector<std::string> pieces;
    for (const int32_t id : tokenizer.Encode(text).ids) pieces.push_back(tokenizer.Piece(id));
    return pieces;
  }

  std::string path_;
};

TEST_F(TokenizerTest, MergesWithinWordsAndFindsAddedTokens) {
  const Tokenizer tokenizer = Open(TinyTokenizerJson());
  EXPECT_THAT(Pieces(tokenizer, "hello<|end|>hell 1234"),
              ElementsAre("hello", "<|end|>", "hell", " ", "1", "2", "3", "4"));
  EXPECT_THAT(Pieces(tokenizer, "<tool>"), ElementsAre("<tool>"));
  EXPECT_TRUE(tokenizer.Encode("").ids.empty());
}

TEST_F(TokenizerTest, TokensKnowTheirBytes) {
  const Tokenizer tokenizer = Open(TinyTokenizerJson());
  EXPECT_THAT(tokenizer.Encode("hello<|end|>hé").begins, ElementsAre(0, 5, 12, 13, 14, 15));
  // e + combining acute become é: two tokens that stand for three bytes.
  const Tokens composed = tokenizer.Encode("e\u0301x");
  EXPECT_THAT(Pieces(tokenizer, "e\u0301x"), ElementsAre("\xc3", "\xa9", "x"));
  EXPECT_THAT(composed.begins, ElementsAre(0, 1, 3, 4));
}

TEST_F(TokenizerTest, AddedTokensTakeWhiteSpaceAndStandAlone) {
  Json json = TinyTokenizerJson();
  json["added_tokens"][0]["rstrip"] = true;
  json["added_tokens"][0]["lstrip"] = true;
  json["added_tokens"][1]["single_word"] = true;
  const Tokenizer tokenizer = Open(json);
  EXPECT_THAT(Pieces(tokenizer, "hell \n<|end|>\u2028 he"), ElementsAre("hell", "<|end|>", "he"));
  EXPECT_THAT(tokenizer.Encode("hell \n<|end|>\u2028 he").begins, ElementsAre(0, 4, 17, 19));
  EXPECT_EQ(Pieces(tokenizer, "he<tool>").size(), 7u);
  EXPECT_THAT(Pieces(tokenizer, "<tool>!"), ElementsAre("<tool>", "!"));
}

TEST_F(TokenizerTest, TheLongestOfTheLeftmostAddedTokensWins) {
  Json json = TinyTokenizerJson();
  json["added_tokens"].push_back({{"id", 262}, {"content", "<|end|><"}, {"special", true}});
  json["added_tokens"].push_back({{"id", 263}, {"content", "end"}, {"special", true}});
  EXPECT_THAT(Pieces(Open(json), "<|end|><|end|>end"),
              ElementsAre("<|end|><", "|", "end", "|", ">", "end"));
}

TEST_F(TokenizerTest, SentencePieceFamilies) {
  Json vocab = {{"<unk>", 0}};
  for (int byte = 0; byte < 256; ++byte) vocab[fmt::format("<0x{:02X}>", byte)] = 1 + byte;
  vocab["\u2581"] = 300, vocab["a"] = 301, vocab["\u2581a"] = 302;
  Json json = {{"added_tokens", {{{"id", 303}, {"content", "</s>"}, {"special", true}}}},
               {"model",
                {{"type", "BPE"},
                 {"vocab", vocab},
                 {"merges", Json::array({Json::array({"\u2581", "a"})})},
                 {"unk_token", "<unk>"},
                 {"fuse_unk", true},
                 {"byte_fallback", true}}}};
  // Llama 2's own: a space goes before every piece between added tokens.
  Json legacy = json;
  legacy["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers",
       {{{"type", "Prepend"}, {"prepend", "\u2581"}},
        {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}};
  EXPECT_THAT(Pieces(Open(legacy), "a a</s>a\n"), ElementsAre(" a", " a", "</s>", " a", "\n"));
  EXPECT_THAT(Open(legacy).Encode("a</s>a\n").begins, ElementsAre(0, 1, 5, 6, 7));
  EXPECT_THAT(Pieces(Open(legacy), "é"), ElementsAre(" ", "\xc3", "\xa9"));
  EXPECT_THAT(Open(legacy).Encode("é").begins, ElementsAre(0, 0, 1, 2));
  // Later converters: only before the first.
  json["pre_tokenizer"] = {{"type", "Metaspace"},
                           {"replacement", "\u2581"},
                           {"prepend_scheme", "first"},
                           {"split", false}};
  EXPECT_THAT(Pieces(Open(json), "a a</s>a"), ElementsAre(" a", " a", "</s>", "a"));
  // What transformers 5 saves of a SentencePiece model: a space at the very beginning is doubled.
  Json saved = json;
  saved["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers",
       {{{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}},
        {{"type", "Replace"},
         {"pattern", {{"Regex", "\\A\u2581"}}},
         {"content", "\u2581\u2581"}}}}};
  saved["pre_tokenizer"]["prepend_scheme"] = "always";
  EXPECT_THAT(Pieces(Open(saved), " a</s>a"), ElementsAre(" ", " a", "</s>", " a"));
  EXPECT_THAT(Open(saved).Encode(" a</s>a").begins, ElementsAre(0, 0, 2, 6, 7));
  json["pre_tokenizer"]["prepend_scheme"] = "never";
  EXPECT_THAT(Pieces(Open(json), "a a"), ElementsAre("a", " a"));
}

TEST_F(TokenizerTest, SaysWhatIsWrongWithAFile) {
  const auto changed = [](auto change) {
    Json json = TinyTokenizerJson();
    change(json);
    return json.dump();
  };
  EXPECT_THAT(ErrorOf(""), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf("{\"model\": {"), HasSubstr("is not JSON"));
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("the file: expected an object"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("model: expected an object"));
  EXPECT_THAT(ErrorOf("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("Git LFS"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["type"] = "Unigram"; })),
              HasSubstr("of type Unigram, expected BPE"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["dropout"] = 0.1; })), HasSubstr("dropout"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"] = Json::object(); })),
              HasSubstr("vocab is empty"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"]["he"] = -1; })),
              HasSubstr("token id -1 is out of range"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"]["he"] = 4000000000; })),
              HasSubstr("token id 4000000000 is out of range"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"]["he"] = 4194303; })),
              HasSubstr("token 'he' has id 4194303, but model.vocab has 260 tokens"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["added_tokens"][0]["id"] = 66000; })),
              HasSubstr("token '<|end|>' has id 66000, but model.vocab has 260 tokens"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"]["he"] = "x"; })),
              HasSubstr("expected a token id"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"]["he"] = 257; })),
              HasSubstr("have the same id 257"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["merges"].push_back("h xyz"); })),
              HasSubstr("merge 5 ('h' + 'xyz') names 'xyz', which is no token"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["merges"].push_back("h o"); })),
              HasSubstr("merge 5 ('h' + 'o') gives a text that is no token"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["merges"].push_back(7); })),
              HasSubstr("merge 5 is not two tokens"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["byte_fallback"] = true; })),
              HasSubstr("<0x00> is missing"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["added_tokens"][1]["id"] = 260; })),
              HasSubstr("have the same id 260"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["added_tokens"][1]["content"] = "he"; })),
              HasSubstr("added token 'he' has id 261, in model.vocab it has 256"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["normalizer"]["type"] = "NFKC"; })),
              HasSubstr("unknown normalizer NFKC"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) {
                j["pre_tokenizer"] = {{"type", "Bert"}};
              })),
              HasSubstr("unknown pre-tokenizer Bert"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) {
                j["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "\\p{Han}+";
              })),
              HasSubstr("\\p{Han}"));
  std::string twice = TinyTokenizerJson().dump();
  twice.replace(twice.find("\"he\":256"), 8, "\"he\":256,\"he\":262");
  EXPECT_THAT(ErrorOf(twice), HasSubstr("token 'he' is listed twice"));
  Json nested = {{"type", "NFC"}};
  for (int i = 0; i < 40; ++i) {
    nested = {{"type", "Sequence"}, {"normalizers", Json::array({nested})}};
  }
  EXPECT_THAT(ErrorOf(changed([&](Json& j) { j["normalizer"] = nested; })), HasSubstr("nested"));
  const Json many(100, {{"type", "NFC"}});
  EXPECT_THAT(ErrorOf(changed([&](Json& j) {
                j["normalizer"] = {{"type", "Sequence"}, {"normalizers", many}};
              })),
              HasSubstr("normalizer has more than 64 steps"));
  EXPECT_THAT(ErrorOf(changed([](Json& j) { j["model"]["vocab"]["\x1b[31m"] = -1; })),
              HasSubstr("'\\x1b[31m'"));
  {
    const std::ofstream file(Write("{"));
    std::filesystem::resize_file(path_, size_t{1} << 30);  // sparse
  }
  try {
    ReadTokenizerJson(path_);
    FAIL() << "a gigabyte was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("has 1024 MB"));
  }
}

TEST_F(TokenizerTest, KnowsAtOnceHowManyTokensATextHasAtTheLeast) {
  std::string text;
  for (int i = 0; i < 700; ++i) text += "hello \u0435\u0301 \u4f60 \n";  // 7 that count
  const auto least = [&](auto change) {
    Json json = TinyTokenizerJson();
    change(json);
    const Tokenizer tokenizer = Open(json);
    EXPECT_LE(tokenizer.LeastTokensOf(text), std::ssize(tokenizer.Encode(text).ids));
    return tokenizer.LeastTokensOf(text);
  };
  EXPECT_EQ(least([](Json&) {}), 700);  // "<|end|>" has seven
  EXPECT_EQ(least([](Json& j) {
              j["added_tokens"].push_back({{"id", 262}, {"content", "12345678"}});
            }),
            (7 * 700 + 7) / 8);
  // White space may vanish into a token.
  EXPECT_EQ(least([](Json& j) {
              j["added_tokens"].push_back({{"id", 259}, {"content", "hello"}, {"rstrip", true}});
            }),
            700);
  // Tokenizers that may drop or join any amount of text.
  EXPECT_EQ(least([](Json& j) { j["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed"; }),
            0);
  EXPECT_EQ(
      least([](Json& j) {
        j["normalizer"] = {{"type", "Replace"}, {"pattern", {{"Regex", ".+"}}}, {"content", ""}};
      }),
      0);
  EXPECT_EQ(least([](Json& j) {
              j["model"]["vocab"].erase("o"), j["model"]["merges"] = {"h e", "l l", "he ll"};
            }),
            0);
}

// 1000 characters of one, six times over, and a text of megabytes before each piece.
TEST_F(TokenizerTest, NormalizersThatGrowWithoutEnd) {
  const std::string long_text(1000, '2');
  Json replace = {{"type", "Replace"}, {"pattern", {{"String", "2"}}}, {"content", long_text}};
  Json prepend = {{"type", "Prepend"}, {"prepend", long_text + long_text}};
  for (const Json& steps : {Json::array({replace, replace, replace, replace, replace, replace}),
                            Json::array({prepend, prepend})}) {
    Json json = TinyTokenizerJson();
    json["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
    json["added_tokens"] = Json::array();
    const Tokenizer tokenizer = Open(json);
    try {
      tokenizer.Encode("1 + 1 = 2");
      ADD_FAILURE() << "encoded";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(),
                  HasSubstr("its normalizer makes more than 1168 characters of 9"));
    }
  }
}

// Under ASan and UBSan a small fuzzer: whatever is read must also encode.
TEST_F(TokenizerTest, ChangedFilesAreReadOrRefused) {
  const std::string bytes = TinyTokenizerJson().dump();
  std::mt19937 random(11);
  int refused = 0;
  constexpr int kRounds = 3000;
  for (int round = 0; round < kRounds; ++round) {
    std::string changed = bytes;
    for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % changed.size();
      switch (random() % 4) {
        case 0:
          changed[at] = static_cast<char>(random());
          break;
        case 1:
          changed.erase(at, 1 + random() % 20);
          break;
        case 2:
          changed.insert(at, changed.substr(random() % changed.size(), random() % 30));
          break;
        default:
          changed.replace(at, 1,
                          std::vector<std::string>{"-1", "1e9", "null", "\"\"", "[", "{",
                                                   "\\u0000"}[random() % 7]);
      }
      if (changed.empty()) changed = "x";
    }
    try {
      const Tokenizer tokenizer(ReadTokenizerJson(Write(changed)));
      const std::string text = "hello <|end|> h\u00e9llo 12345\n\n<tool>";
      const std::vector<int32_t> ids = tokenizer.Encode(text).ids;
      for (const int32_t id : ids) tokenizer.Piece(id);
      EXPECT_LE(tokenizer.LeastTokensOf(text), std::ssize(ids)) << changed;
    } catch (const Error&) {
      ++refused;
    } catch (const PatternTooExpensive&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, kRounds / 2);
  EXPECT_LT(refused, kRounds);
}

}  // namespace
}  // namespace rsr
