// run.json <-> RunInfo.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/run.h"

namespace rsr {

std::string RunInfoToJson(const RunInfo& info);  // ends in a newline; invalid UTF-8 becomes U+FFFD

// Throws rsr::Error for invalid JSON, a newer format version, a missing or ill-typed field. `path`:
// for messages.
RunInfo RunInfoFromJson(std::string_view json, const std::string& path);

// Of all that the rows of a run depend on: settings and inputs. In the metadata of its files. A
// field that comes later must not change the hash of runs that do without it: they stay readable.
std::string SettingsHash(const RunInfo& info);

// One line for each field that keeps `now` from continuing the run `stored`, with both values.
std::vector<std::string> Disagreements(const RunInfo& stored, const RunInfo& now);

}  // namespace rsr
