// How much memory a run may take without swapping or being killed.
#pragma once

#include <cstdint>
#include <string>

namespace rsr {

// Bytes: what the kernel calls available, and no more than the control groups of this process still
// allow (containers). `root` stands before /proc and /sys, for tests. INT64_MAX where neither is
// told.
int64_t AvailableMemoryBytes(const std::string& root = "");

}  // namespace rsr
