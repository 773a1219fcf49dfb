#include "student/hf_directory.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "rsr/error.h"

namespace rsr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class HfDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fmt::format("{}rsr-hf-{}-{}", testing::TempDir(), getpid(),
                       testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(dir_);
    Write("tokenizer.json", "{}");
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(dir_ + "/" + name).parent_path());
    std::ofstream(dir_ + "/" + name) << text;
  }
  HfDirectory Read() { return ReadHfDirectory(dir_); }

  std::string dir_;
};

TEST_F(HfDirectoryTest, SpecialTokensAreTextsOrObjects) {
  Write(
      "tokenizer_config.json",
      R"({"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null,
            "add_bos_token": true, "model_max_length": 1000000000000000019884624838656})");
  Write("special_tokens_map.json", R"({"eos_token": "<|end|>", "unk_token": "<unk>"})");
  EXPECT_THAT(Read().special_tokens,
              ElementsAre(Pair("bos_token", "<s>"), Pair("eos_token", "<|end|>"),
                          Pair("unk_token", "<unk>")));
  EXPECT_EQ(Read().context_length, 0);
  // With a list of added tokens the map is history, as in transformers.
  Write("tokenizer_config.json",
        R"({"eos_token": "</s>", "model_max_length": 2048, "added_tokens_decoder":
            {"7": {"content": "<x>", "special": true, "rstrip": true}}})");
  const HfDirectory read = Read();
  EXPECT_THAT(read.special_tokens, ElementsAre(Pair("eos_token", "</s>")));
  ASSERT_EQ(read.added.size(), 1u);
  EXPECT_EQ(read.added[0].id, 7);
  EXPECT_EQ(read.added[0].content, "<x>");
  EXPECT_TRUE(read.added[0].special && read.added[0].rstrip && !read.added[0].lstrip);
  EXPECT_EQ(read.context_length, 2048);
}

TEST_F(HfDirectoryTest, TheModelsConfigSaysHowLongAndHowATurnEnds) {
  Write("config.json",
        R"({"model_type": "gemma3", "text_config": {"max_position_embeddings": 131072}})");
  Write("generation_config.json", R"({"eos_token_id": [1, 106]})");
  EXPECT_EQ(Read().architecture, "gemma3");
  EXPECT_EQ(Read().context_length, 131072);
  Write("config.json", R"({"max_position_embeddings": 32768, "rope_scaling": {"type": "yarn",
         "factor": 4.0, "original_max_position_embeddings": 32768}})");
  EXPECT_EQ(Read().context_length, 131072);
  EXPECT_THAT(Read().eos_token_ids, ElementsAre(1, 106));
  Write("generation_config.json", R"({"eos_token_id": 2})");
  EXPECT_THAT(Read().eos_token_ids, ElementsAre(2));
}

TEST_F(HfDirectoryTest, TemplatesInTransformersOrder) {
  Write(
      "tokenizer_config.json",
      R"({"chat_template": [{"name": "default", "template": "a"}, {"name": "rag", "template": "b"}]})");
  EXPECT_THAT(Read().chat_templates, ElementsAre(Pair("default", "a"), Pair("rag", "b")));
  Write("chat_template.json", R"({"chat_template": "c"})");
  EXPECT_THAT(Read().chat_templates, ElementsAre(Pair("default", "c")));
  Write("chat_template.jinja", "d");
  Write("additional_chat_templates/tool_use.jinja", "e");
  EXPECT_THAT(Read().chat_templates, ElementsAre(Pair("default", "d"), Pair("tool_use", "e")));
}

TEST_F(HfDirectoryTest, DamagedFilesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "a"}}})"},
      {"tokenizer_config.json", R"({"added_tokens_decoder": {"99999999999": {"content": "a"}}})"},
      {"tokenizer_config.json", R"({"chat_template": 7})"},
      {"tokenizer_config.json", R"({"chat_template": ["a"]})"},
      {"config.json", "[1]"},
      {"generation_config.json", "{"},
      {"special_tokens_map.json", "\xff"},
      {"chat_template.json", ""}};
  for (const auto& [name, text] : cases) {
    Write(name, text);
    try {
      Read();
      ADD_FAILURE() << name << " was read: " << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr(name)) << text;
      EXPECT_NE(error.hint(), "");
    }
    std::filesystem::remove(dir_ + "/" + name);
  }
}

}  // namespace
}  // namespace rsr
