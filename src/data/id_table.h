// Where every id was first used: 16 bytes an id at most half of the places empty, however long the
// ids are, as inputs have millions of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace rsr {

struct RowPlace {
  int32_t file = 0;
  int64_t line = 0;
};

class IdTable {
 public:
  // Keeps `place` for a new id; else the place it was kept with. Ids are told apart by 64 bits of
  // their hash: among ten million of them two are taken for one with a chance of 1 in 400,000.
  std::optional<RowPlace> Insert(std::string_view id, RowPlace place);
  size_t size() const { return size_; }

 private:
  struct Slot {
    uint64_t hash = 0;   // 0: empty
    uint64_t place = 0;  // file in the upper 24 bits, line in the lower 40
  };
  Slot* Find(uint64_t hash);
  void Grow();

  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t size_ = 0;
};

}  // namespace rsr
