// Which rows are read, and which of their columns are kept: the options of InputOptions.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "data/data_testing.h"

namespace rsr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class FiltersTest : public DataTest {
 protected:
  std::string WriteRows(const std::string& name, const std::string& teacher, int from,
                        int to) const {
    std::string lines;
    for (int i = from; i < to; ++i) {
      lines += Chat("\"id\": \"" + teacher + std::to_string(i) + "\", \"teacher\": \"" + teacher +
                    "\", \"problem_id\": " + std::to_string(i % 10) +
                    ", \"correct\": " + (i % 2 == 0 ? "true" : "false") +
                    ", \"meta\": {\"reward\": " + std::to_string(i) + "}") +
               "\n";
    }
    return Write(name, lines);
  }

  static std::vector<Trajectory> Read(const InputOptions& options, LeftOut* left_out = nullptr) {
    TrajectoryReader reader(options);
    std::vector<Trajectory> rows;
    for (ReadItem item; reader.Next(&item);) {
      if (const auto* rejection = std::get_if<Rejection>(&item)) {
        ADD_FAILURE() << rejection->message;
      } else {
        rows.push_back(std::get<Trajectory>(std::move(item)));
      }
    }
    if (left_out != nullptr) *left_out = reader.left_out();
    return rows;
  }

  static std::set<std::string> Ids(const InputOptions& options) {
    std::set<std::string> ids;
    for (const Trajectory& row : Read(options)) ids.insert(row.id);
    return ids;
  }

  static std::string ErrorOf(const InputOptions& options) {
    try {
      TrajectoryReader reader(options);
    } catch (const Error& error) {
      return error.message() + "; " + error.hint();
    }
    return "accepted";
  }
};

TEST_F(FiltersTest, WhereLeavesRowsOutAndCountsThem) {
  const std::string a = WriteRows("a.jsonl", "a", 0, 20), b = WriteRows("b.jsonl", "b", 0, 20);
  TrajectoryReader reader(
      InputOptions{.files = {a, b}, .where = "correct and meta.reward >= 10 and teacher = 'b'"});
  std::vector<std::string> ids;
  std::vector<int64_t> numbers;
  for (ReadItem item; reader.Next(&item);) {
    ids.push_back(std::get<Trajectory>(item).id);
    numbers.push_back(std::get<Trajectory>(item).row);
  }
  EXPECT_THAT(ids, ElementsAre("b10", "b12", "b14", "b16", "b18"));
  EXPECT_THAT(numbers, ElementsAre(30, 32, 34, 36, 38));  // left out rows are counted, too
  EXPECT_EQ(reader.left_out(0).where, 20);
  EXPECT_EQ(reader.left_out(1).where, 15);
  EXPECT_EQ(reader.left_out().where, 35);
  EXPECT_EQ(reader.left_out().sample, 0);
}

// Every row is one shard's, be it read, rejected, filtered out or not sampled.
TEST_F(FiltersTest, ShardsAreTheWholeInParts) {
  const std::string a = WriteRows("a.jsonl", "a", 0, 40), b = WriteRows("b.jsonl", "b", 0, 20);
  std::string bad;
  for (int i = 0; i < 10; ++i) bad += "{\n" + Chat("\"id\": \"a" + std::to_string(i) + "\"") + "\n";
  const InputOptions whole{.files = {a, b, Write("bad.jsonl", bad)},
                           .where = "not correct or teacher != 'b'",
                           .sample = "7/teacher"};
  struct Seen {
    std::map<int64_t, std::string> rows, rejected;  // by row number
    LeftOut left_out;
  };
  const auto read = [](const InputOptions& options) {
    Seen seen;
    TrajectoryReader reader(options);
    for (ReadItem item; reader.Next(&item);) {
      if (const auto* rejection = std::get_if<Rejection>(&item)) {
        seen.rejected[rejection->row] = rejection->message;
      } else {
        seen.rows[std::get<Trajectory>(item).row] = std::get<Trajectory>(item).id;
      }
    }
    seen.left_out = reader.left_out();
    return seen;
  };
  const Seen all = read(whole);
  EXPECT_EQ(all.rows.size(), 14U);
  EXPECT_EQ(all.rejected.size(), 20U);
  Seen parts;
  for (int i = 1; i <= 3; ++i) {
    InputOptions shard = whole;
    shard.shard = std::to_string(i) + "/3";
    const Seen seen = read(shard);
    for (const auto& [row, id] : seen.rows) EXPECT_EQ(row % 3, i - 1);
    for (const auto& [row, message] : seen.rejected) EXPECT_EQ(row % 3, i - 1);
    parts.rows.insert(seen.rows.begin(), seen.rows.end());
    parts.rejected.insert(seen.rejected.begin(), seen.rejected.end());
    parts.left_out.where += seen.left_out.where;
    parts.left_out.sample += seen.left_out.sample;
    parts.left_out.shard += seen.left_out.shard;
  }
  EXPECT_EQ(parts.rows, all.rows);
  EXPECT_EQ(parts.rejected, all.rejected);
  EXPECT_EQ(parts.left_out.where, all.left_out.where);
  EXPECT_EQ(parts.left_out.sample, all.left_out.sample);
  EXPECT_EQ(all.left_out.shard, 0);
  EXPECT_EQ(parts.left_out.shard, 2 * 80);  // two of three leave each row out
}

TEST_F(FiltersTest, WhereThatDoesNotFitARowRejectsIt) {
  const std::string file =
      Write("a.jsonl", Chat(R"("score": 1)") + "\n" + Chat(R"("score": "high")"));
  TrajectoryReader reader(InputOptions{.files = {file}, .where = "score > 0"});
  ReadItem item;
  ASSERT_TRUE(reader.Next(&item));
  EXPECT_TRUE(std::holds_alternative<Trajectory>(item));
  ASSERT_TRUE(reader.Next(&item));
  EXPECT_EQ(std::get<Rejection>(item).reason, "bad-field");
  EXPECT_THAT(std::get<Rejection>(item).message,
              HasSubstr(":2: --where score > 0: the text 'high' and the number 0 have no order"));
}

TEST_F(FiltersTest, SamplesAreTheSameInAnyOrderOfTheFiles) {
  const std::string a = WriteRows("a.jsonl", "a", 0, 300), b = WriteRows("b.jsonl", "b", 0, 300),
                    more = WriteRows("more.jsonl", "b", 300, 305);
  LeftOut left_out;
  const std::vector<Trajectory> rows =
      Read({.files = {a, b, more}, .sample = "40/teacher"}, &left_out);
  std::map<std::string, int> by_teacher;
  for (const Trajectory& row : rows) ++by_teacher[row.teacher];
  EXPECT_THAT(by_teacher, ElementsAre(std::pair("a", 40), std::pair("b", 40)));
  EXPECT_EQ(left_out.sample, 525);
  const std::set<std::string> ids = Ids({.files = {a, b, more}, .sample = "40/teacher"});
  EXPECT_EQ(Ids({.files = {more, b, a}, .sample = "40/teacher"}), ids);
  EXPECT_NE(Ids({.files = {a, b, more}, .sample = "40/teacher", .seed = 1}), ids);
  // A larger sample holds the smaller one.
  const std::set<std::string> larger = Ids({.files = {a, b, more}, .sample = "41/teacher"});
  EXPECT_TRUE(std::includes(larger.begin(), larger.end(), ids.begin(), ids.end()));
  EXPECT_EQ(Ids({.files = {a, b}, .sample = "3/problem"}).size(), 30);
  EXPECT_EQ(Ids({.files = {a, b}, .sample = "7"}).size(), 7);
  EXPECT_EQ(Ids({.files = {a}, .sample = "1000/teacher"}).size(), 300);
}

// Teachers are compared on the problems that they share.
TEST_F(FiltersTest, SamplesOfTeachersAreOfTheSameProblems) {
  const auto write = [&](const std::string& teacher, int problems, int of_each) {
    std::string lines;
    for (int i = 0; i < problems * of_each; ++i) {
      lines += Chat("\"id\": \"" + teacher + std::to_string(i) +
                    "\", \"problem_id\": " + std::to_string(i % problems)) +
               "\n";
    }
    return Write(teacher + ".jsonl", lines);
  };
  const std::vector<std::string> files = {write("a", 30, 4), write("b", 30, 1), write("c", 5, 9)};
  const auto problems = [&](int n) {
    std::map<std::string, std::map<std::string, int>> rows;  // [teacher][problem]
    for (const Trajectory& row : Read({.files = files, .sample = std::to_string(n) + "/teacher"}))
      ++rows[row.teacher][row.problem_id];
    return rows;
  };
  auto eight = problems(8);
  EXPECT_EQ(eight["a"], eight["b"]);
  EXPECT_EQ(eight["a"].size(), 8);
  EXPECT_EQ(eight["c"].size(), 5);  // all there are, three of them twice
  auto many = problems(45);
  EXPECT_EQ(many["a"].size(), 30);  // fifteen of them twice
  for (const auto& [problem, rows] : many["a"]) EXPECT_LE(rows, 2);
  EXPECT_EQ(many["b"].size(), 30);
  EXPECT_EQ(many["c"].begin()->second, 9);
}

// Among the rows that the filter lets through.
TEST_F(FiltersTest, WhereComesBeforeSample) {
  const std::string a = WriteRows("a.jsonl", "a", 0, 100);
  LeftOut left_out;
  const std::vector<Trajectory> rows =
      Read({.files = {a}, .where = "correct", .sample = "20/teacher"}, &left_out);
  EXPECT_EQ(rows.size(), 20);
  for (const Trajectory& row : rows) EXPECT_EQ(row.correct, true);
  EXPECT_EQ(left_out.where, 50);
  EXPECT_EQ(left_out.sample, 30);
}

TEST_F(FiltersTest, KeptColumnsAndTeachers) {
  const std::string file = Write(
      "qwq.jsonl", Chat(R"("model": "m1", "n": 3, "meta": {"tags": ["x"], "deep": {"k": "v"}})") +
                       "\n" + Chat(R"("model": 7, "n": null)"));
  const std::vector<Trajectory> rows =
      Read({.files = {file},
            .teacher_from = "model",
            .keep = {{"n", "n"}, {"tags", "meta.tags"}, {"k", "meta.deep.k"}}});
  EXPECT_EQ(rows[0].teacher, "m1");
  EXPECT_EQ(rows[1].teacher, "7");
  EXPECT_THAT(rows[0].kept, ElementsAre("3", "[\"x\"]", "v"));
  EXPECT_THAT(rows[1].kept, ElementsAre(std::nullopt, std::nullopt, std::nullopt));

  const std::string named = Write("r1.jsonl", Chat(R"("teacher": "t")"));
  EXPECT_EQ(Read({.files = {named}, .teacher_from = "filename"})[0].teacher, "r1");
  EXPECT_EQ(Read({.files = {named}})[0].teacher, "t");
  const std::string lacking = Write("l.jsonl", Chat(R"("model": "m")") + "\n" + Chat());
  TrajectoryReader reader(InputOptions{.files = {lacking}, .teacher_from = "model"});
  ReadItem item;
  ASSERT_TRUE(reader.Next(&item) && reader.Next(&item));
  EXPECT_THAT(std::get<Rejection>(item).message,
              HasSubstr(":2: `model`: expected the teacher, a string or a number, got none"));
}

TEST_F(FiltersTest, ColumnsThatAreNotThereAreToldBeforehand) {
  const std::string file =
      Write("a.jsonl", "\n{oops\n" + Chat(R"("domain": "math", "meta": {"x": 1})"));
  const std::string nothing = ": no such column in the first 200 rows of the input; ";
  EXPECT_EQ(ErrorOf({.files = {file}, .keep = {{"domian", "domian"}}}),
            "--keep domian" + nothing + "did you mean 'domain'?");
  EXPECT_THAT(ErrorOf({.files = {file}, .teacher_from = "model"}),
              StartsWith("--teacher-from model" + nothing));
  EXPECT_THAT(ErrorOf({.files = {file}, .where = "correct and rewad > 1"}),
              StartsWith("--where rewad" + nothing));
  EXPECT_THAT(ErrorOf({.files = {file}, .map = {{"id", "uid"}}}),
              StartsWith("--map uid" + nothing));
  EXPECT_EQ(ErrorOf({.files = {file},
                     .map = {{"role", "speaker"}},
                     .keep = {{"x", "meta.x"}},
                     .where = "domain = 'math' and teacher = 't'"}),
            "accepted");
}

TEST_F(FiltersTest, UnusableOptions) {
  const std::string file = Write("a.jsonl", Chat());
  EXPECT_THAT(ErrorOf({.files = {file}, .dialect = "openai"}),
              StartsWith("unknown --dialect 'openai'"));
  EXPECT_THAT(ErrorOf({.files = {file}, .where = "correct and"}),
              StartsWith("filter `correct and`"));
  for (const char* sample : {"0", "x", "-1", "5/", "5/tacher", "/teacher", "5 /teacher", "1e3"}) {
    EXPECT_THAT(ErrorOf({.files = {file}, .sample = sample}), StartsWith("--sample '")) << sample;
  }
  EXPECT_THAT(ErrorOf({.files = {file}, .sample = "5/tacher"}),
              HasSubstr("did you mean 'teacher'"));
  EXPECT_THAT(ErrorOf({.files = {"-"}, .sample = "5"}), HasSubstr("a pipe cannot be"));
}

TEST_F(FiltersTest, AFileOfAnotherKindIsGivenUp) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "{\"text\": 1}\n";
  const auto read = [&](const std::string& bytes) {
    TrajectoryReader reader({Write("x.jsonl", bytes)});
    ReadItem item;
    while (reader.Next(&item)) {
    }
  };
  try {
    read(lines);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(),
                HasSubstr("x.jsonl: none of its first 1000 rows can be read; the last "
                          "of them: "));
  }
  read(Chat() + "\n" + lines);
}

}  // namespace
}  // namespace rsr
