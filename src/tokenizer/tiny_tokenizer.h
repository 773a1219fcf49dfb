// A tokenizer.json of a few hundred bytes for tests: byte-level, 260 tokens, four merges.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tokenizer/text.h"

namespace rsr {

inline nlohmann::json TinyTokenizerJson() {
  nlohmann::json vocab;
  for (int byte = 0; byte < 256; ++byte) {
    std::string token;
    AppendUtf8(ByteToChar(static_cast<uint8_t>(byte)), &token);
    vocab[token] = byte;
  }
  vocab["he"] = 256, vocab["ll"] = 257, vocab["hell"] = 258, vocab["hello"] = 259;
  return {{"added_tokens",
           {{{"id", 260}, {"content", "<|end|>"}, {"special", true}, {"normalized", false}},
            {{"id", 261}, {"content", "<tool>"}, {"special", false}, {"normalized", true}}}},
          {"normalizer", {{"type", "NFC"}}},
          {"pre_tokenizer",
           {{"type", "Sequence"},
            {"pretokenizers",
             {{{"type", "Split"},
               {"pattern", {{"Regex", "\\p{N}{1,3}| ?\\p{L}+|\\s+|[^\\s\\p{L}\\p{N}]+"}}},
               {"behavior", "Isolated"},
               {"invert", false}},
              {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}}},
          {"model",
           {{"type", "BPE"}, {"vocab", vocab}, {"merges", {"h e", "l l", "he ll", "hell o"}}}}};
}

}  // namespace rsr
