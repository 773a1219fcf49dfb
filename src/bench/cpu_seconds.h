// The clock of the benchmarks: what else the machine does counts less than on the wall's.
#pragma once

#include <ctime>

namespace rsr {

// Processor time of the calling thread.
inline double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace rsr
