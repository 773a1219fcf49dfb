#include "text/think_tags.h"

#include <algorithm>
#include <cctype>

namespace rsr {
namespace {

size_t SkipSpace(std::string_view text, size_t at) {
  while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace

size_t EmptyThinkBlock(std::string_view text) {
  for (const auto& [open, close] : kThinkTags) {
    size_t at = SkipSpace(text, 0);
    if (text.substr(at).starts_with(open)) at = SkipSpace(text, at + open.size());
    if (text.substr(at).starts_with(close)) return SkipSpace(text, at + close.size());
  }
  return 0;
}

size_t FindThinkTag(std::string_view text) {
  size_t first = std::string_view::npos;
  for (const auto& [open, close] : kThinkTags) {
    first = std::min({first, text.find(open), text.find(close)});
  }
  return first;
}

ByteRange FindThinkBlock(std::string_view text) {
  for (const auto& [open, close] : kThinkTags) {
    const size_t end = text.find(close);
    if (end == std::string_view::npos) continue;
    const size_t begin = text.substr(0, end).find(open);
    return {begin == std::string_view::npos ? 0 : static_cast<int64_t>(begin),
            static_cast<int64_t>(end + close.size())};
  }
  return {0, 0};
}

}  // namespace rsr
