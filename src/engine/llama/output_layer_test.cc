#include "engine/llama/output_layer.h"

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "engine/llama/output_check.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kWidth = 32, kVocab = 12, kRows = 3;

// A graph norm -> ... -> logits of the test's making, computed by ggml.
class OutputLayerTest : public testing::Test {
 protected:
  using Build = std::function<ggml_tensor*(ggml_context*, ggml_tensor* norm)>;

  void SetUp() override {
    // Weights lie in a buffer of their own, as a model's do.
    weights_.reset(ggml_init({8 * ggml_tensor_overhead(), nullptr, true}));
    matrix_ = ggml_new_tensor_2d(weights_.get(), GGML_TYPE_F32, kWidth, kVocab);
    half_ = ggml_new_tensor_2d(weights_.get(), GGML_TYPE_F16, kWidth, kVocab);
    bias_ = ggml_new_tensor_1d(weights_.get(), GGML_TYPE_F32, kVocab);
    buffer_.reset(
        ggml_backend_alloc_ctx_tensors_from_buft(weights_.get(), ggml_backend_cpu_buffer_type()));
    for (ggml_tensor* tensor : {matrix_, bias_}) {
      auto* values = static_cast<float*>(tensor->data);
      for (int64_t i = 0; i < ggml_nelements(tensor); ++i) values[i] = std::sin(0.7f * float(i));
    }
    ggml_fp32_to_fp16_row(static_cast<const float*>(matrix_->data),
                          static_cast<ggml_fp16_t*>(half_->data), kWidth * kVocab);
  }

  // Runs the graph and reads the layer from the operations after the norm.
  OutputLayer Read(const Build& build) {
    work_.reset(ggml_init({size_t{1} << 20, nullptr, false}));
    ggml_tensor* norm = ggml_new_tensor_2d(work_.get(), GGML_TYPE_F32, kWidth, kRows);
    auto* values = static_cast<float*>(norm->data);
    for (int64_t i = 0; i < kWidth * kRows; ++i) values[i] = std::cos(0.3f * float(i));
    hidden_.assign(values, values + kWidth * kRows);
    ggml_tensor* logits = build(work_.get(), norm);
    ggml_cgraph* graph = ggml_new_graph(work_.get());
    ggml_build_forward_expand(graph, logits);
    ggml_graph_compute_with_ctx(work_.get(), graph, 1);
    const auto* out = static_cast<const float*>(logits->data);
    logits_.assign(out, out + ggml_nelements(logits));
    std::vector<const ggml_tensor*> nodes;
    for (int i = 0; i < ggml_graph_n_nodes(graph); ++i) nodes.push_back(ggml_graph_node(graph, i));
    return ReadOutputLayer(norm, nodes, "test");
  }

  void ExpectAgreement(const Build& build) {
    const OutputLayer layer = Read(build);
    CheckOutputLayer(GgmlOutputMatrix(layer.weight), layer, hidden_, logits_, "test");
  }
  void ExpectRefusal(const Build& build, const char* what) {
    try {
      Read(build);
      FAIL() << "not refused: " << what;
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("architecture 'test' does more"));
      EXPECT_THAT(error.message(), HasSubstr(what));
    }
  }

  struct Free {
    void operator()(ggml_context* context) const { ggml_free(context); }
    void operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }
  };
  std::unique_ptr<ggml_context, Free> weights_, work_;
  std::unique_ptr<ggml_backend_buffer, Free> buffer_;
  ggml_tensor *matrix_ = nullptr, *half_ = nullptr, *bias_ = nullptr;
  std::vector<float> hidden_, logits_;
};

TEST_F(OutputLayerTest, ReadsEveryKnownForm) {
  ExpectAgreement([&](auto* c, auto* h) { return ggml_mul_mat(c, matrix_, h); });
  ExpectAgreement([&](auto* c, auto* h) {  // Granite
    return ggml_scale(c, ggml_mul_mat(c, matrix_, h), 1 / 4.0f);
  });
  ExpectAgreement([&](auto* c, auto* h) {  // MiniCPM 3
    return ggml_mul_mat(c, matrix_, ggml_scale(c, h, 0.5f));
  });
  ExpectAgreement([&](auto* c, auto* h) {  // Phi 2
    return ggml_add(c, ggml_mul_mat(c, matrix_, h), bias_);
  });
  ExpectAgreement([&](auto* c, auto* h) {  // Gemma 2
    auto* capped = ggml_tanh(c, ggml_scale(c, ggml_mul_mat(c, matrix_, h), 1 / 5.0f));
    return ggml_scale(c, capped, 5);
  });
  ExpectAgreement([&](auto* c, auto* h) {  // Grok: a scale besides the cap
    auto* scaled = ggml_scale(c, ggml_mul_mat(c, matrix_, h), 0.57f);
    return ggml_scale(c, ggml_tanh(c, ggml_scale(c, scaled, 1 / 5.0f)), 5);
  });
}

TEST_F(OutputLayerTest, TransformHasTheGraphsNumbers) {
  const OutputLayer layer = Read([&](auto* c, auto* h) {
    auto* scaled = ggml_scale(c, ggml_mul_mat(c, matrix_, h), 0.5f);
    return ggml_scale(c, ggml_tanh(c, ggml_scale(c, scaled, 0.125f)), 8);
  });
  EXPECT_EQ(layer.weight, matrix_);
  EXPECT_EQ(layer.transform.scale, 0.5f);
  EXPECT_EQ(layer.transform.soft_cap, 8);
  EXPECT_EQ(layer.transform.bias, nullptr);
}

TEST_F(OutputLayerTest, RefusesTheRestByName) {
  ExpectRefusal([&](auto* c, auto* h) { return ggml_scale(c, h, 2); }, "no output matrix");
  ExpectRefusal([&](auto* c, auto* h) { return ggml_relu(c, ggml_mul_mat(c, matrix_, h)); },
                "RELU");
  ExpectRefusal([&](auto* c, auto* h) { return ggml_mul_mat(c, matrix_, ggml_tanh(c, h)); },
                "TANH");
  ExpectRefusal(
      [&](auto* c, auto* h) {
        return ggml_scale(c, ggml_add(c, ggml_mul_mat(c, matrix_, h), bias_), 2);
      },
      "a scale after the bias");
  ExpectRefusal([&](auto* c, auto* h) { return ggml_mul_mat(c, ggml_dup(c, matrix_), h); },
                "MUL_MAT");  // a matrix that is computed
  ExpectRefusal(
      [&](auto* c, auto* h) { return ggml_reshape_1d(c, ggml_mul_mat(c, matrix_, h), 36); },
      "RESHAPE");
}

TEST_F(OutputLayerTest, CheckFindsAWrongTransform) {
  OutputLayer layer =
      Read([&](auto* c, auto* h) { return ggml_scale(c, ggml_mul_mat(c, matrix_, h), 1 / 4.0f); });
  const GgmlOutputMatrix matrix(layer.weight);
  layer.transform.scale = 4;  // Granite's key taken the wrong way round
  EXPECT_THROW(CheckOutputLayer(matrix, layer, hidden_, logits_, "test"), Error);
  layer.transform.scale = 0.25f;
  CheckOutputLayer(matrix, layer, hidden_, logits_, "test");
  hidden_[5] = NAN;
  EXPECT_THROW(CheckOutputLayer(matrix, layer, hidden_, logits_, "test"), Error);
}

TEST_F(OutputLayerTest, MatrixReadsAnyRows) {
  const GgmlOutputMatrix full(matrix_), half(half_);
  EXPECT_EQ(full.vocab(), kVocab);
  EXPECT_EQ(full.width(), kWidth);
  EXPECT_EQ(full.resident(), matrix_->data);
  EXPECT_EQ(half.resident(), nullptr);
  const auto* expected = static_cast<const float*>(matrix_->data);
  std::vector<float> rows(2 * kWidth);
  full.ReadRows(3, 2, rows.data());
  EXPECT_EQ(std::memcmp(rows.data(), expected + 3 * kWidth, rows.size() * sizeof(float)), 0);
  half.ReadRows(kVocab - 2, 2, rows.data());
  for (size_t i = 0; i < rows.size(); ++i) {
    const float value = expected[(kVocab - 2) * kWidth + static_cast<int64_t>(i)];
    EXPECT_EQ(rows[i], ggml_fp16_to_fp32(ggml_fp32_to_fp16(value)));
  }
}

}  // namespace
}  // namespace rsr
