// The tags that templates put around reasoning.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "text/chat_template.h"

namespace rsr {

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

// Length of an empty think block (or only its closing tag: a prompt may end in the opening one)
// with the white space around it, if `text` begins with one; else 0.
size_t EmptyThinkBlock(std::string_view text);

// Where the first tag begins, opening or closing; npos if there is none.
size_t FindThinkTag(std::string_view text);

// The first think block with its tags, of [0, size): from the text's begin where the opening tag is
// missing; begin == end if there is none.
ByteRange FindThinkBlock(std::string_view text);

}  // namespace rsr
