#include "store/arrow_status.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "rsr/error.h"

namespace rsr {

void ThrowUnwritable(const std::string& path, int error) {
  const char* make_room = error == ENOSPC || error == EDQUOT ? "free some space there"
                          : error == EFBIG ? "raise the limit of file sizes (ulimit -f)"
                                           : nullptr;
  throw Error(
      fmt::format("{}: cannot be written: {}", path, std::generic_category().message(error)),
      make_room == nullptr
          ? ""
          : fmt::format("{} and run the same command again; what is stored stays valid",
                        make_room));
}

void ThrowDamaged(const std::string& path, const std::string& reason, const std::string& hint) {
  throw Error(fmt::format("{}: is damaged: {}", path, reason), hint);
}

void CheckInternal(const arrow::Status& status) {
  if (!status.ok()) throw Error("Arrow: " + status.ToString(), "", Error::Kind::kInternal);
}

}  // namespace rsr
