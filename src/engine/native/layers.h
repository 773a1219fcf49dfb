// The layers of a student on their way to all workers: all unpacked at once, or one at a time.
//
// One at a time, the workers march in step: those that begin a pass together share each unpacked
// layer, and the next one takes its place when all have done with it. A pass waits a moment for the
// workers that are still collecting their packs; one that comes later has to wait for the next.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "engine/native/native_layer.h"

namespace rsr {

class Layers {
 public:
  using Read = std::function<NativeLayer(int64_t layer)>;

  // `resident`: all are read here; throws what `read` throws.
  Layers(int64_t count, bool resident, Read read);

  // A worker begins or ceases to exist: whom a pass waits for.
  void AddWorker();
  void RemoveWorker();

  // One worker's way through all layers. Waits in the constructor and in Next().
  class Pass {
   public:
    explicit Pass(Layers& layers);
    Pass(const Pass&) = delete;
    ~Pass();
    // Layer 0, 1, 2 ..., valid until the next call. Throws what reading it threw.
    const NativeLayer& Next();

   private:
    Layers& layers_;
    int64_t next_ = 0;
  };

 private:
  // How long a pass waits for workers that do not come. They come within milliseconds while a run
  // has work for all; a pass takes seconds to minutes.
  static constexpr std::chrono::seconds kPatience{2};

  void Begin();
  const NativeLayer& Wait(int64_t layer);
  void Unpack(int64_t layer, std::unique_lock<std::mutex>* lock);
  void End();

  const int64_t count_;
  const bool resident_;
  const Read read_;
  std::vector<NativeLayer> layers_;  // all, or the one

  // Of layers one at a time.
  std::mutex mutex_;
  std::condition_variable changed_;
  int workers_ = 0, waiting_ = 0;  // that exist, that wait for a pass to begin
  std::chrono::steady_clock::time_point patient_until_;
  int64_t passes_ = 0;             // begun
  int active_ = 0, finished_ = 0;  // workers in this pass, of them done with the layer
  int64_t unpacked_ = -1;          // the layer that is there
  bool unpacking_ = false;
  std::exception_ptr failure_;
};

}  // namespace rsr
