// Where the published reference's tokens are not the student's: SmolLM2 was trained with digits set
// apart first and GPT-2's pattern second, and the reference ran with GPT-2's pattern alone. The two
// readings of one text differ exactly where two or more spaces or newlines stand before a digit:
// GPT-2's pattern leaves the last of them to the digit, SmolLM2's keeps them together. Both are
// llama.cpp's, by the name in the model file.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "data/reader.h"
#include "support/changed_student.h"
#include "support/temp_dir.h"
#include "text/mask.h"

namespace rsr {
namespace {

TEST(ReferenceTokens, DifferOnlyBehindRunsOfSpaceBeforeADigit) {
  const std::string data = std::string(RSR_SHARED_DIR) + "/data/";
  if (!std::filesystem::exists(data))
    GTEST_SKIP() << "the reference data is not beside this repository";
  const TempDir dir;
  StudentOptions options;
  options.path = RSR_DEMO_STUDENT;
  options.max_tokens = 8192;
  const auto ours = TextSide::Open(options);
  options.path = dir / "gpt2.gguf";
  WriteChangedStudent(RSR_DEMO_STUDENT, options.path, {.pre_tokenizer = "gpt-2"});
  const auto theirs = TextSide::Open(options);

  const std::regex run_before_digit("[ \\n]{2}[0-9]");
  for (const auto& [folder, expected] :
       std::map<std::string, int>{{"gsm8k", 5}, {"math-reasoning", 50}}) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(data + folder)) {
      if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    }
    TrajectoryReader reader(files);
    int differing = 0;
    for (ReadItem item; reader.Next(&item);) {
      const auto& trajectory = std::get<Trajectory>(item);
      const std::string text = ours->Render(trajectory).text;
      ASSERT_EQ(text, theirs->Render(trajectory).text);
      const bool differ = ours->Tokenize(trajectory).ids != theirs->Tokenize(trajectory).ids;
      EXPECT_EQ(differ, std::regex_search(text, run_before_digit)) << trajectory.id;
      differing += differ;
    }
    EXPECT_EQ(differing, expected) << folder;
  }
}

}  // namespace
}  // namespace rsr
