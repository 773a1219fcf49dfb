#include "data/id_table.h"

#include <utility>

#include "base/hash.h"

namespace rsr {
namespace {

constexpr int kLineBits = 40;

}  // namespace

std::optional<RowPlace> IdTable::Insert(std::string_view id, RowPlace place) {
  if (2 * size_ >= slots_.size()) Grow();
  const uint64_t hash = std::max<uint64_t>(Hash64(id), 1);
  Slot* slot = Find(hash);
  if (slot->hash == hash) {
    return RowPlace{static_cast<int32_t>(slot->place >> kLineBits),
                    static_cast<int64_t>(slot->place & ((uint64_t{1} << kLineBits) - 1))};
  }
  *slot = {hash,
           static_cast<uint64_t>(place.file) << kLineBits | static_cast<uint64_t>(place.line)};
  ++size_;
  return std::nullopt;
}

IdTable::Slot* IdTable::Find(uint64_t hash) {
  size_t at = hash & (slots_.size() - 1);
  while (slots_[at].hash != 0 && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
  return &slots_[at];
}

void IdTable::Grow() {
  std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? 1024 : 2 * old.size());
  for (const Slot& slot : old) {
    if (slot.hash != 0) *Find(slot.hash) = slot;
  }
}

}  // namespace rsr
