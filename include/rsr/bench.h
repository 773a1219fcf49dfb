// How fast this machine scores with a student, and how long that takes for real data.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rsr/student.h"
#include "rsr/table.h"

namespace rsr {

struct BenchOptions {
  StudentOptions student;        // its text side is not used
  std::vector<int64_t> lengths;  // tokens, ascending; all are measured. Empty: 128, 512, 2,048,
                                 // 4,096 and 8,192, up to the student's context, as far as
                                 // `seconds` allow; the others are estimated
  double seconds = 90;
  int threads = 0;  // workers, one core each; 0: all cores this process may use
  std::function<void(const std::string& what)> on_step;  // what is measured now; may be empty
};

// A bare product of 128 rows with one of the student's matrices, the engine's own kernel. Rates are
// by the threads' CPU time: what else the machine does counts little.
struct BenchProduct {
  std::string precision;
  int64_t depth = 0, columns = 0;
  double one_core = 0;   // GFLOP/s
  double all_cores = 0;  // GFLOP/s of all threads together
};

// Sequences of random tokens, every position scored, as many workers as threads.
struct BenchRate {
  int64_t length = 0;   // tokens of a sequence
  int64_t in_pack = 1;  // sequences that a worker takes at once
  bool measured = true;
  double tokens_per_second = 0;       // of all workers together, by the clock
  double tokens_per_cpu_second = 0;   // of one worker, by its CPU time
  double body_tokens_per_second = 0;  // with one position scored: no output layer; 0: not measured
  double gflop_per_token = 0;         // products, attention counted causally; 0: not known
  double gflops_per_core = 0;         // by CPU time; 0: not known
  double share_of_peak = 0;  // of the rate of the best bare product in the run's precision (output
                             // layer: in f32) with all cores at work; 0: not known
  int64_t peak_rss_bytes = 0;  // of the process until then
};

struct BenchReport {
  std::string engine, precision, cpu_level, cpu;
  std::string why_not_native;  // as in ScorePlan
  int threads = 0;
  int64_t weights_bytes = 0;  // unpacked
  std::vector<BenchProduct> products;
  std::vector<BenchRate> rates;
  double seconds = 0;     // that all of this took
  double busy_share = 0;  // of the cores' time that went to other programs meanwhile
};

// Every answer is checked on the way: products against the reference, statistics for being the same
// bits from every worker and in every pack. Throws rsr::Error.
BenchReport Bench(const BenchOptions& options);

// Hours that so many trajectories of one length take, by the longest length in the report.
double BenchHours(const BenchReport& report, int64_t trajectories);

Table BenchProductsTable(const BenchReport& report);
Table BenchRatesTable(const BenchReport& report);

}  // namespace rsr
