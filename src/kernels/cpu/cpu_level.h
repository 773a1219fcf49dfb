// The instruction set level of the kernels: the best one this machine has, or the one RSR_CPU
// names.
#pragma once

#include <string>

namespace rsr {

// Takes RSR_CPU into effect, once per process; every kernel object calls it. Throws rsr::Error for
// a level that does not exist or that this machine does not have.
void InitCpuLevel();

// Reductions run at this level from now on. For tests; not while another thread is in a kernel.
// Throws as above.
void ForceCpuLevel(const std::string& name);

// Whether the processor has products of bf16 pairs (AVX512_BF16); the best level uses them.
bool HasBf16Products();

}  // namespace rsr
