// One conversation as the input files give it, and where its bytes lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rsr {

enum class Role { kSystem, kUser, kAssistant, kTool };

// How a row says what was said (docs/input.md).
enum class Dialect { kMessages, kShareGpt, kAlpaca, kPrompt };

struct Message {
  Role role = Role::kUser;
  std::string content;     // text parts of a list joined; empty where the input has null or none
  std::string reasoning;   // the first non-empty of `reasoning_content`, `thinking`, `reasoning`
  std::string tool_calls;  // JSON of the field's list, white space removed; empty for none
  std::string name;
  std::string tool_call_id;
  bool train = true;  // false: `train` is false, `weight` is 0 or `prefilled` is true; not scored
};

// The original record: `length` bytes at `offset` of input file number `file`, without the
// separator behind it; offset -1 where no file holds its bytes (compressed, Parquet, piped).
struct RecordSpan {
  int32_t file = 0;
  int64_t offset = 0;
  int64_t length = 0;
  int64_t line = 0;  // 1-based, for messages; of Parquet files the row
};

struct Trajectory {
  RecordSpan span;
  std::string record;  // the record itself where the span has no offset; else empty
  int64_t row = 0;     // 0-based over all input files, rejected rows counted
  std::string
      id;  // given, or FILENAME:LINE (#2, #3 ... behind it for further array elements on that line)
  std::string problem_id;  // given, or "h:" and a hash of the first user message (of the first
                           // message if none)
  std::string teacher;     // given, or the file's name without extensions (StemOf)
  std::string source;      // given (JSON if it is not a string), or empty
  std::optional<bool> correct;
  std::vector<std::optional<std::string>> kept;  // InputOptions::keep; JSON if not a string
  Dialect dialect = Dialect::kMessages;
  std::vector<Message> messages;
  std::string tools;  // JSON of the `tools` list, white space removed (a string that holds it is
                      // unwrapped), or empty
};

// A row that is not scored. `reason` is one of a small set of slugs (counted); `message` names file
// and line.
struct Rejection {
  RecordSpan span;
  int64_t row = 0;
  std::string id;       // empty if unknown
  std::string reason;   // e.g. "invalid-json"
  std::string message;  // for people
};

}  // namespace rsr
