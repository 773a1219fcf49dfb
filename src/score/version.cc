#include "rsr/version.h"

#include <fmt/format.h>
#include <ggml.h>

#include "kernels/vocab_sweep.h"

namespace rsr {

std::string VersionDetails() {
  return fmt::format("rsr {}\nkernels at {} (this CPU runs {})\nggml {}\n", kVersion, CpuLevel(),
                     fmt::join(SupportedCpuLevels(), ", "), ggml_version());
}

}  // namespace rsr
