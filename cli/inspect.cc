// rsr inspect: the scored tokens of one trajectory in the terminal.
#include "rsr/inspect.h"

#include <memory>

#include "cli/command.h"
#include "cli/shared_flags.h"

namespace rsr::cli {

Command AddInspect(CLI::App& root, Context& context) {
  CLI::App* app = root.add_subcommand(
      "inspect", "The tokens of one trajectory, coloured by rank over surprisal");
  auto options = std::make_shared<InspectOptions>();
  AddRun(*app, options->run);
  app->add_option("--id", options->id, "which trajectory (default: the first)")->type_name("ID");
  app->add_flag("--tokens", options->table, "one line a token with its numbers");
  options->color = false;
  app->add_flag("--color", options->color, "colour into a pipe, too");
  AddQuiet(*app, context.printer);
  app->footer(
      "Examples:\n"
      "  rsr inspect runs/math\n"
      "  rsr inspect runs/math --id math-17-r1 --tokens\n"
      "  rsr inspect runs/math --color | less -R");
  return {app, [options, &context] {
            options->color |= context.printer.color_out();
            context.printer.Out(Inspect(*options));
            return kDone;
          }};
}

}  // namespace rsr::cli
