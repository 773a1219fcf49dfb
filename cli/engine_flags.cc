#include "cli/engine_flags.h"

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
  app.add_option("--memory", flags.memory,
                 "what the process may take, as 8G or 500M; a larger student is unpacked layer by "
                 "layer (default: what the machine has free, less a reserve)")
      ->type_name("SIZE");
}

}  // namespace rsr::cli
