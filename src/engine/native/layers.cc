#include "engine/native/layers.h"

#include <utility>

namespace rsr {

using Clock = std::chrono::steady_clock;

Layers::Layers(int64_t count, bool resident, Read read)
    : count_(count), resident_(resident), read_(std::move(read)), layers_(resident ? 0 : 1) {
  for (int64_t layer = 0; resident && layer < count; ++layer) layers_.push_back(read_(layer));
}

void Layers::AddWorker() {
  const std::lock_guard lock(mutex_);
  ++workers_;
}

void Layers::RemoveWorker() {
  const std::lock_guard lock(mutex_);
  --workers_;
  changed_.notify_all();
}

void Layers::Begin() {
  std::unique_lock lock(mutex_);
  const int64_t before = passes_;
  ++waiting_;
  patient_until_ = Clock::now() + kPatience;
  changed_.notify_all();
  while (passes_ == before) {
    if (active_ > 0) {
      changed_.wait(lock);
    } else if (waiting_ < workers_ && Clock::now() < patient_until_) {
      changed_.wait_until(lock, Clock::time_point(patient_until_));
    } else {
      ++passes_;
      active_ = finished_ = std::exchange(waiting_, 0);
      unpacked_ = -1;
      failure_ = nullptr;
      changed_.notify_all();
    }
  }
}

const NativeLayer& Layers::Wait(int64_t layer) {
  std::unique_lock lock(mutex_);
  if (layer > 0) {
    ++finished_;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] {
    return failure_ || unpacked_ == layer || (finished_ == active_ && !unpacking_);
  });
  if (!failure_ && unpacked_ != layer) Unpack(layer, &lock);
  if (failure_) std::rethrow_exception(failure_);
  return layers_[0];
}

// Nobody uses the layer that is there.
void Layers::Unpack(int64_t layer, std::unique_lock<std::mutex>* lock) {
  unpacking_ = true;
  lock->unlock();
  std::exception_ptr failure;
  try {
    layers_[0] = {};  // its memory first
    layers_[0] = read_(layer);
  } catch (...) {
    failure = std::current_exception();
  }
  lock->lock();
  unpacking_ = false;
  finished_ = 0;
  unpacked_ = layer;
  failure_ = failure;
  changed_.notify_all();
}

void Layers::End() {
  const std::lock_guard lock(mutex_);
  // Those who have just done come back for the next pass in a moment.
  if (--active_ == 0) patient_until_ = Clock::now() + kPatience;
  changed_.notify_all();
}

Layers::Pass::Pass(Layers& layers) : layers_(layers) {
  if (!layers_.resident_) layers_.Begin();
}

Layers::Pass::~Pass() {
  if (!layers_.resident_) layers_.End();
}

const NativeLayer& Layers::Pass::Next() {
  const int64_t layer = next_++;
  return layers_.resident_ ? layers_.layers_[static_cast<size_t>(layer)] : layers_.Wait(layer);
}

}  // namespace rsr
