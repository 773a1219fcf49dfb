#include <gmock/gmock.h>

#include "rsr/correlate.h"
#include "rsr/error.h"

namespace rsr {
namespace {

TEST(Scatter, PutsPointsWhereTheyBelong) {
  const CorrelateReport report{.students = {{.name = "small",
                                             .teachers = {"x", "y", "z"},
                                             .performance = {0, 4, 2},
                                             .metrics = {{1, 3, 2}}},
                                            {.name = "large",
                                             .teachers = {"x", "y"},
                                             .performance = {4, 2},
                                             .metrics = {{1, 2}}}},
                               .performance = "score",
                               .metrics = {{.metric = "rsr"}}};
  EXPECT_EQ(ScatterPlot(report, "rsr", 14, 5),
            "score\n"
            "4 |B         A\n"
            "  |\n"
            "  |     *\n"
            "  |\n"
            "0 |A\n"
            "  +-----------\n"
            "   1   rsr   3\n"
            "A small  B large\n");
  EXPECT_THROW(ScatterPlot(report, "rrs"), Error);
}

}  // namespace
}  // namespace rsr
