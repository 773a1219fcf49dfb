#include "student/ggml_log.h"

#include <ggml.h>
#include <gguf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rsr/error.h"

namespace rsr {
namespace {

TEST(GgmlLog, MessagesAreTakenAndNotPrinted) {
  CatchGgmlMessages();
  TakeGgmlMessages();
  testing::internal::CaptureStderr();
  const char bytes[] = "none of it is GGUF, and long enough to be read as a header";
  EXPECT_EQ(gguf_init_from_buffer(bytes, sizeof bytes, {true, nullptr}), nullptr);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(TakeGgmlMessages(), testing::HasSubstr("invalid magic"));
  EXPECT_EQ(TakeGgmlMessages(), "");
}

TEST(GgmlLog, FailedAssertionIsAnError) {
  CatchGgmlMessages();
  try {
    ggml_abort("/somewhere/llama.cpp/ggml/file.c", 7, "GGML_ASSERT(%s) failed", "x > 0");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::kInternal);
    EXPECT_THAT(error.message(),
                testing::HasSubstr("gave up: llama.cpp/ggml/file.c:7: GGML_ASSERT(x > 0) failed"));
  }
}

}  // namespace
}  // namespace rsr
