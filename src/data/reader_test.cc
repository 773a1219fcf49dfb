#include "data/reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "base/file.h"
#include "base/hash.h"
#include "data/data_testing.h"
#include "rsr/error.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

class ReaderTest : public DataTest {
 protected:
  static std::string BytesAt(const std::vector<std::string>& files, const RecordSpan& span) {
    return ReadFile(files.at(span.file)).substr(span.offset, span.length);
  }
};

TEST_F(ReaderTest, Defaults) {
  const std::vector<Trajectory> rows =
      ReadGood({Write("qwq-32b.jsonl", "\n" + Chat() + "\n" + Chat(R"("id": "x")"))});
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].id, "qwq-32b.jsonl:2");
  EXPECT_EQ(rows[0].problem_id, "h:" + HashBytes("q").substr(0, 16));
  EXPECT_EQ(rows[0].teacher, "qwq-32b");
  EXPECT_EQ(rows[0].source, "");
  EXPECT_EQ(rows[1].id, "x");
  EXPECT_EQ(rows[1].problem_id, rows[0].problem_id);
  EXPECT_EQ(ReadGood({Write("v1.0", Chat())})[0].teacher, "v1.0");
  EXPECT_EQ(ReadGood({Write(".json", Chat())})[0].teacher, ".json");

  const std::string no_user = R"({"messages": [{"role": "assistant", "content": "alone"}]})";
  EXPECT_EQ(ReadGood({Write("a.json", no_user)})[0].problem_id,
            "h:" + HashBytes("alone").substr(0, 16));
}

TEST_F(ReaderTest, FilesOfOneNameAreToldApart) {
  const std::string a = Write("a/train.jsonl", Chat()), b = Write("b/train.jsonl", Chat());
  const std::vector<Trajectory> rows = ReadGood({a, b});
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].id, a + ":1");
  EXPECT_EQ(rows[1].id, b + ":1");
  EXPECT_EQ(rows[1].teacher, (dir_ / "b/train").string());
}

TEST_F(ReaderTest, BadRowsAreNamedAndTheRestIsRead) {
  const std::string file =
      Write("chats.jsonl", Chat() + "\n{\"id\": \"x\"}\n\n{oops\n\xFF\n[]\n" + Chat());
  EXPECT_THAT(
      Outcomes({file}),
      ElementsAre(
          "chats.jsonl:1",
          HasSubstr("no-messages chats.jsonl:2: no `messages`: expected `messages` as in line 1"),
          HasSubstr("invalid-json chats.jsonl:4: not valid JSON: "),
          HasSubstr("invalid-utf8 chats.jsonl:5: not valid UTF-8"),
          HasSubstr("not-an-object chats.jsonl:6: expected a JSON object"), "chats.jsonl:7"));
  const ReadItem second = ReadAll({file})[1];
  EXPECT_EQ(std::get<Rejection>(second).id, "x");
  EXPECT_EQ(std::get<Rejection>(second).span.line, 2);
}

TEST_F(ReaderTest, ArrayRowsOnOneLineHaveIdsOfTheirOwn) {
  const std::string file = Write("c.json", "[" + Chat() + "," + Chat() + ",oops,\n" + Chat() + "]");
  EXPECT_THAT(Outcomes({file}), ElementsAre("c.json:1", "c.json:1#2",
                                            HasSubstr("invalid-json c.json:1#3: "), "c.json:2"));
}

TEST_F(ReaderTest, ATornArrayKeepsItsWholeRows) {
  const std::string file = Write("c.json", "[\n" + Chat() + ",\n{\"messages\": [{\"role\": \"us");
  EXPECT_THAT(Outcomes({file, Write("d.jsonl", Chat())}),
              ElementsAre("c.json:2",
                          "invalid-json c.json:3: not valid JSON: the list element that begins "
                          "here does not end; the "
                          "rest of the file is not read: {\"messages\": [{\"role\": \"us",
                          "d.jsonl:1"));
}

TEST_F(ReaderTest, LaterRowsOfAnIdAreRejected) {
  const std::string x = Chat(R"("id": "x")"), bad = R"({"id": "x"})";
  EXPECT_THAT(
      Outcomes({Write("a.jsonl", bad + "\n" + x + "\n" + x),
                Write("b.jsonl", Chat(R"("id": "y")") + "\n" + x)}),
      ElementsAre(HasSubstr("no-messages"), "x",
                  HasSubstr("duplicate-id a.jsonl:3: the id `x` is already that of a.jsonl:2"), "y",
                  HasSubstr("duplicate-id b.jsonl:2: the id `x` is already that of a.jsonl:2")));
}

TEST_F(ReaderTest, SpansAreTheRowsBytes) {
  const std::string first = Chat(R"("text": "a,]\"}\\")"),
                    second = "{\"messages\":\r\n [{\"role\": \"assistant\"}]}";
  const std::vector<std::string> files = {
      Write("lines.jsonl", "\xEF\xBB\xBF  " + first + " \r\n\r\n" + Chat() + "\r\n"),
      Write("array.json", "\xEF\xBB\xBF\r\n[ " + first + " ,\r\n" + second + "\r\n]\r\n")};
  const std::vector<Trajectory> rows = ReadGood(files);
  std::vector<std::string> bytes;
  std::vector<int64_t> lines;
  for (const Trajectory& row : rows) {
    bytes.push_back(BytesAt(files, row.span));
    lines.push_back(row.span.line);
  }
  EXPECT_THAT(bytes, ElementsAre(first, Chat(), first, second));
  EXPECT_THAT(lines, ElementsAre(1, 3, 2, 3));
}

TEST_F(ReaderTest, UnusableFilesAreErrors) {
  Write("chats.jsonl", Chat());
  EXPECT_THAT(Caught({(dir_ / "chat.jsonl").string()}).message(),
              HasSubstr("chat.jsonl: no such file"));
  EXPECT_THAT(Caught({(dir_ / "chat.jsonl").string()}).hint(), HasSubstr("chats.jsonl"));
  EXPECT_THAT(Caught({dir_.string()}).message(), HasSubstr("is a directory"));
  EXPECT_THAT(Caught({Write("empty", "")}).message(), HasSubstr("is empty"));
  for (const char* nothing : {" \n\r\n", "\xEF\xBB\xBF", "[]", "[ \n]\n"}) {
    EXPECT_THAT(Caught({Write("none", nothing)}).message(), HasSubstr("holds no row")) << nothing;
  }
  EXPECT_THAT(Caught({Write("x.zip", "PK\x03\x04")}).message(),
              HasSubstr("x.zip: is zip, expected JSON Lines or a JSON array in UTF-8"));
  EXPECT_THAT(Caught({Write("x.xz",
                            "\xFD"
                            "7zXZ")})
                  .message(),
              HasSubstr("is xz"));
  EXPECT_THAT(Caught({Write("x.jsonl.gz", "\x1F\x8B\x08")}).message(),
              HasSubstr("x.jsonl.gz: the gzip data are cut off: they end after 3 bytes"));
  EXPECT_THAT(Caught({Write("x.parquet", "PAR1")}).message(),
              HasSubstr("x.parquet: cannot be read as Parquet: "));
}

std::string RandomString(std::mt19937* random) {
  static const std::vector<std::string> kPieces = {"a",
                                                   " ",
                                                   ",",
                                                   "]",
                                                   "[",
                                                   "{",
                                                   "}",
                                                   ":",
                                                   R"(\")",
                                                   R"(\\)",
                                                   R"(\n)",
                                                   R"(\u00e9)",
                                                   R"(\ud83d\ude00)",
                                                   "\u00e9",
                                                   "\U0001f600",
                                                   "\u2028"};
  std::string text = "\"";
  for (size_t n = (*random)() % 30; n > 0; --n) text += kPieces[(*random)() % kPieces.size()];
  return text + "\"";
}

std::string RandomRow(int number, std::mt19937* random) {
  std::string row = R"({"other": [[{}, )" + RandomString(random) + R"(]], "messages": [)";
  for (size_t n = (*random)() % 4; n > 0; --n)
    row += R"({"role": "user", "content": )" + RandomString(random) + "}, ";
  row += R"({"role": "assistant", "content": )" + RandomString(random) + R"(, "tool_calls": [)" +
         RandomString(random) + "]}]";
  if ((*random)() % 2 == 0) row += R"(, "id": )" + std::to_string(number);
  return row + "}";
}

bool SameTrajectory(const Trajectory& a, const Trajectory& b) {
  const auto same_message = [](const Message& m, const Message& n) {
    return m.role == n.role && m.content == n.content && m.reasoning == n.reasoning &&
           m.tool_calls == n.tool_calls;
  };
  return a.row == b.row && a.id == b.id && a.problem_id == b.problem_id && a.teacher == b.teacher &&
         std::equal(a.messages.begin(), a.messages.end(), b.messages.begin(), b.messages.end(),
                    same_message);
}

// The array has its rows on the same lines, so that the default ids agree.
TEST_F(ReaderTest, LinesAndArrayGiveTheSameTrajectories) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::string lines, array = "[ ";
    const int rows = 1 + static_cast<int>(random() % 20);
    for (int i = 0; i < rows; ++i) {
      const std::string row = RandomRow(i, &random);
      lines += row + "\n";
      array += row + (i + 1 < rows ? " ,\n" : "]");
    }
    const std::vector<std::string> a = {Write("a/x.json", lines)}, b = {Write("b/x.json", array)};
    const std::vector<Trajectory> from_lines = ReadGood(a), from_array = ReadGood(b);
    ASSERT_EQ(from_lines.size(), static_cast<size_t>(rows));
    ASSERT_EQ(from_array.size(), static_cast<size_t>(rows));
    for (int i = 0; i < rows; ++i) {
      EXPECT_TRUE(SameTrajectory(from_lines[i], from_array[i])) << BytesAt(a, from_lines[i].span);
      EXPECT_EQ(BytesAt(a, from_lines[i].span), BytesAt(b, from_array[i].span));
    }
  }
}

// Every prefix of a good file and every single byte replaced: never a crash, and rows in front are
// untouched.
TEST_F(ReaderTest, DamagedFilesNeverCrash) {
  const std::string lines = Chat() + "\n" + Chat(R"("tools": "[1]", "id": 5)"),
                    array = "[" + Chat() + ",\n" + Chat() + "]";
  for (const std::string& whole : {lines, array}) {
    for (size_t at = 1; at < whole.size(); ++at) {
      EXPECT_FALSE(ReadAll({Write("x", whole.substr(0, at))}).empty());
      for (const char byte : {'\0', '"', '\\', '[', ']', '{', '}', ',', '\n', '\xFF'}) {
        std::string damaged = whole;
        damaged[at] = byte;
        const std::vector<ReadItem> items = ReadAll({Write("x", damaged)});
        ASSERT_FALSE(items.empty());
        if (at > Chat().size() + 2) {
          EXPECT_TRUE(std::holds_alternative<Trajectory>(items[0])) << damaged;
        }
      }
    }
  }
}

TEST_F(ReaderTest, ARowOfHundredMegabytes) {
  const std::string text(100'000'000, 'x');
  const std::string file =
      Write("long.jsonl", Chat() + "\n{\"messages\": [{\"role\": \"assistant\", \"content\": \"" +
                              text + "\"}]}\n" + Chat());
  const std::vector<Trajectory> rows = ReadGood({file});
  ASSERT_EQ(rows.size(), 3);
  EXPECT_TRUE(rows[1].messages[0].content == text);
}

TEST_F(ReaderTest, ScanInputsCountsAndHashes) {
  const std::vector<std::string> files = {Write("a.jsonl", Chat() + "\noops\n\n" + Chat()),
                                          Write("b.json", "[1,{},2")};
  const std::vector<InputFile> inputs = ScanInputs({.files = files});
  ASSERT_EQ(inputs.size(), 2);
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(inputs[i].path, files[i]);
    EXPECT_EQ(inputs[i].hash, HashFile(files[i]));
    EXPECT_EQ(inputs[i].bytes, static_cast<int64_t>(fs::file_size(files[i])));
    EXPECT_EQ(inputs[i].rows, static_cast<int64_t>(ReadAll({files[i]}).size()));
  }
  EXPECT_EQ(inputs[0].rows, 3);
  EXPECT_THROW(ScanInputs({.files = {Write("none", "")}}), Error);
}

TEST_F(ReaderTest, RealFiles) {
  const fs::path data = fs::path(RSR_SHARED_DIR) / "data";
  if (!fs::exists(data)) GTEST_SKIP() << "no " << data;
  int files = 0;
  for (const fs::directory_entry& set : fs::directory_iterator(data)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(set.path())) {
      if (entry.path().extension() != ".jsonl") continue;
      const std::string path = entry.path().string(), bytes = ReadFile(path);
      const std::vector<Trajectory> rows = ReadGood({path});
      EXPECT_EQ(static_cast<int64_t>(rows.size()), std::count(bytes.begin(), bytes.end(), '\n'))
          << path;
      std::string rebuilt;
      for (const Trajectory& row : rows) {
        rebuilt += bytes.substr(row.span.offset, row.span.length) + "\n";
        EXPECT_EQ(row.teacher, entry.path().stem()) << path;
      }
      EXPECT_TRUE(rebuilt == bytes) << path;
      ++files;
    }
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace rsr
