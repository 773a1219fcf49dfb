#include "engine/native/layers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "rsr/error.h"

namespace rsr {
namespace {

NativeLayer Numbered(int64_t layer) { return {.attention_norm = {static_cast<float>(layer)}}; }

class LayersTest : public testing::Test {
 protected:
  static constexpr int64_t kCount = 6;

  NativeLayer Read(int64_t layer) {
    ++reads_;
    if (layer == broken_) throw Error("layer cannot be read");
    return Numbered(layer);
  }
  std::unique_ptr<Layers> Make(bool resident) {
    return std::make_unique<Layers>(kCount, resident,
                                    [this](int64_t layer) { return Read(layer); });
  }
  // A pass that looks at every layer twice, with time for the others to spoil it.
  static void GoThrough(Layers& layers) {
    Layers::Pass pass(layers);
    for (int64_t i = 0; i < kCount; ++i) {
      const NativeLayer& layer = pass.Next();
      for (int look = 0; look < 2; ++look) {
        ASSERT_EQ(layer.attention_norm, std::vector<float>{static_cast<float>(i)});
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    }
  }

  std::atomic<int> reads_ = 0;
  std::atomic<int64_t> broken_ = -1;
};

TEST_F(LayersTest, ResidentOnesAreReadOnce) {
  const auto layers = Make(true);
  layers->AddWorker();
  for (int i = 0; i < 3; ++i) GoThrough(*layers);
  EXPECT_EQ(reads_, kCount);
}

TEST_F(LayersTest, WorkersInStepShareEachLayer) {
  constexpr int kWorkers = 4, kPasses = 5;
  const auto layers = Make(false);
  for (int i = 0; i < kWorkers; ++i) layers->AddWorker();
  std::vector<std::thread> threads;
  for (int i = 0; i < kWorkers; ++i) {
    threads.emplace_back([&, i] {
      // The last passes have fewer workers.
      for (int pass = 0; pass < kPasses + i; ++pass) GoThrough(*layers);
      layers->RemoveWorker();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reads_, (kPasses + kWorkers - 1) * kCount);
}

TEST_F(LayersTest, AWorkerThatDoesNotComeIsNotWaitedForLong) {
  const auto layers = Make(false);
  layers->AddWorker();
  layers->AddWorker();
  GoThrough(*layers);
  GoThrough(*layers);
  EXPECT_EQ(reads_, 2 * kCount);
}

TEST_F(LayersTest, AWorkerThatFailsLeavesTheOthersGoing) {
  const auto layers = Make(false);
  for (int i = 0; i < 3; ++i) layers->AddWorker();
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&] { GoThrough(*layers); });
  threads.emplace_back([&] {
    Layers::Pass pass(*layers);
    pass.Next();
    pass.Next();
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(reads_, kCount);
}

TEST_F(LayersTest, ALayerThatCannotBeReadFailsAllThatWaitForIt) {
  const auto layers = Make(false);
  for (int i = 0; i < 3; ++i) layers->AddWorker();
  broken_ = 2;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Layers::Pass pass(*layers);
      pass.Next();
      pass.Next();
      try {
        pass.Next();
      } catch (const Error&) {
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 3);
  broken_ = -1;
  reads_ = 0;
  for (int i = 0; i < 2; ++i) layers->RemoveWorker();
  GoThrough(*layers);  // and the next pass begins anew
  EXPECT_EQ(reads_, kCount);
}

}  // namespace
}  // namespace rsr
