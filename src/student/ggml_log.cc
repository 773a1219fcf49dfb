#include "student/ggml_log.h"

#include <ggml.h>
#include <llama.h>

#include <mutex>
#include <utility>

#include "rsr/error.h"

namespace rsr {
namespace {

// A hostile file can cause a warning per tensor; the first few say what is wrong.
constexpr size_t kMostBytes = 2000;

thread_local std::string messages;
thread_local bool keep_continuation = false;

void Log(ggml_log_level level, const char* text, void*) {
  if (level != GGML_LOG_LEVEL_CONT) {
    keep_continuation = level == GGML_LOG_LEVEL_ERROR || level == GGML_LOG_LEVEL_WARN;
  }
  if (keep_continuation && messages.size() < kMostBytes) messages += text;
}

// Thrown through ggml's C frames: they own no resources that outlive the call, and x86-64 and
// AArch64 compilers emit unwind tables for C. ggml is built without OpenMP and our contexts have
// one thread, so the frame that asked for the work is always on this stack.
void Abort(const char* text) {
  std::string where = text;  // file:line of the machine that built it: cut down to llama.cpp's tree
  if (const size_t tree = where.rfind("/llama.cpp/"); tree != std::string::npos) {
    where.erase(0, tree + 1);
  }
  throw Error("llama.cpp gave up: " + where,
              "the model file may be damaged; if it runs elsewhere, report this as a bug of rsr",
              Error::Kind::kInternal);
}

}  // namespace

void CatchGgmlMessages() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(Log, nullptr);  // ggml's too
    ggml_set_abort_callback(Abort);
  });
}

std::string TakeGgmlMessages() {
  std::string taken = std::exchange(messages, {});
  while (!taken.empty() && taken.back() == '\n') taken.pop_back();
  for (size_t at = 0; (at = taken.find('\n', at)) != std::string::npos;) taken.replace(at, 1, "; ");
  return taken;
}

}  // namespace rsr
