// `--shard I/N`: a share of an input's rows, for several machines that score one input together.
#pragma once

#include <cstdint>
#include <string>

namespace rsr {

struct RowShard {
  int64_t number = 1, count = 1;  // I and N

  // By turns, so that every shard has rows of every file.
  bool Has(int64_t row) const { return row % count == number - 1; }
};

// "2/3"; the whole for "". Throws rsr::Error for anything else.
RowShard ParseRowShard(const std::string& text);

}  // namespace rsr
