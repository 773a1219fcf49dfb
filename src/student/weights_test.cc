#include "student/weights.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "rsr/error.h"
#include "student/gguf_file.h"
#include "student/tiny_gguf.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

class WeightsTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-weights-{}.gguf", testing::TempDir(), getpid());
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Weights Open(ggml_type type = GGML_TYPE_Q4_1) {
    WriteTinyGguf(path_, {.type = type});
    const GgufInfo info = ReadGguf(path_);
    std::vector<DecoderTensor> tensors;
    for (const StudentTensor& tensor : info.tensors) tensors.push_back({tensor, tensor.name});
    return Weights(info, std::move(tensors));
  }
  template <typename Call>
  void ExpectError(const Call& call, const char* what) {
    try {
      call();
      ADD_FAILURE() << "no error: " << what;
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr(what));
      EXPECT_THAT(error.message(), HasSubstr(path_));
    }
  }

  std::string path_;
};

TEST_F(WeightsTest, EveryTypeInFloat32) {
  const auto want = TinyValues(0, kTinyVocab * kTinyWidth);
  int types = 0;
  for (int t = 0; t < GGML_TYPE_COUNT; ++t) {
    const auto type = static_cast<ggml_type>(t);
    const auto* traits = ggml_get_type_traits(type);
    // Types with blocks that do not divide the tiny width, or that cannot be written without
    // importance weights, are left out.
    if (traits->to_float == nullptr || traits->blck_size == 0 ||
        kTinyWidth % traits->blck_size != 0 || ggml_quantize_requires_imatrix(type)) {
      continue;
    }
    const Weights weights = Open(type);
    std::vector<float> all(want.size()), some(2 * kTinyWidth);
    weights.ReadRows("token_embd.weight", kTinyVocab, kTinyWidth, 0, kTinyVocab, all.data());
    weights.ReadRows("token_embd.weight", kTinyVocab, kTinyWidth, 7, 2, some.data());
    for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i], all[7 * kTinyWidth + i]);
    // Nearest of ggml's own roundings: a sine in two bits is off by a third at the most.
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(all[i], want[i], 0.6) << traits->type_name;
    ++types;
  }
  EXPECT_GE(types, 9);
}

TEST_F(WeightsTest, ResidentOnlyInFloat32) {
  EXPECT_EQ(Open().Resident("token_embd.weight", kTinyVocab, kTinyWidth), nullptr);
  const Weights weights = Open(GGML_TYPE_F32);
  const float* resident = weights.Resident("token_embd.weight", kTinyVocab, kTinyWidth);
  ASSERT_NE(resident, nullptr);
  EXPECT_EQ(resident[5], TinyValues(0, 6)[5]);
  EXPECT_EQ(weights.ReadVector("output_norm.weight", kTinyWidth), TinyValues(1, kTinyWidth));
}

TEST_F(WeightsTest, NamesWhatIsWrong) {
  const Weights weights = Open();
  std::vector<float> out(kTinyVocab * kTinyWidth);
  ExpectError([&] { weights.ReadVector("blk.7.attn_norm.weight", 64); },
              "has no tensor 'blk.7.attn_norm.weight'");
  ExpectError([&] { weights.ReadVector("output_norm.weight", 65); },
              "'output_norm.weight' has shape [64], expected [65]");
  ExpectError([&] { weights.ReadRows("token_embd.weight", kTinyVocab, 32, 0, 1, out.data()); },
              "has shape [40, 64], expected [40, 32]");
}

}  // namespace
}  // namespace rsr
