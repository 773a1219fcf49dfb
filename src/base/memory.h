// How much memory this process has taken, and may take without swapping or being killed.
#pragma once

#include <cstdint>
#include <string>

namespace rsr {

// Bytes: what the kernel calls available, and no more than the control groups of this process still
// allow (containers). `root` stands before /proc and /sys, for tests. INT64_MAX where neither is
// told.
int64_t AvailableMemoryBytes(const std::string& root = "");

// What this process holds now, in bytes (resident set: touched pages, those of mapped files too).
int64_t RssBytes();

// The most this process has held at once, in bytes (resident set).
int64_t PeakRssBytes();

}  // namespace rsr
