#include "rsr/table.h"

#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "rsr/error.h"

namespace rsr {
namespace {

using ::testing::HasSubstr;

constexpr double kInf = std::numeric_limits<double>::infinity();

Table Example() {
  return {.columns = {{"teacher"}, {"rsr", 2}, {"rows"}, {"done"}},
          .rows = {{"é", 3.14159, int64_t{7}, true},
                   {"日本", kInf, int64_t{12345}, false},
                   {"c", {}, {}, {}}}};
}

TEST(Table, TextAlignsColumnsByDisplayWidth) {
  EXPECT_EQ(FormatTable(Example(), TableFormat::kText),
            "teacher   rsr   rows  done\n"
            "é        3.14      7  true\n"
            "日本      inf  12345  false\n"
            "c           -      -  -\n");
}

TEST(Table, TextShowsControlsInsteadOfSendingThem) {
  const Table table{.columns = {{"id"}},
                    .rows = {{"a\x1b[31m\n\xC2\x9B"
                              "2J\xE2\x80\xAE\xFF"}}};
  EXPECT_EQ(FormatTable(table, TableFormat::kText), "id\na\\x1b[31m\\n\\x9b2J\\u202e\\xff\n");
}

TEST(Table, TsvEscapesWhatWouldBreakALineAndKeepsEveryDigit) {
  Table table = Example();
  table.rows[0][0] = "tab\there\nand \\ slash";
  table.rows[0][1] = 0.1 + 0.2;
  EXPECT_EQ(FormatTable(table, TableFormat::kTsv),
            "teacher\trsr\trows\tdone\n"
            "tab\\there\\nand \\\\ slash\t0.30000000000000004\t7\ttrue\n"
            "日本\tinf\t12345\tfalse\n"
            "c\t\t\t\n");
}

TEST(Table, JsonKeepsTypesOrderAndDigits) {
  Table table = Example();
  table.rows[0][0] = "quote \" and \x1b and \xFF";
  table.rows[0][1] = 0.1 + 0.2;
  const auto json = nlohmann::ordered_json::parse(FormatTable(table, TableFormat::kJson));
  ASSERT_EQ(json.size(), 3u);
  EXPECT_EQ(json[0].begin().key(), "teacher");
  EXPECT_EQ(json[0]["teacher"], "quote \" and \x1b and \xEF\xBF\xBD");
  EXPECT_EQ(json[0]["rsr"].get<double>(), 0.1 + 0.2);
  EXPECT_TRUE(json[0]["rows"].is_number_integer());
  EXPECT_EQ(json[0]["done"], true);
  EXPECT_TRUE(json[1]["rsr"].is_null());  // infinity
  EXPECT_TRUE(json[2]["rows"].is_null());
  EXPECT_EQ(FormatTable({.columns = {{"a"}}}, TableFormat::kJson), "[]\n");
}

TEST(Table, JsonLinesIsOneObjectALine) {
  const Table table{.columns = {{"a"}, {"b"}}, .rows = {{int64_t{1}, 0.5}, {"x\ny", {}}}};
  EXPECT_EQ(FormatTable(table, TableFormat::kJsonl),
            "{\"a\":1,\"b\":0.5}\n{\"a\":\"x\\ny\",\"b\":null}\n");
}

TEST(Table, FormatsHaveNames) {
  EXPECT_EQ(ParseTableFormat("table"), TableFormat::kText);
  EXPECT_EQ(ParseTableFormat("tsv"), TableFormat::kTsv);
  EXPECT_EQ(ParseTableFormat("json"), TableFormat::kJson);
  EXPECT_EQ(ParseTableFormat("jsonl"), TableFormat::kJsonl);
  try {
    ParseTableFormat("jsn");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.hint(), HasSubstr("'json'"));
  }
}

TEST(Table, ParquetKeepsTypesAndWhatIsEmpty) {
  const std::string bytes = FormatTable(Example(), TableFormat::kParquet);
  const auto file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
  std::shared_ptr<arrow::Table> table = reader->ReadTable().ValueOrDie();
  EXPECT_EQ(table->schema()->ToString(), "teacher: string\nrsr: double\nrows: int64\ndone: bool");
  const auto value = [&](const char* column, int64_t row) {
    return table->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
  };
  EXPECT_EQ(value("teacher", 0), "é");
  EXPECT_EQ(value("rsr", 1), "inf");
  EXPECT_EQ(value("rows", 1), "12345");
  EXPECT_EQ(value("done", 0), "true");
  for (const char* column : {"rsr", "rows", "done"}) EXPECT_EQ(value(column, 2), "null");
}

}  // namespace
}  // namespace rsr
