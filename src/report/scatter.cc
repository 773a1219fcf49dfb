// Performance over a metric, drawn with characters.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/nearest.h"
#include "base/printable.h"
#include "rsr/correlate.h"
#include "rsr/error.h"

namespace rsr {
namespace {

constexpr char kSeveral = '*';  // points of several students in one place

struct Axis {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  void Cover(const std::vector<double>& values) {
    for (const double v : values) low = std::min(low, v), high = std::max(high, v);
  }
  // 0 .. cells - 1; a constant stands in the middle.
  size_t Cell(double value, size_t cells) const {
    const double share = high > low ? (value - low) / (high - low) : 0.5;
    return static_cast<size_t>(std::lround(share * static_cast<double>(cells - 1)));
  }
};

size_t MetricIndex(const CorrelateReport& report, const std::string& name) {
  std::vector<std::string> names;
  for (size_t m = 0; m < report.metrics.size(); ++m) {
    if (report.metrics[m].metric == name) return m;
    names.push_back(report.metrics[m].metric);
  }
  throw Error("no metric '" + name + "' to draw", NearestHint(name, names));
}

char Letter(size_t student) { return static_cast<char>('A' + student % 26); }

}  // namespace

std::string ScatterPlot(const CorrelateReport& report, const std::string& metric, int width,
                        int height) {
  const size_t m = MetricIndex(report, metric);
  Axis x, y;
  for (const auto& student : report.students) {
    x.Cover(student.metrics[m]);
    y.Cover(student.performance);
  }
  const std::string top = fmt::format("{:.4g}", y.high), bottom = fmt::format("{:.4g}", y.low);
  const size_t margin = std::max(top.size(), bottom.size());
  const size_t columns = std::max<int>(width - static_cast<int>(margin) - 2, 10);
  const size_t rows = std::max(height, 4);
  std::vector<std::string> grid(rows, std::string(columns, ' '));
  for (size_t s = 0; s < report.students.size(); ++s) {
    const auto& student = report.students[s];
    for (size_t t = 0; t < student.teachers.size(); ++t) {
      char& at = grid[rows - 1 - y.Cell(student.performance[t], rows)]
                     [x.Cell(student.metrics[m][t], columns)];
      at = at == ' ' || at == Letter(s) ? Letter(s) : kSeveral;
    }
  }
  std::string out = Printable(report.performance) + "\n";
  for (size_t r = 0; r < rows; ++r) {
    std::string line = fmt::format("{:>{}} |", r == 0 ? top : r + 1 == rows ? bottom : "", margin);
    line += grid[r];
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  const std::string left = fmt::format("{:.4g}", x.low), right = fmt::format("{:.4g}", x.high);
  const std::string name = Printable(report.metrics[m].metric);
  out += std::string(margin + 1, ' ') + "+" + std::string(columns, '-') + "\n";
  const size_t used = left.size() + right.size() + name.size();
  const size_t gap = columns > used + 4 ? columns - used : 4;
  out += std::string(margin + 2, ' ') + left + std::string(gap / 2, ' ') + name +
         std::string(gap - gap / 2, ' ') + right + "\n";
  for (size_t s = 0; s < report.students.size(); ++s) {
    out +=
        fmt::format("{}{} {}", s == 0 ? "" : "  ", Letter(s), Printable(report.students[s].name));
  }
  return out + "\n";
}

}  // namespace rsr
