#include "store/arrow_status.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "rsr/error.h"

namespace rsr {

void ThrowUnwritable(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(
      fmt::format("{}: cannot be written: {}", path, std::generic_category().message(error)),
      full ? "free some space there and run the same command again; what is stored stays valid"
           : "");
}

void ThrowDamaged(const std::string& path, const std::string& reason, const std::string& hint) {
  throw Error(fmt::format("{}: is damaged: {}", path, reason), hint);
}

void CheckInternal(const arrow::Status& status) {
  if (!status.ok()) throw Error("Arrow: " + status.ToString(), "", Error::Kind::kInternal);
}

}  // namespace rsr
