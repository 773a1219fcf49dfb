#include "text/token_offsets.h"

#include <fmt/format.h>

#include <string_view>

#include "text/mask.h"

namespace rsr {

std::vector<int64_t> TokenBegins(const Vocabulary& vocabulary, const std::vector<int32_t>& ids,
                                 const std::string& text) {
  std::vector<int64_t> begins;
  begins.reserve(ids.size() + 1);
  size_t at = 0;
  for (const int32_t id : ids) {
    begins.push_back(static_cast<int64_t>(at));
    const std::string& piece = vocabulary.piece(id);
    // SentencePiece vocabularies put a space of their own in front of the text.
    const bool added_space = at == 0 && piece.starts_with(' ') && !text.starts_with(' ');
    const std::string_view bytes = std::string_view(piece).substr(added_space ? 1 : 0);
    if (text.compare(at, bytes.size(), bytes) != 0) {
      throw RowError{"tokenizer-mismatch",
                     fmt::format("the tokens do not spell the rendered text from byte {}: the "
                                 "tokenizer changes text",
                                 at)};
    }
    at += bytes.size();
  }
  if (at != text.size()) {
    throw RowError{"tokenizer-mismatch",
                   fmt::format("the tokens end at byte {} of {}", at, text.size())};
  }
  begins.push_back(static_cast<int64_t>(at));
  return begins;
}

}  // namespace rsr
