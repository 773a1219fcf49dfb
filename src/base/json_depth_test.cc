#include "base/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace rsr {
namespace {

TEST(JsonDepth, CountsWhatIsOpen) {
  EXPECT_FALSE(NestedDeeperThan(0, "1"));
  EXPECT_TRUE(NestedDeeperThan(0, "[]"));
  EXPECT_FALSE(NestedDeeperThan(3, R"([{}, [], {"a": []}])"));
  EXPECT_TRUE(NestedDeeperThan(3, R"([{}, [], {"a": [[]]}])"));
  EXPECT_FALSE(NestedDeeperThan(kMostJsonDepth, std::string(1024, '[')));
  EXPECT_TRUE(NestedDeeperThan(kMostJsonDepth, std::string(1025, '[')));
}

TEST(JsonDepth, StringsOpenNothing) {
  EXPECT_FALSE(NestedDeeperThan(1, R"(["[[[[", "\"[[{{", "\\"])"));
  EXPECT_TRUE(NestedDeeperThan(1, R"(["\\", [1]])"));
  EXPECT_FALSE(NestedDeeperThan(1, R"(["[[)"));
  EXPECT_FALSE(NestedDeeperThan(1, "]]]][["));  // no JSON: whatever, but no crash
}

}  // namespace
}  // namespace rsr
