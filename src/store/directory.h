// What lies in a run directory: file names, and the state a killed run may have left.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "store/run.h"

namespace rsr {

inline std::string RunJsonPath(const std::string& dir) { return dir + "/run.json"; }
inline std::string VocabPath(const std::string& dir) { return dir + "/vocab.parquet"; }
inline std::string RejectedPath(const std::string& dir) { return dir + "/rejected.jsonl"; }
bool PathExists(const std::string& path);

std::string ShardFile(int number);   // "shards/00003.parquet", as in run.json
std::string StreamFile(int number);  // "shards/00003.arrows"

// A finished shard wins over a stream of the same number: the stream is deleted only after the
// shard is there.
struct RunFiles {
  RunInfo info;
  std::vector<RunInfo::Shard>
      unlisted;  // finished, but killed before run.json said so; read whole, intact
  std::vector<RunInfo::Shard> missing;  // in run.json, but not there
  std::map<int, MappedFile> streams;    // in flight, by number
  std::vector<std::string> leftovers;   // temporary files and streams that were finished (paths)
  int next_number = 0;                  // behind all shards and streams
};

// Verifies the hash of every shard. Changes nothing; a run being written may be surveyed. Throws
// rsr::Error naming the damaged file; `missing` is left to the caller.
RunFiles SurveyRun(const std::string& dir);

}  // namespace rsr
