// Parquet: a table of the selected rows, columns of one type for all of them.
#pragma once

#include <memory>
#include <string>

#include "select/formats/chat_json.h"

namespace rsr {

// The columns a message may have besides role and content; a file has those that some row needs.
struct MessageColumns {
  bool reasoning = false, tool_calls = false, tool_call_id = false, name = false, train = false;
  bool weight = false;  // of the block

  void Need(const Trajectory& chat);
};

// Threading: one thread. Removes its file if Finish is not reached.
class ParquetExport {
 public:
  ParquetExport(const std::string& path, const MessageColumns& columns);  // throws rsr::Error
  ~ParquetExport();

  // `rsr`: the row's block; `record`: the original, kept as text in a column of its own.
  void Add(const Trajectory& chat, const Json& rsr, const std::string& record);
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rsr
