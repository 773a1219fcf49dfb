#include "cli/mask_notes.h"

#include <fmt/format.h>

#include "cli/format.h"

namespace rsr::cli {

void AddNotes(const MaskNotes& notes, nlohmann::ordered_json* out) {
  auto& json = *out;
  json["special_tokens_in_content"] = notes.special_tokens_in_content;
  json["turns_excluded"] = notes.turns_excluded;
  json["reasoning_turns_stripped"] = notes.reasoning_turns_stripped;
  json["reasoning_chars_stripped"] = notes.reasoning_chars_stripped;
  json["content_turns_stripped"] = notes.content_turns_stripped;
}

void PrintNotes(const MaskNotes& notes, Printer& printer) {
  if (notes.special_tokens_in_content > 0) {
    printer.Warning(fmt::format("{} in message text, tokenized as special tokens as trainers do",
                                Plural(notes.special_tokens_in_content, "special token")));
  }
  if (notes.turns_excluded > 0) {
    printer.Warning(fmt::format("{} rendered but not scored: train is false, weight 0 or prefilled",
                                Plural(notes.turns_excluded, "assistant turn")));
  }
  if (notes.reasoning_turns_stripped > 0) {
    printer.Warning(fmt::format(
        "the chat template does not print the reasoning of {} ({} characters), so it is not "
        "scored; --thinking keep has it printed where that can be done",
        Plural(notes.reasoning_turns_stripped, "turn"), Thousands(notes.reasoning_chars_stripped)));
  }
  if (notes.content_turns_stripped > 0) {
    printer.Warning(fmt::format("the chat template leaves out the content or the tool calls of {}",
                                Plural(notes.content_turns_stripped, "turn")));
  }
}

}  // namespace rsr::cli
