// A student whose weights are broken: the run ends with the row at which it showed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"
#include "rsr/error.h"
#include "rsr/score.h"
#include "student/gguf_file.h"
#include "support/changed_student.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

// One layer of the demo student; the first block of the last norm, which every position passes, is
// not a number.
void WriteBrokenStudent(const std::string& path) {
  WriteChangedStudent(RSR_DEMO_STUDENT, path, {.layers = 1});
  std::string bytes = ReadFile(path);
  for (const GgufTensor& tensor : ReadGguf(path).tensors) {
    if (tensor.name == "output_norm.weight") std::memset(bytes.data() + tensor.offset, 0xff, 4);
  }
  WriteFileAtomic(path, bytes);
}

TEST(BrokenStudent, TheRowIsNamed) {
  const TempDir dir;
  WriteBrokenStudent(dir / "broken.gguf");
  ScoreOptions options;
  options.student.path = dir / "broken.gguf";
  options.student.engine = EngineChoice::kNative;
  options.input.files = {std::string(RSR_SOURCE_DIR) + "/examples/data/terse.jsonl"};
  options.out = dir / "run";
  options.threads = 1;
  try {
    Score(options);
    FAIL() << "scored";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("terse.jsonl:1: '"));
    EXPECT_THAT(error.message(), HasSubstr("cannot be scored: position "));
    EXPECT_THAT(error.message(), HasSubstr("a logit is infinite or not a number"));
    EXPECT_THAT(error.hint(), HasSubstr("the student's weights hold NaN"));
  }
}

}  // namespace
}  // namespace rsr
