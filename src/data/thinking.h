// Reasoning in front of an answer: the tags around it, and what --thinking does with it.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "data/trajectory.h"
#include "rsr/student.h"

namespace rsr {

// The tags that chat templates put around reasoning.
struct ThinkTags {
  std::string_view open, close;
};

inline constexpr std::array<ThinkTags, 9> kThinkTags = {{
    {"<think>", "</think>"},
    {"<seed:think>", "</seed:think>"},
    {"<mm:think>", "</mm:think>"},
    {"<think:opensource>", "</think:opensource>"},
    {"[THINK]", "[/THINK]"},
    {"<|START_THINKING|>", "<|END_THINKING|>"},
    {"<|open|>think<|sep|>", "<|close|>think<|sep|>"},
    {"<|channel>thought\n", "<channel|>"},
    {"<|inner_prefix|>", "<|inner_suffix|>"},
}};

std::string_view Trimmed(std::string_view text);  // without white space at its ends

// An assistant message's text, taken apart. Reasoning comes from its field, or from a think block
// that begins the content.
struct SaidText {
  std::string_view reasoning;  // without white space at its ends
  std::string_view answer;     // the content behind the think block
};
SaidText TakeApart(const Message& message);

// The messages as the template is to see them. `has_field`: whether the template prints a
// reasoning field.
std::vector<Message> ApplyThinking(std::span<const Message> messages, ThinkingPolicy policy,
                                   bool has_field);

}  // namespace rsr
