// rsr info: what a run or a model file holds.
#include <memory>

#include "cli/command.h"
#include "cli/shared_flags.h"
#include "rsr/inspect.h"

namespace rsr::cli {

Command AddInfo(CLI::App& root, Context& context) {
  struct Flags {
    std::string path;
    TableFlags table;
  };
  CLI::App* app = root.add_subcommand("info", "What a run directory or a student holds");
  auto flags = std::make_shared<Flags>();
  app->add_option(
         "PATH", flags->path,
         "a run directory, a GGUF file, a Hugging Face directory, or org/name in its cache")
      ->type_name("")
      ->required();
  AddTableFlags(*app, flags->table);
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr info student.gguf\n"
      "  rsr info HuggingFaceTB/SmolLM2-135M-Instruct\n"
      "  rsr info runs/math --json");
  return {app, [flags, &context] {
            const TableFormat format = flags->table.Format();
            context.printer.Out(FormatTable(Info(flags->path), format));
            return kDone;
          }};
}

}  // namespace rsr::cli
