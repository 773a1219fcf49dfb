#include "verify/checker.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "rsr/error.h"
#include "verify/answers.h"
#include "verify/line_process.h"

namespace rsr {
namespace {

using Json = nlohmann::json;

class ExactChecker : public AnswerChecker {
 public:
  std::string method() const override { return "exact match"; }
  Verdict Check(const std::string& answer, const std::string& reference) override {
    return {ExactMatch(answer, reference), ""};
  }
};

// One JSON object a line in, one out. What libraries print goes to standard error; the current
// directory is no place to import from.
constexpr const char* kWorker = R"(
import json, os, sys
sys.path = [path for path in sys.path if path]
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
def reply(**values):
    print(json.dumps(values), file=out, flush=True)
try:
    from importlib.metadata import version
    from math_verify import parse, verify
    reply(version=version("math-verify"))
except Exception as error:
    reply(error=f"{type(error).__name__}: {error}")
    sys.exit(1)
for line in sys.stdin:
    request = json.loads(line)
    try:
        gold = parse("\\boxed{" + request["reference"] + "}")
        if gold:
            reply(correct=bool(verify(gold, parse(request["answer"]))))
        else:
            reply(error="Math-Verify finds no answer in the reference")
    except Exception as error:
        reply(error=f"{type(error).__name__}")
)";

// Importing sympy from a cold disk takes its time.
constexpr double kStartTimeout = 120;
constexpr int kMostFailures = 20;  // in a row: then it is not the answers

class MathVerify : public AnswerChecker {
 public:
  MathVerify(const std::string& python, double timeout_s) : python_(python), timeout_(timeout_s) {
    Start();
  }

  std::string method() const override { return "math-verify " + version_; }

  Verdict Check(const std::string& answer, const std::string& reference) override {
    if (process_ == nullptr) Start();
    const Json request = {{"answer", answer}, {"reference", ReferenceAnswer(reference)}};
    const std::optional<std::string> line =
        process_->Exchange(request.dump(-1, ' ', true, Json::error_handler_t::replace), timeout_);
    const Json reply = line ? Json::parse(*line, nullptr, false) : Json();
    if (reply.is_object() && reply.contains("correct") && reply["correct"].is_boolean()) {
      failures_ = 0;
      return {reply["correct"].get<bool>(), ""};
    }
    if (reply.is_object() && reply.contains("error") && reply["error"].is_string()) {
      failures_ = 0;
      return {std::nullopt, reply["error"].get<std::string>()};
    }
    const std::string why = process_->timed_out() ? "timeout" : "crash";
    process_.reset();
    if (++failures_ < kMostFailures) return {std::nullopt, why};
    throw Error(fmt::format("{}: math-verify failed on {} answers in a row, the last by a {}",
                            python_, kMostFailures, why),
                "what was decided is kept in the run; try a longer --timeout");
  }

 private:
  void Start() {
    process_ = std::make_unique<LineProcess>(std::vector<std::string>{python_, "-c", kWorker});
    const std::optional<std::string> line = process_->Exchange("", kStartTimeout);
    const Json reply = line ? Json::parse(*line, nullptr, false) : Json();
    if (reply.is_object() && reply.contains("version") && reply["version"].is_string()) {
      version_ = reply["version"].get<std::string>();
      return;
    }
    const bool says = reply.is_object() && reply.contains("error") && reply["error"].is_string();
    throw Error(fmt::format("{} cannot check answers: {}", python_,
                            says ? reply["error"].get<std::string>() : "it gives no answer"),
                fmt::format("install the package: {} -m pip install math-verify; without --python "
                            "answers are compared as written",
                            python_));
  }

  const std::string python_;
  const double timeout_;
  std::string version_;
  std::unique_ptr<LineProcess> process_;
  int failures_ = 0;
};

}  // namespace

std::unique_ptr<AnswerChecker> MakeExactMatch() { return std::make_unique<ExactChecker>(); }

std::unique_ptr<AnswerChecker> MakeMathVerify(const std::string& python, double timeout_s) {
  return std::make_unique<MathVerify>(python, timeout_s);
}

}  // namespace rsr
