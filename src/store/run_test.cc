// Round trips: what is written is what is read, bit for bit.
#include "store/run.h"

#include <fstream>
#include <limits>

#include "store/store_testing.h"
#include "store/verified.h"

namespace rsr {
namespace {

class RunTest : public StoreTest {};

RunRow ExtremeRow(int64_t number) {
  RunRow row = MakeTestRow(number, 8);
  using Float = std::numeric_limits<float>;
  row.tokens.surprisal = {0.0f,         -0.0f,           Float::infinity(),   Float::quiet_NaN(),
                          Float::max(), Float::lowest(), Float::denorm_min(), 1e-30f};
  row.tokens.rank = {1, 2, 100, 101, 49152, std::numeric_limits<int32_t>::max(), 1, 1};
  row.sum_surprisal = std::numeric_limits<double>::infinity();
  row.sum_rank = std::numeric_limits<double>::quiet_NaN();
  row.offset = std::numeric_limits<int64_t>::max();
  row.id = "多语言 \"quoted\"\n\\";
  row.teacher = "";
  return row;
}

TEST_F(RunTest, EveryColumnComesBackBitForBit) {
  auto writer = RunWriter::Open(run_, MakeTestInfo());
  std::map<int64_t, RunRow> written;
  for (int64_t i = 0; i < 6; ++i) written[i] = MakeTestRow(i, static_cast<int32_t>(100 * i + 1));
  written[6] = ExtremeRow(6);
  written[7] = MakeTestRow(7, 0);        // no scored token
  written[8] = MakeTestRow(8, 200'000);  // longer than a row group is meant to be
  for (const auto& [number, row] : written) writer->Append(row);
  const auto check = [&] {
    const auto read = ReadRows(run_);
    ASSERT_EQ(read.size(), written.size());
    for (const auto& [number, row] : written) ExpectSameRow(read.at(number), row);
  };
  check();  // out of the stream in flight
  writer->Finish(true);
  check();  // out of the shard
  EXPECT_TRUE(PathExists(Shard(0)));
  EXPECT_FALSE(PathExists(Stream(0)));
}

TEST_F(RunTest, PassesHaveColumnsOfTheirOwn) {
  const auto filled = [](int64_t number, const std::string& pass) {
    RunRow row = MakeTestRow(number, 3);
    row.tokens = {};
    row.kept.clear();
    row.record.clear();
    if (pass == "ifd") row.pass = {.sum_alone_surprisal = 6.5, .alone_surprisal = {1, 2, 3.5}};
    if (pass == "local_surprisal") {
      row.pass = {.steps = 2,
                  .sum_local_surprisal = 6,
                  .mean_step_surprisal = 2.25,
                  .local_surprisal = {1, 2, 3},
                  .step = {0, 0, 1}};
    }
    if (pass == "gradients") {
      row.pass = {.gnorm_head = 0.5, .gnorm_hidden = 1.5, .projection = {-1, 0, 1, 2}};
    }
    return row;
  };
  for (const std::string pass : {"ifd", "local_surprisal", "gradients"}) {
    const std::string dir = PassPath(run_, pass);
    RunInfo info = MakeTestInfo();
    info.kept.clear();
    info.pass = pass;
    info.pass_options = "k=1";
    auto writer = RunWriter::Open(dir, info, {.shard_tokens = 7});
    for (int64_t i = 0; i < 4; ++i) writer->Append(filled(i, pass));  // 3 in a shard, 1 in flight
    const auto rows = ReadRows(dir);
    ASSERT_EQ(rows.size(), 4u);
    for (const auto& [number, row] : rows) {
      const RunRow want = filled(number, pass);
      ExpectSameRow(row, want);
      EXPECT_EQ(row.pass.sum_alone_surprisal, want.pass.sum_alone_surprisal);
      EXPECT_EQ(row.pass.alone_surprisal, want.pass.alone_surprisal);
      EXPECT_EQ(row.pass.steps, want.pass.steps);
      EXPECT_EQ(row.pass.sum_local_surprisal, want.pass.sum_local_surprisal);
      EXPECT_EQ(row.pass.mean_step_surprisal, want.pass.mean_step_surprisal);
      EXPECT_EQ(row.pass.local_surprisal, want.pass.local_surprisal);
      EXPECT_EQ(row.pass.step, want.pass.step);
      EXPECT_EQ(row.pass.gnorm_head, want.pass.gnorm_head);
      EXPECT_EQ(row.pass.gnorm_hidden, want.pass.gnorm_hidden);
      EXPECT_EQ(row.pass.projection, want.pass.projection);
    }
    for (const auto& [number, row] : ReadRows(dir, RunReader::kNone)) {
      EXPECT_TRUE(row.pass.alone_surprisal.empty() && row.pass.projection.empty());
      EXPECT_EQ(row.pass.gnorm_head, filled(number, pass).pass.gnorm_head);
    }
    writer.reset();
    info.pass_options = "k=2";
    EXPECT_THAT(ThrownBy([&] { RunWriter::Open(dir, info); }).message(),
                testing::HasSubstr("options of the pass: 'k=1' in the run, 'k=2' now"));
    std::filesystem::remove(dir + "/shards/00000.parquet");
    EXPECT_THAT(ThrownBy([&] { RunReader::Open(dir); }).hint(),
                testing::HasSubstr("run `rsr extend " + run_ + " --add " + pass + ":k=1` again"));
    EXPECT_EQ(ReadRunInfo(dir)->pass, pass);
  }
}

TEST_F(RunTest, OnlyTheColumnsAskedForAreRead) {
  auto writer = RunWriter::Open(run_, MakeTestInfo(), {.shard_tokens = 100});
  AppendTestRows(writer.get(), 3, 60);  // two in a shard, one in flight
  EXPECT_TRUE(PathExists(Shard(0)));
  EXPECT_TRUE(PathExists(Stream(1)));
  for (const auto& [number, row] : ReadRows(run_, RunReader::kRank | RunReader::kKind)) {
    const RunRow expected = MakeTestRow(number, 60);
    EXPECT_EQ(row.tokens.rank, expected.tokens.rank);
    EXPECT_EQ(row.tokens.kind, expected.tokens.kind);
    EXPECT_TRUE(row.tokens.surprisal.empty());
    EXPECT_TRUE(row.tokens.token_id.empty());
    EXPECT_EQ(row.teacher, expected.teacher);
    EXPECT_EQ(row.sum_rank_clip, expected.sum_rank_clip);
  }
}

// Blocks of rows end before, at and behind rows without tokens; the rows fill three row groups.
TEST_F(RunTest, RowsOfAnyLengthComeBackWithAndWithoutTheirRecords) {
  const std::vector<int32_t> lengths = {0, 5000, 9000, 0, 8192, 1, 0, 1, 3,       0, 200'000,
                                        7, 0,    8000, 0, 192,  0, 0, 5, 250'000, 0};
  const auto writer = RunWriter::Open(run_, MakeTestInfo());
  for (size_t i = 0; i < lengths.size(); ++i)
    writer->Append(MakeTestRow(static_cast<int64_t>(i), lengths[i]));
  writer->Finish(true);
  const uint32_t tokens = RunReader::kSurprisal | RunReader::kTokenId | RunReader::kKind;
  for (const uint32_t columns : {tokens, tokens | RunReader::kRecord}) {
    size_t rows = 0;
    RunReader::Open(run_)->ForEach(columns, [&](const RunRow& row) {
      const RunRow written = MakeTestRow(row.row, lengths.at(row.row));
      EXPECT_EQ(row.id, written.id);
      EXPECT_EQ(row.record, columns == tokens ? "" : written.record);
      EXPECT_EQ(Bits(row.tokens.surprisal), Bits(written.tokens.surprisal));
      EXPECT_EQ(row.tokens.token_id, written.tokens.token_id);
      EXPECT_EQ(row.tokens.kind, written.tokens.kind);
      EXPECT_TRUE(row.tokens.rank.empty());
      ++rows;
    });
    EXPECT_EQ(rows, lengths.size());
  }
}

TEST_F(RunTest, OnlyTheRowsWantedAreVisited) {
  auto writer = RunWriter::Open(run_, MakeTestInfo(), {.shard_tokens = 300'000});
  // In a shard of two row groups and, of the last, in flight.
  const std::vector<int32_t> tokens = {70, 200'000, 0, 90'000, 60};
  for (size_t i = 0; i < tokens.size(); ++i) {
    writer->Append(MakeTestRow(static_cast<int64_t>(i), tokens[i]));
  }
  const auto reader = RunReader::Open(run_);
  const auto rows = [&](uint32_t columns, const std::set<int64_t>& wanted) {
    std::map<int64_t, RunRow> rows;
    reader->ForEach(
        columns, [&](const RunRow& row) { rows.emplace(row.row, row); },
        [&](const RunRow& row) { return wanted.contains(row.row); });
    return rows;
  };
  for (const std::set<int64_t>& wanted : {std::set<int64_t>{}, {0}, {1}, {2}, {3}, {4}, {0, 3}}) {
    const auto read = rows(RunReader::kAll, wanted);
    const auto without_records = rows(RunReader::kRank, wanted);
    EXPECT_EQ(read.size(), wanted.size());
    EXPECT_EQ(without_records.size(), wanted.size());
    for (const int64_t i : wanted) {
      const RunRow written = MakeTestRow(i, tokens[i]);
      ExpectSameRow(read.at(i), written);
      EXPECT_EQ(without_records.at(i).tokens.rank, written.tokens.rank);
    }
  }
}

// Labels of another run's file, copied here, are of rows with other ids.
TEST_F(RunTest, VerifiedLabelsAreOfTheSameTrajectory) {
  auto writer = RunWriter::Open(run_, MakeTestInfo());
  AppendTestRows(writer.get(), 3, 5);  // labelled true, false and true
  writer->Finish(true);
  std::ofstream(VerifiedPath(run_))
      << VerifiedToJson({.row = 0, .id = "trajectory-0", .correct = false})
      << VerifiedToJson({.row = 1, .id = "another", .correct = true})
      << VerifiedToJson({.row = 2, .id = "trajectory-2"});
  const auto rows = ReadRows(run_);
  EXPECT_EQ(rows.at(0).correct, false);
  EXPECT_EQ(rows.at(1).correct, false);
  EXPECT_EQ(rows.at(2).correct, true);  // undecided: its own
}

TEST_F(RunTest, InfoAndTotals) {
  RunInfo info = MakeTestInfo();
  auto writer = RunWriter::Open(run_, info, {.shard_tokens = 100});
  AppendTestRows(writer.get(), 10, 30);
  writer->WriteRejected({{"a.jsonl", 3, 2, "x", "invalid-json", "a.jsonl:3: no"}}, 7);
  writer->Finish(true);
  const RunInfo read = RunReader::Open(run_)->info();
  EXPECT_EQ(read.format_version, 2);
  EXPECT_EQ(read.created, info.created);
  EXPECT_EQ(read.student_path, info.student_path);
  EXPECT_EQ(read.student_name, info.student_name);
  EXPECT_EQ(read.architecture, info.architecture);
  EXPECT_EQ(read.template_source, info.template_source);
  EXPECT_EQ(read.vocab_size, info.vocab_size);
  EXPECT_EQ(read.inputs.at(1).path, "b.jsonl");
  EXPECT_EQ(read.inputs.at(1).rows, 20);
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.rows_scored, 10);
  EXPECT_EQ(read.rows_rejected, 1);
  EXPECT_EQ(read.rows_left_out, 7);
  EXPECT_EQ(read.rows_truncated, 2);
  EXPECT_EQ(read.scored_tokens, 300);
  int64_t prompt = 0;
  for (int64_t i = 0; i < 10; ++i) prompt += MakeTestRow(i, 0).prompt_tokens;
  EXPECT_EQ(read.tokens, 300 + prompt);
  EXPECT_EQ(read.turns_given, 20);
  EXPECT_EQ(read.turns_found, 15);
  ASSERT_EQ(read.shards.size(), 3u);  // 4 + 4 + 2 rows
  EXPECT_EQ(read.shards[0].rows, 4);
  EXPECT_EQ(read.shards[2].tokens, 60);
  EXPECT_EQ(ReadRunInfo(run_)->template_date, "2025-01-02");
  EXPECT_FALSE(ReadRunInfo(root_ + "/nowhere").has_value());
}

TEST_F(RunTest, VocabularyAndRejectedRows) {
  auto writer = RunWriter::Open(run_, MakeTestInfo());
  EXPECT_FALSE(PathExists(RejectedPath(run_)));
  writer->WriteVocab({{0, "<s>"}, {1, std::string("\0\xff", 2)}, {3, " the"}});
  writer->WriteVocab({{0, "other"}});  // there already
  writer->WriteRejected({{"b", 9, 7, "late", "r2", "m2"}, {"\xff.jsonl", 4, 3, "", "r1", "\xc3("}});
  writer->Finish(true);
  auto reader = RunReader::Open(run_);
  EXPECT_THAT(reader->ReadVocab(),
              testing::ElementsAre("<s>", std::string("\0\xff", 2), "", " the"));
  EXPECT_EQ(ReadFile(RejectedPath(run_)),
            "{\"file\":\"\xef\xbf\xbd.jsonl\",\"line\":4,\"row\":3,\"id\":\"\",\"reason\":\"r1\","
            "\"message\":\"\xef\xbf\xbd(\"}\n"
            "{\"file\":\"b\",\"line\":9,\"row\":7,\"id\":\"late\",\"reason\":\"r2\","
            "\"message\":\"m2\"}\n");
}

TEST_F(RunTest, InvalidUtf8IsStoredReplaced) {
  RunInfo info = MakeTestInfo();
  info.inputs[0].path = "a\xff.jsonl";
  RunRow row = MakeTestRow(0, 5);
  row.id = "a\xff.jsonl:1";
  RunWriter::Open(run_, info)->Append(row);
  EXPECT_EQ(ReadRows(run_).at(0).id, "a\xef\xbf\xbd.jsonl:1");
  EXPECT_EQ(RunWriter::Open(run_, info)->done().size(), 1u);  // the same run still
}

TEST_F(RunTest, OurOwnMistakesAreInternalErrors) {
  auto writer = RunWriter::Open(run_, MakeTestInfo());
  writer->Append(MakeTestRow(0, 5));
  EXPECT_EQ(ThrownBy([&] { writer->Append(MakeTestRow(0, 5)); }).kind(), Error::Kind::kInternal);
  RunRow uneven = MakeTestRow(1, 5);
  uneven.tokens.ties.pop_back();
  EXPECT_EQ(ThrownBy([&] { writer->Append(uneven); }).kind(), Error::Kind::kInternal);
  writer->Append(MakeTestRow(1, 5));
  writer->Finish(true);
  ExpectTestRows(run_, 2, 5);
}

}  // namespace
}  // namespace rsr
