#include "cli/engine_flags.h"

#include <fmt/format.h>

#include <limits>

#include "cli/format.h"
#include "cli/usage.h"

namespace rsr::cli {

void EngineFlags::Apply(StudentOptions* student) const {
  student->precision = ParseChoice<Precision>("--precision", precision,
                                              {{"auto", Precision::kAuto},
                                               {"f32", Precision::kF32},
                                               {"bf16", Precision::kBf16},
                                               {"native", Precision::kNative}});
  if (!memory.empty()) student->memory = ParseBytes("--memory", memory);
  student->engine = ParseChoice<EngineChoice>("--engine", engine,
                                              {{"auto", EngineChoice::kAuto},
                                               {"native", EngineChoice::kNative},
                                               {"llama", EngineChoice::kLlama}});
}

void AddEngineFlags(CLI::App& app, EngineFlags& flags) {
  app.add_option("--engine", flags.engine, "auto, native or llama")
      ->type_name("E")
      ->capture_default_str();
  app.add_option("--precision", flags.precision, "auto, f32, bf16 or native")
      ->type_name("P")
      ->capture_default_str();
  AddMemory(app, flags.memory);
}

void AddMemory(CLI::App& app, std::string& memory) {
  app.add_option("--memory", memory,
                 "what the process may take, as 8G or 500M; a larger student is unpacked layer by "
                 "layer (default: what the machine has free, less a reserve)")
      ->type_name("SIZE");
}

std::string PlanLine(const MemoryPlan& plan) {
  const bool limited = plan.limit < std::numeric_limits<int64_t>::max();
  return fmt::format(
      "memory: {} for weights ({}), {} for {} with rows of up to {} tokens, {} for the rest: {}{}",
      Gigabytes(plan.weights), plan.layer_by_layer ? "a layer at a time" : "all unpacked",
      Gigabytes(plan.activations), Plural(plan.workers, "worker"), Thousands(plan.longest_row),
      Gigabytes(plan.rest), Gigabytes(plan.total()),
      limited ? fmt::format(" of {}", Gigabytes(plan.limit)) : "");
}

}  // namespace rsr::cli
