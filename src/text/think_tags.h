// Think blocks in rendered text; the tags are those of data/thinking.h.
#pragma once

#include <string>
#include <string_view>

#include "data/thinking.h"
#include "text/chat_template.h"

namespace rsr {

// Length of an empty think block (or only its closing tag: a prompt may end in the opening one)
// with the white space around it, if `text` begins with one; else 0.
size_t EmptyThinkBlock(std::string_view text);

// Where the first tag begins, opening or closing; npos if there is none.
size_t FindThinkTag(std::string_view text);

// The first think block with its tags, of [0, size): from the text's begin where the opening tag is
// missing; begin == end if there is none.
ByteRange FindThinkBlock(std::string_view text);

}  // namespace rsr
