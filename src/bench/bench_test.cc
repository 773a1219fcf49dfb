// Measuring is exact where it counts (operations, answers) and only plausible in its speeds.
#include "rsr/bench.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "bench/engine_rate.h"
#include "bench/product_rate.h"
#include "engine/llama/tiny_model.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

class BenchTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = fmt::format("{}rsr-bench-{}.gguf", testing::TempDir(), getpid());
    WriteTinyModel("llama", path_);
    DropTensors(path_, [](std::string_view name) { return name.ends_with("scale"); });
  }
  void TearDown() override { std::filesystem::remove(path_); }
  BenchOptions Options() const { return {.student = {.path = path_}, .threads = 2}; }

  std::string path_;
};

TEST(GflopPerToken, CountsProductsAttentionAndOutputLayer) {
  DecoderConfig config;
  config.layers = 2, config.width = 3, config.heads = 2, config.kv_heads = 1;
  config.head_width = 5, config.feed_forward = 7, config.vocab = 11;
  // Queries and output 3 x 10 each, keys and values 3 x 5 each, feed-forward three times 3 x 7;
  // a token of three sees (1 + 2 + 3) / 3 = 2: q k and p v of width 10 each; output 3 x 11.
  const double layer = 2 * (30 + 30 + 15 + 15 + 3 * 21) + 2 * (2 * 10 + 2 * 10);
  EXPECT_DOUBLE_EQ(GflopPerToken(config, 3).layers, 1e-9 * 2 * layer);
  EXPECT_DOUBLE_EQ(GflopPerToken(config, 3).head, 1e-9 * 2 * 33);
}

TEST(LeastSeconds, TakesTheBestProductOfEachPrecision) {
  const std::vector<BenchProduct> products = {{.precision = "f32", .all_cores = 10},
                                              {.precision = "f32", .all_cores = 20},
                                              {.precision = "bf16", .all_cores = 40}};
  const TokenGflop token{.layers = 6, .head = 2};
  EXPECT_DOUBLE_EQ(LeastSeconds(token, "f32", products, 2), 6.0 / 10 + 2.0 / 10);
  EXPECT_DOUBLE_EQ(LeastSeconds(token, "bf16", products, 2), 6.0 / 20 + 2.0 / 10);
}

TEST_F(BenchTest, MeasuresTheLengthsAskedFor) {
  BenchOptions options = Options();
  options.lengths = {16, 64};
  options.seconds = 0;  // does not matter then
  std::vector<std::string> steps;
  options.on_step = [&](const std::string& what) { steps.push_back(what); };
  const BenchReport report = Bench(options);
  EXPECT_EQ(report.engine, "native");
  EXPECT_EQ(report.threads, 2);
  EXPECT_THAT(steps, testing::Contains("measuring 64 tokens, body alone"));
  // width 64, 4 heads of 16, 2 KV heads, feed-forward 96: 64 x 64 thrice, 64 x 96, 96 x 64; in
  // float32 and in bf16.
  ASSERT_EQ(report.products.size(), 6u);
  EXPECT_EQ(report.products[0].precision, "f32");
  EXPECT_EQ(report.products[3].precision, "bf16");
  for (const BenchProduct& product : report.products) {
    EXPECT_GT(product.one_core, 0);
    EXPECT_GT(product.all_cores, 0);
  }
  ASSERT_EQ(report.rates.size(), 3u);
  EXPECT_EQ(report.rates[0].length, 200);
  EXPECT_GT(report.rates[0].in_pack, 1);
  EXPECT_EQ(report.rates[1].length, 16);
  EXPECT_EQ(report.rates[2].length, 64);
  for (const BenchRate& rate : report.rates) {
    EXPECT_TRUE(rate.measured);
    EXPECT_GT(rate.tokens_per_second, 0);
    EXPECT_GT(rate.gflops_per_core, 0);
    EXPECT_GT(rate.peak_rss_bytes, 0);
  }
  EXPECT_GT(report.rates[2].body_tokens_per_second, 0);
  EXPECT_NEAR(BenchHours(report, 1000), 64e3 / report.rates[2].tokens_per_second / 3600, 1e-12);
}

TEST_F(BenchTest, EstimatesWhatTakesTooLong) {
  BenchOptions options = Options();
  options.seconds = 0;
  const BenchReport report = Bench(options);
  ASSERT_EQ(report.rates.size(), 3u);  // a pack, 128 and 512: the student's context
  EXPECT_TRUE(report.rates[0].measured);
  EXPECT_FALSE(report.rates[1].measured);
  EXPECT_EQ(report.rates[2].length, 512);
  EXPECT_NEAR(report.rates[2].tokens_per_second * report.rates[2].gflop_per_token,
              report.rates[0].tokens_per_second * report.rates[0].gflop_per_token, 1e-9);
}

TEST_F(BenchTest, TheLlamaEngineHasNoPacks) {
  BenchOptions options = Options();
  options.student.engine = EngineChoice::kLlama;
  options.lengths = {16};
  const BenchReport report = Bench(options);
  EXPECT_EQ(report.engine, "llama");
  ASSERT_EQ(report.rates.size(), 1u);
  EXPECT_GT(report.rates[0].tokens_per_second, 0);
}

TEST_F(BenchTest, RefusesLengthsTheStudentCannotTake) {
  BenchOptions options = Options();
  options.lengths = {kTinyContext + 1};
  try {
    Bench(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("a length of 513 tokens"));
    EXPECT_THAT(error.message(), HasSubstr("2 to 512"));
  }
}

// Every worker gives other numbers.
class WrongEngine : public Engine {
 public:
  explicit WrongEngine(float step) : step_(step) {}
  std::unique_ptr<EngineWorker> NewWorker() override { return std::make_unique<Worker>(*this); }
  OutputHead head() const override { return {}; }
  const EngineInfo& info() const override { return info_; }

 private:
  struct Worker : EngineWorker {
    explicit Worker(WrongEngine& engine) : surprisal(engine.next_.fetch_add(1) * engine.step_) {}
    void Score(std::span<const ScoreRequest> pack) override {
      for (const ScoreRequest& request : pack) {
        std::fill_n(request.out, request.positions.size(),
                    TokenStats{.surprisal = surprisal, .rank = 1});
      }
    }
    void Hidden(std::span<const int32_t>, std::span<const int32_t>, float*) override {}
    const float surprisal;
  };

  const float step_;
  std::atomic<int> next_ = 0;
  EngineInfo info_;
};

TEST(MeasureEngine, FindsWorkersThatDiffer) {
  WrongEngine differs(1e-6f), nan(NAN), good(0);
  const EngineTask task{.length = 8};
  EXPECT_THROW(MeasureEngine(differs, 10, 2, task), Error);
  EXPECT_THROW(MeasureEngine(nan, 10, 1, task), Error);
  EXPECT_EQ(MeasureEngine(good, 10, 2, task).tokens, 16);
}

}  // namespace
}  // namespace rsr
