#include "base/row_shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "rsr/error.h"

namespace rsr {
namespace {

// -1 for what is no number.
int64_t Number(std::string_view text) {
  int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

}  // namespace

RowShard ParseRowShard(const std::string& text) {
  if (text.empty()) return {};
  const size_t slash = std::min(text.find('/'), text.size());
  const RowShard shard = {Number(std::string_view(text).substr(0, slash)),
                          Number(std::string_view(text).substr(std::min(slash + 1, text.size())))};
  if (shard.number >= 1 && shard.number <= shard.count) return shard;
  throw Error(fmt::format("--shard '{}': expected I/N with I from 1 to N", text),
              "of three machines the first scores --shard 1/3, the others 2/3 and 3/3");
}

}  // namespace rsr
