// Passes over a run of a tiny student, against plain forward passes over sequences made here.
#include "rsr/extend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "engine/open_engine.h"
#include "kernels/head_gradient.h"
#include "rsr/error.h"
#include "store/run.h"
#include "text/mask.h"

namespace rsr {
namespace {

using testing::HasSubstr;

constexpr char kRows[] =
    R"({"id": "one", "messages": [{"role": "user", "content": "What is 2 + 3?"}, )"
    R"({"role": "assistant", "content": "Two and three. We add them up. )"
    R"(That gives five.\nSo the answer is 5."}]})"
    "\n"
    R"({"id": "two", "messages": [{"role": "system", "content": "Be brief."}, )"
    R"({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello. How are you?"}, )"
    R"({"role": "user", "content": "Well."}, {"role": "assistant", "content": )"
    R"("Good to hear. Let us begin. What is the task?"}]})"
    "\n"
    R"({"id": "three", "messages": [{"role": "user", "content": "Say it."}, )"
    R"({"role": "assistant", "content": "It"}]})"
    "\n";

class ExtendTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = testing::TempDir() + "rsr-extend-" + std::to_string(getpid());
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    WriteFileAtomic(dir_ + "/a.jsonl", kRows);
    student_.path = std::string(RSR_SOURCE_DIR) + "/tests/golden/families/llama.gguf";
    Score({.student = student_,
           .input = {.files = {dir_ + "/a.jsonl"}},
           .out = run_(),
           .threads = 2});
    text_ = TextSide::Open(student_);
    engine_ = OpenEngine({.student = student_}).engine;
    worker_ = engine_->NewWorker();
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string run_() const { return dir_ + "/run"; }

  std::vector<PassSummary> Add(const std::string& pass) {
    return Extend({.run = run_(), .passes = {pass}, .threads = 2});
  }
  std::string ErrorOf(const std::string& pass) {
    try {
      Add(pass);
    } catch (const Error& error) {
      return error.message() + " | " + error.hint();
    }
    return "";
  }

  static std::map<std::string, RunRow> Rows(const std::string& dir) {
    std::map<std::string, RunRow> rows;
    RunReader::Open(dir)->ForEach(RunReader::kAll, [&](const RunRow& row) {
      EXPECT_TRUE(rows.emplace(row.id, row).second) << row.id << " twice";
    });
    return rows;
  }
  std::map<std::string, RunRow> PassRows(const std::string& pass) const {
    return Rows(PassPath(run_(), pass));
  }

  // The conversation's tokens by the stored row alone: what is rendered is known.
  std::vector<int32_t> Ids(const std::string& id) const {
    const std::map<std::string, std::vector<std::pair<const char*, std::string>>> chats = {
        {"one",
         {{"user", "What is 2 + 3?"},
          {"assistant", "Two and three. We add them up. That gives five.\nSo the answer is 5."}}},
        {"two",
         {{"system", "Be brief."},
          {"user", "Hi"},
          {"assistant", "Hello. How are you?"},
          {"user", "Well."},
          {"assistant", "Good to hear. Let us begin. What is the task?"}}},
        {"three", {{"user", "Say it."}, {"assistant", "It"}}}};
    Trajectory trajectory;
    for (const auto& [role, content] : chats.at(id)) {
      Message message;
      message.role = std::string(role) == "user"     ? Role::kUser
                     : std::string(role) == "system" ? Role::kSystem
                                                     : Role::kAssistant;
      message.content = content;
      trajectory.messages.push_back(message);
    }
    return text_->Tokenize(trajectory).ids;
  }

  // -ln p of the last `count` tokens.
  std::vector<float> Surprisals(const std::vector<int32_t>& ids, size_t count) {
    std::vector<int32_t> positions;
    for (size_t i = ids.size() - count; i < ids.size(); ++i) {
      positions.push_back(static_cast<int32_t>(i));
    }
    std::vector<TokenStats> stats(count);
    worker_->Score(ids, positions, stats.data());
    std::vector<float> surprisals;
    for (const TokenStats& s : stats) surprisals.push_back(s.surprisal);
    return surprisals;
  }

  std::string dir_;
  StudentOptions student_;
  std::unique_ptr<TextSide> text_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EngineWorker> worker_;
};

// The header in front of the first scored token: from its opening token on.
std::vector<int32_t> HeaderOf(const std::vector<int32_t>& ids, int32_t answer,
                              const TextSide& text) {
  int32_t begin = answer - 1;
  while (text.Piece(ids[begin]) != "<|im_start|>") --begin;
  return {ids.begin() + begin, ids.begin() + answer};
}

TEST_F(ExtendTest, IfdIsTwoPlainForwardPasses) {
  const auto summary = Add("ifd");
  EXPECT_EQ(summary.at(0).rows, 3);
  const auto given = Rows(run_()), alone = PassRows("ifd");
  ASSERT_EQ(alone.size(), 3u);
  for (const auto& [id, row] : given) {
    const std::vector<int32_t> ids = Ids(id);
    std::vector<int32_t> sequence = HeaderOf(ids, row.tokens.position[0], *text_);
    EXPECT_EQ(text_->Piece(sequence[0]), "<|im_start|>");
    for (const int32_t position : row.tokens.position) sequence.push_back(ids[position]);
    const PassColumns& pass = alone.at(id).pass;
    EXPECT_EQ(pass.alone_surprisal, Surprisals(sequence, row.tokens.size())) << id;
    double sum = 0;
    for (const float s : pass.alone_surprisal) sum += s;
    EXPECT_DOUBLE_EQ(pass.sum_alone_surprisal, sum);
    EXPECT_NE(pass.alone_surprisal, row.tokens.surprisal) << id;
  }
}

TEST_F(ExtendTest, AWindowLongerThanTheTrajectoryGivesTheRunsBits) {
  Add("local_surprisal:k=100");
  const auto global = Rows(run_()), local = PassRows("local_surprisal");
  ASSERT_EQ(local.size(), 3u);
  for (const auto& [id, row] : global) {
    EXPECT_EQ(local.at(id).pass.local_surprisal, row.tokens.surprisal) << id;
  }
  EXPECT_EQ(local.at("one").pass.steps, 4);
  EXPECT_EQ(local.at("two").pass.steps, 5);
  EXPECT_EQ(local.at("three").pass.steps, 1);
}

// The sequences of each step, written down again.
TEST_F(ExtendTest, EachStepSeesItsWindow) {
  for (const int k : {0, 1, 2}) {
    for (const std::string prompt : {"keep", "drop"}) {
      std::filesystem::remove_all(PassPath(run_(), "local_surprisal"));
      Add("local_surprisal:k=" + std::to_string(k) + ",prompt=" + prompt);
      const auto local = PassRows("local_surprisal");
      for (const auto& [id, row] : Rows(run_())) {
        const std::vector<int32_t> ids = Ids(id), &positions = row.tokens.position;
        const PassColumns& pass = local.at(id).pass;
        std::vector<int32_t> front(ids.begin(), ids.begin() + positions[0]);
        if (prompt == "drop") front = HeaderOf(ids, positions[0], *text_);
        double step_means = 0;
        for (size_t first = 0, last; first < positions.size(); first = last) {
          for (last = first; last < positions.size() && pass.step[last] == pass.step[first];)
            ++last;
          // Back over the steps before; a step begins behind the scored token in front of it.
          size_t begin = first;
          while (begin > 0 && pass.step[begin - 1] >= pass.step[first] - k) --begin;
          const int32_t from = begin == 0 ? positions[0] : positions[begin - 1] + 1;
          std::vector<int32_t> window = front;
          window.insert(window.end(), ids.begin() + from, ids.begin() + positions[last - 1] + 1);
          const std::vector<float> want = Surprisals(window, last - first);
          const std::vector<float> got(pass.local_surprisal.begin() + static_cast<int64_t>(first),
                                       pass.local_surprisal.begin() + static_cast<int64_t>(last));
          EXPECT_EQ(got, want) << id << " k " << k << " step " << pass.step[first];
          double sum = 0;
          for (const float s : want) sum += s;
          step_means += sum / static_cast<double>(want.size()) / pass.steps;
        }
        EXPECT_DOUBLE_EQ(pass.mean_step_surprisal, step_means);
      }
    }
  }
}

TEST_F(ExtendTest, GradientsAreThoseOfTheReference) {
  Add("gradients:dims=64,seed=3");
  const OutputHead head = engine_->head();
  for (const auto& [id, row] : PassRows("gradients")) {
    const std::vector<int32_t> ids = Ids(id), positions = Rows(run_()).at(id).tokens.position;
    std::vector<float> hidden(positions.size() * static_cast<size_t>(head.matrix->width()));
    worker_->Hidden(ids, positions, hidden.data());
    std::vector<int32_t> targets;
    for (const int32_t position : positions) targets.push_back(ids[position]);
    const HeadGradient want =
        Summarise(ReferenceHeadGradient(*head.matrix, head.transform, hidden.data(), targets),
                  head.matrix->width(), {.sketch_size = 64, .seed = 3});
    EXPECT_NEAR(row.pass.gnorm_head, want.weight_norm, 1e-5 * want.weight_norm);
    EXPECT_NEAR(row.pass.gnorm_hidden, want.hidden_norm, 1e-5 * want.hidden_norm);
    ASSERT_EQ(row.pass.projection.size(), 64u);
    for (size_t i = 0; i < 64; ++i) {
      EXPECT_NEAR(row.pass.projection[i], want.sketch[i], 1e-5 * want.weight_norm);
    }
  }
}

TEST_F(ExtendTest, PlansTheMemoryOfThePasses) {
  int64_t longest = 0;
  for (const auto& [id, row] : Rows(run_())) {
    longest = std::max<int64_t>(longest, row.prompt_tokens + row.scored_tokens);
  }
  const auto plan_of = [&](const std::vector<std::string>& passes) {
    MemoryPlan plan;
    Extend({.run = run_(), .passes = passes, .threads = 2, .on_plan = [&](const MemoryPlan& p) {
              plan = p;
            }});
    return plan;
  };
  const MemoryPlan ifd = plan_of({"ifd"});
  EXPECT_EQ(ifd.longest_row, longest);
  EXPECT_EQ(ifd.workers, 2);
  const int64_t width = engine_->head().matrix->width();
  const int64_t states = longest * (width + 1) * 4;
  for (const auto& passes : {std::vector<std::string>{"gradients:dims=32768"},
                             {"gradients:dims=32768", "local_surprisal"}}) {
    EXPECT_EQ(plan_of(passes).activations - ifd.activations,
              2 * (states + HeadGradientBytes(width, longest, 32768)));
  }
  try {
    Extend({.run = run_(), .passes = {"gradients"}, .memory = 5'000'000});
    FAIL() << "extended";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("5 MB of memory are too few for this student"));
    EXPECT_THAT(error.hint(), HasSubstr("give it --memory "));
  }
}

TEST_F(ExtendTest, AStoppedPassGoesOn) {
  int polls = 0;
  const ExtendOptions stopping{
      .run = run_(), .passes = {"ifd", "gradients"}, .threads = 1, .stop = [&] {
        return ++polls > 5;
      }};
  const auto stopped = Extend(stopping);
  ASSERT_EQ(stopped.size(), 1u);  // the second was not begun
  EXPECT_TRUE(stopped[0].stopped);
  EXPECT_LT(stopped[0].rows, 3);
  EXPECT_FALSE(RunReader::Open(PassPath(run_(), "ifd"))->info().complete);
  const auto rest = Add("ifd");
  EXPECT_EQ(rest[0].rows_before, stopped[0].rows);
  EXPECT_EQ(rest[0].rows, 3 - stopped[0].rows);
  EXPECT_TRUE(RunReader::Open(PassPath(run_(), "ifd"))->info().complete);
  const auto parts = PassRows("ifd");
  std::filesystem::remove_all(PassPath(run_(), "ifd"));
  Add("ifd");
  for (const auto& [id, row] : PassRows("ifd")) {
    EXPECT_EQ(parts.at(id).pass.alone_surprisal, row.pass.alone_surprisal);
  }
  EXPECT_EQ(Add("ifd")[0].rows, 0);
}

TEST_F(ExtendTest, RefusesWhatIsNotTheRuns) {
  Add("local_surprisal:k=1");
  EXPECT_THAT(ErrorOf("local_surprisal:k=2"), HasSubstr("made with other options"));
  EXPECT_THAT(ErrorOf("nothing"), HasSubstr("unknown pass"));
  ExtendOptions other{.run = run_(), .passes = {"ifd"}};
  other.student = std::string(RSR_SOURCE_DIR) + "/tests/golden/families/qwen2.gguf";
  EXPECT_THROW(Extend(other), Error);
  std::string changed = kRows;
  changed[changed.find("2 + 3")] = '4';
  WriteFileAtomic(dir_ + "/a.jsonl", changed);
  EXPECT_THAT(ErrorOf("ifd"), HasSubstr("has changed since it was scored"));
  std::filesystem::remove(dir_ + "/a.jsonl");
  EXPECT_THAT(ErrorOf("ifd"), HasSubstr("is missing"));
}

}  // namespace
}  // namespace rsr
