// What another pass of the student over the rows of a run computes (docs/passes.md).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "store/run.h"
#include "text/mask.h"

namespace rsr {

// Threading: one thread.
class PassWorker {
 public:
  virtual ~PassWorker() = default;
  // The columns of one trajectory. Counts what went through the student into *tokens.
  virtual PassColumns Run(const MaskedTokens& masked, int64_t* tokens) = 0;
};

// Threading: const methods may run on several threads at once.
class Pass {
 public:
  virtual ~Pass() = default;
  virtual std::string name() const = 0;
  virtual std::string options() const = 0;  // all, in order: "k=4,prompt=keep,split=sentence"
  // What a worker takes beside the engine's own: `width` is the student's, no row has more than
  // `longest_row` tokens.
  virtual int64_t WorkerBytes(int64_t width, int64_t longest_row) const = 0;
  // Engine and text outlive the worker.
  virtual std::unique_ptr<PassWorker> NewWorker(Engine& engine, const TextSide& text) const = 0;
};

// "NAME" or "NAME:KEY=VALUE,...". Throws rsr::Error for unknown names, keys and values.
std::unique_ptr<Pass> ParsePass(const std::string& text);

// The options of one pass while they are read.
class PassOptions {
 public:
  PassOptions(std::string pass, std::map<std::string, std::string> given)
      : pass_(std::move(pass)), given_(std::move(given)) {}

  // The value of `key`, or `otherwise`. Throws rsr::Error for one outside [least, most] or not in
  // `choices`.
  int64_t Number(const std::string& key, int64_t otherwise, int64_t least, int64_t most);
  std::string Choice(const std::string& key, const std::string& otherwise,
                     const std::vector<std::string>& choices);
  void CheckAllKnown() const;  // throws rsr::Error for a key that was never asked for

 private:
  const std::string pass_;
  const std::map<std::string, std::string> given_;
  std::vector<std::string> known_;
};

std::unique_ptr<Pass> NewGradients(PassOptions options);
std::unique_ptr<Pass> NewIfd(PassOptions options);
std::unique_ptr<Pass> NewLocalSurprisal(PassOptions options);

}  // namespace rsr
