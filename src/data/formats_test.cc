// Compressed, Parquet and named-by-pattern input: the same trajectories as from plain JSON Lines,
// and bad files told by name, row and place.
#include <gmock/gmock.h>

#include "base/hash.h"
#include "data/data_testing.h"
#include "data/inputs.h"

namespace rsr {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string Lines(int rows) {
  std::string lines;
  for (int i = 0; i < rows; ++i) {
    lines += R"({"id": )" + std::to_string(i) +
             R"(, "messages": [{"role": "assistant", "content": "caf\u00e9 )" +
             std::string(static_cast<size_t>(i % 50), 'x') + "\"}]}\n";
  }
  return lines;
}

class FormatsTest : public DataTest {};

TEST_F(FormatsTest, CompressedRowsAreThoseOfThePlainFileAndCarryTheirRecord) {
  const std::string lines = Lines(300), first = lines.substr(0, 1000), rest = lines.substr(1000);
  const std::vector<Trajectory> plain = ReadGood({Write("plain.jsonl", lines)});
  // Members and frames end anywhere; names say nothing; zeros pad gzip; pzstd begins with a
  // skippable frame.
  const std::string skippable("\x50\x2A\x4D\x18\x04\0\0\0abcd", 12);
  const std::vector<std::string> files = {
      Write("one.jsonl.gz", Gzip(lines)),
      Write("members.jsonl", Gzip(first) + Gzip("") + Gzip(rest)),
      Write("padded.jsonl.gz", Gzip(lines) + std::string(1000, '\0')),
      Write("one.jsonl.zst", Zstd(lines)),
      Write("frames.gz", Zstd(first) + Zstd(rest)),
      Write("skippable.zst", skippable + Zstd(lines)),
  };
  for (const std::string& file : files) {
    const std::vector<Trajectory> rows = ReadGood({file});
    ASSERT_EQ(rows.size(), plain.size()) << file;
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].id, plain[i].id);
      EXPECT_EQ(rows[i].messages[0].content, plain[i].messages[0].content);
      EXPECT_EQ(rows[i].span.line, plain[i].span.line);
      EXPECT_EQ(rows[i].span.offset, -1);
      EXPECT_EQ(rows[i].record, lines.substr(plain[i].span.offset, plain[i].span.length));
      EXPECT_EQ(plain[i].record, "");
    }
  }
}

TEST_F(FormatsTest, TeachersAreNamedWithoutExtensions) {
  EXPECT_EQ(StemOf("qwq-32b.jsonl.gz"), "qwq-32b");
  EXPECT_EQ(StemOf("r1.json.zst"), "r1");
  EXPECT_EQ(StemOf("train-00000-of-00002.parquet"), "train-00000-of-00002");
  EXPECT_EQ(StemOf("v1.0"), "v1.0");
  EXPECT_EQ(StemOf(".gz"), ".gz");
  EXPECT_EQ(ReadGood({Write("qwq.ndjson.gz", Gzip(Chat()))}).at(0).teacher, "qwq");
}

// Cut at every byte: whole rows in front are read, then one row says what happened, and a file
// without a whole row is refused at once.
TEST_F(FormatsTest, TruncatedStreams) {
  const std::string lines = Lines(200);
  for (const bool gzip : {true, false}) {
    // A block of Zstandard, all of so short a text, comes out as a whole or not at all.
    const std::string frame = Zstd(lines.substr(0, lines.size() / 2));
    const std::string packed = gzip ? Gzip(lines) : frame + Zstd(lines.substr(lines.size() / 2));
    size_t most = 0;
    for (size_t length = 4; length < packed.size(); length += 1 + length / 40) {
      if (!gzip && length == frame.size()) continue;  // not cut, but a shorter file
      const std::string file = Write("cut", packed.substr(0, length));
      std::vector<std::string> rows;
      try {
        rows = Outcomes({file});
      } catch (const Error& error) {
        EXPECT_THAT(error.message(),
                    HasSubstr("cut off: they end after " + std::to_string(length)));
        EXPECT_EQ(error.hint(), "copy or download it again");
        continue;
      }
      ASSERT_FALSE(rows.empty());
      for (size_t i = 0; i + 1 < rows.size(); ++i) EXPECT_EQ(rows[i], std::to_string(i));
      EXPECT_THAT(rows.back(), AllOf(StartsWith("damaged-file cut:" + std::to_string(rows.size())),
                                     HasSubstr(gzip ? "the gzip data are cut off"
                                                    : "the Zstandard data are cut"),
                                     HasSubstr("the rest of the file is not read")));
      most = std::max(most, rows.size());
    }
    EXPECT_GT(most, 90);
  }
}

TEST_F(FormatsTest, DamagedStreams) {
  const std::string lines = Lines(2000);
  for (const std::string& packed : {Gzip(lines), Zstd(lines)}) {
    int damaged = 0;
    for (size_t at = 4; at < packed.size(); at += 1 + packed.size() / 200) {
      std::string flipped = packed;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      try {
        for (const std::string& row : Outcomes({Write("x", flipped)})) {
          damaged += row.starts_with("damaged-file");
        }
      } catch (const Error&) {
        ++damaged;
      }
    }
    EXPECT_GT(damaged, 50);
  }
}

TEST_F(FormatsTest, DecompressedGarbageIsToldAsSuch) {
  std::string noise = "\n";
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>(Hash64(std::to_string(i)));
  EXPECT_THAT(
      Outcomes({Write("x.gz", Gzip(noise))}),
      Each(testing::AnyOf(StartsWith("invalid-utf8 x.gz:"), StartsWith("invalid-json x.gz:"),
                          StartsWith("not-an-object x.gz:"))));
  EXPECT_THAT(Caught({Write("x.gz.gz", Gzip(Gzip(Chat())))}).message(),
              HasSubstr("is gzip within gzip or Zstandard"));
  std::string tar(1024, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_THAT(Caught({Write("x.tar.gz", Gzip(tar))}).message(), HasSubstr("is a tar archive"));
  EXPECT_THAT(Caught({Write("none.gz", Gzip(""))}).message(), HasSubstr("none.gz: is empty"));
  EXPECT_THAT(Caught({Write("none.gz", Gzip(" \n"))}).message(), HasSubstr("holds no row"));
}

std::shared_ptr<arrow::DataType> MessagesType() {
  return arrow::list(arrow::struct_({arrow::field("role", arrow::utf8()),
                                     arrow::field("content", arrow::large_utf8()),
                                     arrow::field("tool_calls", arrow::utf8())}));
}

TEST_F(FormatsTest, ParquetRowsAreOneObjectEachOfAllColumnsInOrder) {
  const std::string file = Write(
      "t.parquet",
      Parquet({{"messages", MessagesType(),
                R"([[{"role": "user", "content": "caf\u00e9 \"\\\n\t\u0001", "tool_calls": null},
                     {"role": "assistant", "content": "a", "tool_calls": "[]"}],
                    [{"role": "assistant", "content": "b", "tool_calls": null}]])"},
               {"n", arrow::int8(), "[-5, null]"},
               {"big", arrow::uint64(), "[18446744073709551615, 0]"},
               {"score", arrow::float32(), "[0.1, 1e30]"},
               {"ratio", arrow::float64(), "[0.1, -2]"},
               {"correct", arrow::boolean(), "[true, false]"},
               {"id", arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["x", "y"])"},
               {"day", arrow::date32(), "[0, 19000]"},
               {"price", arrow::decimal128(10, 2), R"(["12.50", "-0.01"])"},
               {"meta", arrow::map(arrow::utf8(), arrow::list(arrow::int32())),
                R"([[["a", [1, 2]], ["b", []]], null])"},
               {"pair", arrow::fixed_size_list(arrow::int16(), 2), "[[1, 2], [3, null]]"}},
              /*group_rows=*/1));
  const std::vector<Trajectory> rows = ReadGood({file});
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(
      rows[0].record,
      R"({"messages": [{"role": "user", "content": "café \"\\\n\u0009\u0001", "tool_calls": null}, )"
      R"({"role": "assistant", "content": "a", "tool_calls": "[]"}], "n": -5, )"
      R"("big": 18446744073709551615, "score": 0.1, "ratio": 0.1, "correct": true, "id": "x", )"
      R"("day": "1970-01-01", "price": 12.50, "meta": {"a": [1, 2], "b": []}, "pair": [1, 2]})");
  EXPECT_EQ(rows[0].messages[0].content, "caf\u00e9 \"\\\n\t\u0001");
  EXPECT_EQ(rows[0].correct, true);
  EXPECT_EQ(rows[0].id, "x");
  EXPECT_EQ(rows[0].span.offset, -1);
  EXPECT_EQ(rows[0].span.length, static_cast<int64_t>(rows[0].record.size()));
  EXPECT_EQ(rows[1].span.line, 2);
  EXPECT_THAT(rows[1].record, AllOf(HasSubstr("\"n\": null"), HasSubstr("\"meta\": null"),
                                    HasSubstr("\"score\": 1e+30"), HasSubstr("\"price\": -0.01"),
                                    HasSubstr("\"pair\": [3, null]")));
  EXPECT_EQ(rows[1].teacher, "t");
}

TEST_F(FormatsTest, ParquetWithMissingOrUnsuitableColumns) {
  EXPECT_THAT(Outcomes({Write("t.parquet", Parquet({{"text", arrow::utf8(), R"(["a", "b"])"}}))}),
              ElementsAre(HasSubstr("no-messages t.parquet:1: no conversation"),
                          HasSubstr("t.parquet:2: ")));
  EXPECT_THAT(Outcomes({Write("t.parquet",
                              Parquet({{"messages", arrow::list(arrow::int32()), "[[1], []]"}}))}),
              ElementsAre(HasSubstr("bad-field t.parquet:1: `messages[0]`: expected an object"),
                          HasSubstr("no-messages t.parquet:2: ")));
  EXPECT_THAT(
      Outcomes({Write("t.parquet", Parquet({{"messages", MessagesType(),
                                             R"([[{"role": "assistant", "content": "a"}]])"},
                                            {"image", arrow::binary(), R"(["\u00e9"])"}}))}),
      ElementsAre("t.parquet:1"));
  EXPECT_THAT(
      Caught({Write("none.parquet", Parquet({{"messages", MessagesType(), "[]"}}))}).message(),
      HasSubstr("none.parquet: holds no row"));
}

TEST_F(FormatsTest, DamagedParquet) {
  std::string values;
  for (int i = 0; i < 300; ++i) {
    values += (i ? ", [" : "[") + std::string(R"({"role": "assistant", "content": "text )") +
              std::to_string(i) + "\"}]";
  }
  const std::string whole = Parquet({{"messages", MessagesType(), "[" + values + "]"}}, 50);
  EXPECT_EQ(ReadGood({Write("t.parquet", whole)}).size(), 300);
  EXPECT_THAT(Caught({Write("cut.parquet", whole.substr(0, whole.size() / 2))}).message(),
              HasSubstr("cut.parquet: cannot be read as Parquet: "));
  int damaged = 0;
  for (size_t at = 4; at < whole.size(); at += 7) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    try {
      for (const std::string& row : Outcomes({Write("x", flipped)})) {
        damaged += row.starts_with("damaged-file");
      }
    } catch (const Error&) {
      ++damaged;
    }
  }
  EXPECT_GT(damaged, 50);
}

TEST_F(FormatsTest, PatternsExpandSorted) {
  const std::string b = Write("b.jsonl", Chat()), a = Write("a.jsonl", Chat()),
                    c = Write("c[1].jsonl", Chat());
  const std::string dir = dir_.string() + "/";
  EXPECT_THAT(ExpandInputs({dir + "[ab].jsonl", c}), ElementsAre(a, b, c));
  EXPECT_THAT(ExpandInputs({dir + "*.jsonl"}), ElementsAre(a, b, c));
  EXPECT_THAT(ExpandInputs({"-", "nowhere.jsonl"}), ElementsAre("-", "nowhere.jsonl"));
  const auto error = [](const std::vector<std::string>& files) {
    try {
      ExpandInputs(files);
    } catch (const Error& e) {
      return e.message();
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(error({dir + "*.json"}), dir + "*.json: no file matches this pattern");
  EXPECT_EQ(error({a, dir + "*.jsonl"}), a + ": is named twice among the input files");
  EXPECT_EQ(error({}), "no input files");
}

TEST_F(FormatsTest, StandardInputIsNobodysFile) {
  const std::string spool = Write("spool", Chat() + "\n" + Chat(R"("id": 7)"));
  TrajectoryReader reader({"-"}, spool);
  ReadItem item;
  ASSERT_TRUE(reader.Next(&item));
  const auto& first = std::get<Trajectory>(item);
  EXPECT_EQ(first.id, "stdin:1");
  EXPECT_EQ(first.teacher, "stdin");
  EXPECT_EQ(first.record, Chat());
  EXPECT_EQ(first.span.offset, -1);
  ASSERT_TRUE(reader.Next(&item));
  EXPECT_EQ(std::get<Trajectory>(item).id, "7");
  EXPECT_FALSE(reader.Next(&item));
  const InputFile input = ScanInputs({.files = {"-"}}, spool).at(0);
  EXPECT_EQ(input.path, "-");
  EXPECT_EQ(input.hash, HashFile(spool));
  EXPECT_EQ(input.rows, 2);
}

TEST_F(FormatsTest, ScanCountsTheRowsThatAreRead) {
  const std::string lines = Lines(100);
  for (const std::string& bytes : {lines, Gzip(lines), Zstd(lines), Gzip(lines).substr(0, 900)}) {
    const std::string file = Write("x", bytes);
    const InputFile input = ScanInputs({.files = {file}}).at(0);
    int64_t rows = 0, row_bytes = 0;
    for (const ReadItem& item : ReadAll({file})) {
      ++rows;
      row_bytes += std::visit([](const auto& any) { return any.span.length; }, item);
    }
    EXPECT_EQ(input.rows, rows);
    EXPECT_EQ(input.row_bytes, row_bytes);
    EXPECT_EQ(input.bytes, static_cast<int64_t>(bytes.size()));
    EXPECT_EQ(input.hash, HashBytes(bytes));
  }
}

}  // namespace
}  // namespace rsr
