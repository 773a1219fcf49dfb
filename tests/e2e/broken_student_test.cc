// A student whose weights are broken: the run ends with the tensor that holds what is no number, or
// with the row at which too great a weight showed.
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

// One layer of the demo student; every byte of the first weight of the last norm, which every
// position passes, is `byte`.
void WriteBrokenStudent(const std::string& path, int byte) {
  WriteChangedStudent(RSR_DEMO_STUDENT, path, {.layers = 1});
  std::string bytes = ReadFile(path);
  for (const StudentTensor& tensor : ReadGguf(path).tensors) {
    if (tensor.name == "output_norm.weight") std::memset(bytes.data() + tensor.offset, byte, 4);
  }
  WriteFileAtomic(path, bytes);
}

Error ScoreBroken(int byte) {
  const TempDir dir;
  WriteBrokenStudent(dir / "broken.gguf", byte);
  ScoreOptions options;
  options.student.path = dir / "broken.gguf";
  options.student.engine = EngineChoice::kNative;
  options.input.files = {std::string(RSR_SOURCE_DIR) + "/examples/data/terse.jsonl"};
  options.out = dir / "run";
  options.threads = 1;
  try {
    Score(options);
  } catch (const Error& error) {
    return error;
  }
  return Error("scored");
}

TEST(BrokenStudent, TheTensorIsNamed) {
  const Error error = ScoreBroken(0xff);  // not a number
  EXPECT_THAT(error.message(), HasSubstr("tensor 'output_norm.weight' has "));
  EXPECT_THAT(error.message(), HasSubstr("nan in row 0, column 0"));
}

TEST(BrokenStudent, TheRowIsNamed) {
  const Error error = ScoreBroken(0x7f);  // 3.4e38
  EXPECT_THAT(error.message(), HasSubstr("terse.jsonl:1: '"));
  EXPECT_THAT(error.message(), HasSubstr("cannot be scored: position "));
  EXPECT_THAT(error.message(), HasSubstr("a logit is infinite or not a number"));
  EXPECT_THAT(error.hint(), HasSubstr("the student's weights hold NaN"));
}

}  // namespace
}  // namespace rsr
