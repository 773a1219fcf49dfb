#include "kernels/cpu/cpu_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <dnnl.hpp>
#include <mutex>
#include <vector>

#include "base/nearest.h"
#include "hwy/highway.h"
#include "kernels/cpu/reduce_tile.h"
#include "kernels/vocab_sweep.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// Best first.
const std::vector<int64_t>& Targets() {
  static const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  return targets;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const int64_t target : Targets()) names.push_back(hwy::TargetName(target));
  return names;
}

// oneDNN's products follow, so that a level gives the same bits on every machine that has it.
void LimitOneDnn(const std::string& name) {
  dnnl::cpu_isa isa = dnnl::cpu_isa::sse41;  // the least it knows
  if (name == "AVX2") isa = dnnl::cpu_isa::avx2;
  if (name == "AVX3") isa = dnnl::cpu_isa::avx512_core;
  if (dnnl::set_max_cpu_isa(isa) == dnnl::status::success) return;
  throw Error(
      fmt::format("RSR_CPU={}: oneDNN is already in use in this process at another level", name),
      "unset RSR_CPU, or have this process use rsr before it uses oneDNN");
}

}  // namespace

void ForceCpuLevel(const std::string& name) {
  const std::vector<std::string> names = Names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error(
        fmt::format("RSR_CPU={}: not an instruction set level of this machine, which has {}", name,
                    fmt::join(names, ", ")),
        NearestHint(name, names));
  }
  hwy::GetChosenTarget().Update(Targets()[found - names.begin()]);
}

void InitCpuLevel() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* name = std::getenv("RSR_CPU");
    if (!name || !*name) return ForceCpuLevel(Names().front());
    ForceCpuLevel(name);
    LimitOneDnn(name);
  });
}

std::span<const char* const> SupportedCpuLevels() {
  static const std::vector<const char*> names = [] {
    std::vector<const char*> result;
    for (const int64_t target : Targets()) result.push_back(hwy::TargetName(target));
    return result;
  }();
  return names;
}

bool HasBf16Products() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") > 0;
#else
  return false;
#endif
}

const char* CpuLevel() {
  InitCpuLevel();
  return hwy::TargetName(CompiledTarget());
}

}  // namespace rsr
