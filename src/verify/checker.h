// Who decides whether an answer is right.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace rsr {

struct Verdict {
  std::optional<bool> correct;
  std::string why;  // of no verdict: "timeout", "crash" or the checker's error
};

class AnswerChecker {
 public:
  virtual ~AnswerChecker() = default;
  virtual std::string method() const = 0;  // its name, with a version: results are kept under it
  virtual Verdict Check(const std::string& answer, const std::string& reference) = 0;
};

std::unique_ptr<AnswerChecker> MakeExactMatch();

// Hugging Face's Math-Verify in a Python process. Throws rsr::Error if that is not there or lacks
// the package. A process that hangs over an answer or dies of it is started anew for the next one;
// throws if it dies of many in a row.
std::unique_ptr<AnswerChecker> MakeMathVerify(const std::string& python, double timeout_s);

}  // namespace rsr
