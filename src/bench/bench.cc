#include "rsr/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>

#include "base/cores.h"
#include "base/memory.h"
#include "bench/engine_rate.h"
#include "bench/product_rate.h"
#include "engine/open_engine.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/student_info.h"

namespace rsr {
namespace {

using Clock = std::chrono::steady_clock;

std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  }
  return "";
}

// Without one, GFLOP and products are not known.
std::optional<DecoderConfig> ConfigOf(const StudentInfo& info) {
  std::string why_not;
  return ReadDecoderConfig(info, &why_not);
}

class Session {
 public:
  explicit Session(const BenchOptions& options)
      : options_(options),
        start_(Clock::now()),
        info_(ReadStudent(options.student.path)),
        config_(ConfigOf(info_)) {
    report_.threads = options.threads > 0 ? options.threads : UsableCores();
    report_.cpu = CpuName();
  }

  BenchReport Run() {
    const std::vector<int64_t> lengths = Lengths();
    Step("loading the student");
    OpenedEngine opened = OpenEngine({.student = options_.student, .workers = report_.threads});
    engine_ = std::move(opened.engine);
    report_.why_not_native = opened.why_not_native;
    report_.engine = engine_->info().name;
    report_.precision = engine_->info().precision;
    report_.cpu_level = engine_->info().cpu_level;
    report_.weights_bytes = engine_->info().weights_bytes;
    if (config_) MeasureProducts();
    MeasurePack();
    for (const int64_t length : lengths) MeasureLength(length);
    report_.seconds = Elapsed();
    report_.busy_share = std::max(0.0, 1 - cpu_seconds_ / (report_.threads * wall_seconds_));
    return std::move(report_);
  }

 private:
  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  void Step(const std::string& what) const {
    if (options_.on_step) options_.on_step(what);
  }

  std::vector<int64_t> Lengths() const {
    const int64_t context = info_.context_length > 0 ? info_.context_length : INT64_MAX;
    std::vector<int64_t> lengths = options_.lengths;
    if (lengths.empty()) {
      for (const int64_t length : {128, 512, 2048, 4096, 8192}) {
        if (length <= context) lengths.push_back(length);
      }
    }
    for (const int64_t length : lengths) {
      if (length < 2 || length > context) {
        throw Error(fmt::format("a length of {} tokens cannot be measured: 2 to {} expected",
                                length, context),
                    "the student's context is the limit");
      }
    }
    return lengths;
  }

  void MeasureProducts() {
    Step("measuring bare products");
    report_.products = rsr::MeasureProducts(*config_, report_.threads);
  }

  // Short rows in packs, as `rsr score` collects them.
  void MeasurePack() {
    constexpr int64_t kLength = 200;
    const int64_t in_pack = engine_->info().pack_tokens / kLength;
    if (in_pack < 2) return;
    Step(fmt::format("measuring {} sequences of {} tokens in a pack", in_pack, kLength));
    BenchRate rate = RateOf(kLength);
    rate.in_pack = in_pack;
    Fill(Measure({.length = kLength, .in_pack = in_pack}), &rate);
    report_.rates.push_back(rate);
  }

  BenchRate RateOf(int64_t length) const {
    return {.length = length,
            .gflop_per_token = config_ ? GflopPerToken(*config_, length).all() : 0};
  }

  // With and without the output layer.
  void MeasureLength(int64_t length) {
    BenchRate rate = RateOf(length);
    if (!Fits(length)) {
      if (config_ && !report_.rates.empty()) report_.rates.push_back(Estimated(rate));
      return;
    }
    Step(fmt::format("measuring {} tokens", length));
    EngineTask task{.length = length,
                    .repetitions = static_cast<int>(std::max<int64_t>(1, 2048 / length))};
    Fill(Measure(task), &rate);
    if (Fits(length)) {
      Step(fmt::format("measuring {} tokens, body alone", length));
      task.body = true;
      rate.body_tokens_per_second = Measure(task).tokens_per_second();
    }
    report_.rates.push_back(rate);
  }

  EngineRun Measure(const EngineTask& task) {
    EngineRun run = MeasureEngine(*engine_, info_.vocab, report_.threads, task);
    wall_seconds_ += run.seconds;
    cpu_seconds_ += run.cpu_seconds;
    return run;
  }

  void Fill(const EngineRun& run, BenchRate* rate) const {
    rate->tokens_per_second = run.tokens_per_second();
    rate->tokens_per_cpu_second = run.tokens_per_cpu_second();
    rate->gflops_per_core = run.tokens_per_cpu_second() * rate->gflop_per_token;
    if (config_) {
      rate->share_of_peak = run.tokens_per_cpu_second() *
                            LeastSeconds(GflopPerToken(*config_, rate->length), report_.precision,
                                         report_.products, report_.threads);
    }
    rate->peak_rss_bytes = PeakRssBytes();
  }

  // Would measuring this length once stay within the time? By the rate of the last length.
  bool Fits(int64_t length) const {
    if (!options_.lengths.empty() || report_.rates.empty()) return true;
    const BenchRate& last = report_.rates.back();
    if (!last.measured) return false;
    const double more = config_ ? GflopPerToken(*config_, length).all() / last.gflop_per_token : 1;
    const double seconds =
        static_cast<double>(length * report_.threads) * more / last.tokens_per_second;
    return Elapsed() + seconds < options_.seconds;
  }

  // At as many GFLOP/s as the last length that was measured.
  BenchRate Estimated(BenchRate rate) const {
    const BenchRate& last = report_.rates.back();
    const double scale = last.gflop_per_token / rate.gflop_per_token;
    rate.measured = false;
    rate.tokens_per_second = last.tokens_per_second * scale;
    rate.tokens_per_cpu_second = last.tokens_per_cpu_second * scale;
    rate.gflops_per_core = last.gflops_per_core;
    rate.share_of_peak = last.share_of_peak;
    return rate;
  }

  const BenchOptions& options_;
  const Clock::time_point start_;
  BenchReport report_;
  const StudentInfo info_;
  const std::optional<DecoderConfig> config_;
  std::unique_ptr<Engine> engine_;
  double wall_seconds_ = 0, cpu_seconds_ = 0;  // of the engine's runs
};

Cell Known(double value) { return value > 0 ? Cell(value) : Cell(); }

}  // namespace

BenchReport Bench(const BenchOptions& options) {
  if (options.threads < 0 || options.seconds < 0) {
    throw Error("threads and seconds must not be negative");
  }
  return Session(options).Run();
}

double BenchHours(const BenchReport& report, int64_t trajectories) {
  if (report.rates.empty()) return 0;
  const BenchRate& rate = report.rates.back();
  return static_cast<double>(trajectories * rate.length) / rate.tokens_per_second / 3600;
}

Table BenchProductsTable(const BenchReport& report) {
  Table table{.columns = {{"product"}, {"depth"}, {"columns"}, {"one core", 0}, {"all cores", 0}},
              .rows = {}};
  for (const BenchProduct& p : report.products) {
    table.rows.push_back({p.precision, p.depth, p.columns, p.one_core, p.all_cores});
  }
  return table;
}

Table BenchRatesTable(const BenchReport& report) {
  Table table{.columns = {{"tokens"},
                          {"in a pack"},
                          {"tokens/s", 0},
                          {"body alone", 0},
                          {"GFLOP/token", 2},
                          {"GFLOP/s a core", 0},
                          {"of peak", 2},
                          {"peak memory, GB", 2},
                          {""}},
              .rows = {}};
  for (const BenchRate& r : report.rates) {
    table.rows.push_back(
        {r.length, r.in_pack, r.tokens_per_second, Known(r.body_tokens_per_second),
         Known(r.gflop_per_token), Known(r.gflops_per_core), Known(r.share_of_peak),
         Known(static_cast<double>(r.peak_rss_bytes) / 1e9), r.measured ? "" : "estimated"});
  }
  return table;
}

}  // namespace rsr
