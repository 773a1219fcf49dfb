#include "select/rsr_block.h"

#include <gtest/gtest.h>

namespace rsr {
namespace {

const nlohmann::ordered_json kBlock = {{"id", "a"}};

TEST(RsrBlock, KeepsEveryByteOfTheRecord) {
  EXPECT_EQ(WithBlock("{\"n\": 1e2, \"t\":\"\\u00e9\" }\r", kBlock),
            "{\"n\": 1e2, \"t\":\"\\u00e9\" , \"rsr\": {\"id\":\"a\"}}\r");
  EXPECT_EQ(WithBlock("{ }", kBlock), "{ \"rsr\": {\"id\":\"a\"}}");
  EXPECT_EQ(WithBlock(R"({"t": "\"rsr\": {}"})", kBlock),
            R"({"t": "\"rsr\": {}", "rsr": {"id":"a"}})");
  EXPECT_EQ(WithBlock(R"({"m": {"rsr": 1}})", kBlock), R"({"m": {"rsr": 1}, "rsr": {"id":"a"}})");
}

TEST(RsrBlock, TakesThePlaceOfAnOlderOne) {
  EXPECT_EQ(WithBlock(R"({"x": 1, "rsr": {"id": "old"}, "y": [2.5]})", kBlock),
            R"({"x":1,"rsr":{"id":"a"},"y":[2.5]})");
}

}  // namespace
}  // namespace rsr
