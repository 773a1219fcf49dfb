// Failures as rsr::Error. No Arrow status or exception leaves src/store.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>
#include <utility>

namespace rsr {

// "PATH: cannot be written: REASON" for an errno, with a hint that fits a full disk.
[[noreturn]] void ThrowUnwritable(const std::string& path, int error);

// "PATH: is damaged: REASON" with `hint`.
[[noreturn]] void ThrowDamaged(const std::string& path, const std::string& reason,
                               const std::string& hint);

// For what cannot fail but by our own mistake or for want of memory.
void CheckInternal(const arrow::Status& status);

template <class T>
T CheckInternal(arrow::Result<T> result) {
  CheckInternal(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace rsr
