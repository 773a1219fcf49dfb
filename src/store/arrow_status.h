// Arrow's failures as rsr::Error. No Arrow status or exception leaves src/store.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>
#include <utility>

namespace rsr {

// "PATH: cannot be written: REASON", with a hint that fits a full disk.
[[noreturn]] void ThrowUnwritable(const std::string& path, const arrow::Status& status);

// "PATH: is damaged: REASON" with `hint`.
[[noreturn]] void ThrowDamaged(const std::string& path, const std::string& reason,
                               const std::string& hint);

inline void CheckWrite(const arrow::Status& status, const std::string& path) {
  if (!status.ok()) ThrowUnwritable(path, status);
}

template <class T>
T CheckWrite(arrow::Result<T> result, const std::string& path) {
  if (!result.ok()) ThrowUnwritable(path, result.status());
  return std::move(result).ValueUnsafe();
}

// For what cannot fail but by our own mistake or for want of memory.
void CheckInternal(const arrow::Status& status);

template <class T>
T CheckInternal(arrow::Result<T> result) {
  CheckInternal(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace rsr
