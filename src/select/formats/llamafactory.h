// LLaMA-Factory: the `sharegpt` form of its data files.
//
// Its `openai` form, though it has OpenAI's names, is of no use (0.9.5): it writes "detailed
// thinking off" into every system prompt without tools, drops the text beside tool calls and leaves
// the arguments of a call quoted twice.
#pragma once

#include <string>

#include "select/formats/chat_json.h"

namespace rsr {

// {"conversations": [{"from", "value"}], "system", "tools"}: reasoning as a <think> block in front
// of the text, tool calls as the JSON list LLaMA-Factory formats for each model. Messages behind
// the last assistant's, which nothing is trained on, are left out. Throws Unfit where LLaMA-Factory
// would drop the row: roles that do not alternate, a system message inside; and for excluded turns.
Json LlamaFactoryRow(const Trajectory& chat, bool last_only);

// dataset_info.json: the data set `name` in `file`.
std::string LlamaFactoryInfo(const std::string& name, const std::string& file);

}  // namespace rsr
