#include "metrics/passes.h"

#include <fmt/format.h>

#include <map>

#include "rsr/error.h"

namespace rsr {
namespace {

std::string Command(const std::string& run, const std::string& pass) {
  return fmt::format("rsr extend {} --add {}", run, pass);
}

// Each pass fills columns of its own.
void Merge(const PassColumns& from, const std::string& pass, PassColumns* into) {
  if (pass == "ifd") {
    into->sum_alone_surprisal = from.sum_alone_surprisal;
  } else if (pass == "local_surprisal") {
    into->sum_local_surprisal = from.sum_local_surprisal;
    into->mean_step_surprisal = from.mean_step_surprisal;
  } else {
    into->gnorm_head = from.gnorm_head;
    into->gnorm_hidden = from.gnorm_hidden;
    into->projection = from.projection;
  }
}

}  // namespace

bool HavePass(const std::vector<std::string>& runs, const std::string& pass) {
  for (const std::string& run : runs) {
    if (pass.empty()) continue;
    const auto info = ReadRunInfo(PassPath(run, pass));
    if (!info || !info->complete) return false;
  }
  return true;
}

Passes::Passes(const std::vector<ScoredRows::Run>& runs, const std::vector<const Metric*>& metrics)
    : run_(runs.back().path) {
  std::map<std::string, bool> wanted;  // whether its lists are, too
  for (const Metric* metric : metrics) {
    if (!metric->pass.empty()) wanted[metric->pass] |= metric->of_gradients != nullptr;
  }
  for (const auto& [pass, lists] : wanted) Read(runs, pass, lists);
}

void Passes::Read(const std::vector<ScoredRows::Run>& runs, const std::string& pass, bool lists) {
  const std::string path = PassPath(run_, pass);
  if (!ReadRunInfo(path)) {
    throw Error(fmt::format("{}: has no pass '{}'", run_, pass),
                "this makes it: " + Command(run_, pass));
  }
  const std::unique_ptr<RunReader> reader = RunReader::Open(path);
  const RunInfo &own = reader->info(), &run = runs.back().info;
  if (own.pass != pass || own.student_hash != run.student_hash ||
      own.template_hash != run.template_hash || own.mask != run.mask) {
    throw Error(fmt::format("{}: is not a pass over this run", path),
                "delete it and make it anew: " + Command(run_, pass));
  }
  const auto first = ReadRunInfo(PassPath(runs.front().path, pass));
  if (first && first->pass_options != own.pass_options) {
    throw Error(fmt::format("runs {} and {} cannot be read as one: their passes '{}' have other "
                            "options: {} and {}",
                            runs.front().path, run_, pass, first->pass_options, own.pass_options),
                "delete one of the passes and make it anew");
  }
  names_.push_back(pass);
  reader->ForEach(lists ? RunReader::kPassLists : RunReader::kNone, [&](const RunRow& row) {
    Row& merged = rows_[row.row];
    ++merged.passes;
    Merge(row.pass, pass, &merged.columns);
  });
}

const PassColumns* Passes::Of(const RunRow& row) const {
  if (names_.empty()) return nullptr;
  const auto found = rows_.find(row.row);
  if (found != rows_.end() && found->second.passes == names_.size()) return &found->second.columns;
  throw Error(
      fmt::format("{}: {} lacks row {} ('{}'): it has not gone over all of the run", run_,
                  names_.size() == 1 ? "the pass '" + names_[0] + "'"
                                     : fmt::format("one of the passes {}", fmt::join(names_, ", ")),
                  row.row, row.id),
      "this goes on where it stopped: " +
          Command(run_, fmt::format("{}", fmt::join(names_, " --add "))));
}

}  // namespace rsr
