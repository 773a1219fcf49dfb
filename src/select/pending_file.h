// A file under another name until Commit; removed if that is never reached. A selection may be
// larger than the memory, hence not WriteFileAtomic.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/file.h"

namespace rsr {

class PendingFile {
 public:
  explicit PendingFile(const std::string& path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  void Write(std::string_view bytes);
  MappedFile Map();  // what was written so far; the file itself goes away with this object
  void Commit();     // flushes it to the disk and gives it its name

 private:
  [[noreturn]] void Fail() const;

  std::string path_, temporary_;
  FILE* file_;
  bool committed_ = false;
};

}  // namespace rsr
