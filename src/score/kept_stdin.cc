#include "score/kept_stdin.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/hash.h"
#include "rsr/error.h"
#include "store/run.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;

void Remove(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

}  // namespace

std::string KeepStdin(const std::string& dir, const std::function<bool()>& stop) {
  const std::string kept = StdinPath(dir);
  const bool begun = fs::exists(kept);
  if (isatty(STDIN_FILENO)) {
    if (begun) return kept;
    throw Error("standard input is a terminal, expected data from a pipe",
                "for example: zcat data.jsonl.gz | rsr score ... -");
  }
  MakeDirectories(dir);
  const std::string now = kept + ".tmp-" + std::to_string(getpid());
  CopyToFile(STDIN_FILENO, now);
  if (stop && stop()) {
    Remove(now);
    throw Error("interrupted while standard input was read: nothing is kept of it",
                "run the same command again");
  }
  if (fs::file_size(now) == 0) {
    Remove(now);
    if (begun) return kept;
    throw Error("standard input is empty, expected data from a pipe",
                "did the command in front of the pipe fail?");
  }
  if (!begun) {
    fs::rename(now, kept);
    return kept;
  }
  const std::string before_hash = HashFile(kept), now_hash = HashFile(now);
  Remove(now);
  if (before_hash == now_hash) return kept;
  throw Error(dir + ": standard input is not what this run was begun with: XXH3-128 " +
                  before_hash + " in the run, " + now_hash + " now",
              "use another --out, or pipe in the same data (or nothing: the run has kept it)");
}

void DropKeptStdin(const std::string& dir) { Remove(StdinPath(dir)); }

}  // namespace rsr
