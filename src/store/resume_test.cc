// Continuing a run: every state that a killed, full or unlucky machine leaves behind.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <random>

#include "store/store_testing.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
constexpr int32_t kTokens = 20;

class ResumeTest : public StoreTest {
 protected:
  // As a killed process leaves it: rows in flight, nothing finished.
  void WriteInFlight(int64_t rows) {
    auto writer = RunWriter::Open(run_, MakeTestInfo());
    AppendTestRows(writer.get(), rows, kTokens);
  }
  void WriteFinished(int64_t rows, int64_t shard_tokens = 1 << 20) {
    auto writer = RunWriter::Open(run_, MakeTestInfo(), {.shard_tokens = shard_tokens});
    AppendTestRows(writer.get(), rows, kTokens);
    writer->Finish(true);
  }
  // Continues to `rows` rows and checks that each is there once.
  void ContinueTo(int64_t rows, size_t expected_done) {
    {
      auto writer = RunWriter::Open(run_, MakeTestInfo());
      EXPECT_EQ(writer->done().size(), expected_done);
      ExpectTestRowsAmong(rows);
      AppendTestRows(writer.get(), rows, kTokens);
      writer->Finish(true);
      EXPECT_EQ(writer->info().rows_scored, rows);
      int64_t in_shards = 0;
      for (const RunInfo::Shard& shard : writer->info().shards) in_shards += shard.tokens;
      EXPECT_EQ(in_shards, rows * kTokens);
    }
    ExpectTestRows(run_, rows, kTokens);
    EXPECT_EQ(RunReader::Open(run_)->info().scored_tokens, rows * kTokens);
    for (const auto& entry : fs::recursive_directory_iterator(run_)) {
      const std::string name = entry.path().filename().string();
      EXPECT_EQ(name.find(".tmp-"), std::string::npos) << name;
      EXPECT_FALSE(name.ends_with(".arrows")) << name;
    }
  }
  void ExpectTestRowsAmong(int64_t rows) {
    for (const auto& [number, row] : ReadRows(run_)) {
      EXPECT_LT(number, rows);
      ExpectSameRow(row, MakeTestRow(number, kTokens));
    }
  }
};

TEST_F(ResumeTest, StreamInFlight) {
  WriteInFlight(5);
  EXPECT_TRUE(PathExists(Stream(0)));
  ContinueTo(9, 5);
}

TEST_F(ResumeTest, FinishedRunIsContinuedInANewShard) {
  WriteFinished(5);
  ContinueTo(9, 5);
  EXPECT_TRUE(PathExists(Shard(1)));
}

TEST_F(ResumeTest, FinishedRunIsLeftAsItIs) {
  WriteFinished(5);
  const std::string before = ReadFile(run_ + "/run.json");
  ContinueTo(5, 5);
  EXPECT_EQ(ReadFile(run_ + "/run.json"), before);
  EXPECT_FALSE(PathExists(Shard(1)));
}

TEST_F(ResumeTest, StoppedRunIsNotComplete) {
  {
    auto writer = RunWriter::Open(run_, MakeTestInfo());
    AppendTestRows(writer.get(), 2, kTokens);
    writer->Finish(false);
  }
  EXPECT_FALSE(RunReader::Open(run_)->info().complete);
  ContinueTo(4, 2);
  EXPECT_TRUE(RunReader::Open(run_)->info().complete);
}

// Killed after a shard was finished of what was added: the run is not what it said it was.
TEST_F(ResumeTest, ACompleteRunThatGoesOnIsNotComplete) {
  WriteFinished(2);
  EXPECT_TRUE(RunReader::Open(run_)->info().complete);
  {
    auto writer = RunWriter::Open(run_, MakeTestInfo(), {.shard_tokens = 3 * kTokens});
    AppendTestRows(writer.get(), 6, kTokens);  // rows 2 to 4 fill a shard
  }
  EXPECT_EQ(RunReader::Open(run_)->info().shards.size(), 2u);
  EXPECT_FALSE(RunReader::Open(run_)->info().complete);
}

// Such as a copy of the directory put over it: nothing is there twice.
TEST_F(ResumeTest, TwoStreamsOfTheSameRows) {
  WriteInFlight(3);
  fs::copy_file(Stream(0), Stream(1));
  ExpectTestRows(run_, 3, kTokens);
  ContinueTo(5, 3);
}

// What the disk lost is not called a finished shard.
TEST_F(ResumeTest, AStreamThatIsShortOnceItIsFinished) {
  auto writer = RunWriter::Open(run_, MakeTestInfo());
  AppendTestRows(writer.get(), 3, kTokens);
  fs::resize_file(Stream(0), fs::file_size(Stream(0)) - 20);
  EXPECT_THAT(ThrownBy([&] { writer->Finish(true); }).message(),
              testing::HasSubstr("3 rows were written and 2 can be read back"));
  EXPECT_FALSE(PathExists(Shard(0)));
}

// stream_test.cc cuts at every byte.
TEST_F(ResumeTest, TornStream) {
  WriteInFlight(3);
  const std::string whole = ReadFile(Stream(0));
  for (const auto& [length, complete] :
       {std::pair{size_t{0}, 0u}, {whole.size() / 5, 0u}, {whole.size() - 1, 2u}}) {
    std::ofstream(Stream(0), std::ios::binary) << whole.substr(0, length);
    EXPECT_EQ(ReadRows(run_).size(), complete);
    auto writer = RunWriter::Open(run_, MakeTestInfo());
    EXPECT_EQ(writer->done().size(), complete);
    AppendTestRows(writer.get(), 3, kTokens);
    ExpectTestRows(run_, 3, kTokens);  // still in flight
  }
}

// The steps of finishing a shard, killed after each.
TEST_F(ResumeTest, KilledWhileFinishingAShard) {
  WriteInFlight(4);
  const std::string stream = ReadFile(Stream(0)), json = ReadFile(run_ + "/run.json");
  WriteFinished(4);
  const std::string shard = ReadFile(Shard(0)), json_after = ReadFile(run_ + "/run.json");

  const auto restore = [&](bool temporary, bool renamed, bool listed) {
    fs::remove_all(run_ + "/shards");
    fs::create_directories(run_ + "/shards");
    std::ofstream(Stream(0), std::ios::binary) << stream;
    if (temporary) std::ofstream(Shard(0) + ".tmp-1-0") << shard.substr(0, shard.size() / 2);
    if (renamed) std::ofstream(Shard(0), std::ios::binary) << shard;
    std::ofstream(run_ + "/run.json") << (listed ? json_after : json);
  };
  for (const auto& [temporary, renamed, listed] :
       {std::tuple{true, false, false}, {false, true, false}, {false, true, true}}) {
    restore(temporary, renamed, listed);
    ExpectTestRows(run_, 4, kTokens);  // a reader sees each row once at any moment
    ContinueTo(6, 4);
  }
  // Renamed, and the stream is gone too: a power cut kept the old run.json.
  restore(false, true, false);
  fs::remove(Stream(0));
  ContinueTo(6, 4);
}

TEST_F(ResumeTest, KilledBeforeRunJsonOrWhileContinuing) {
  fs::create_directories(run_);
  std::ofstream(run_ + "/.lock") << "1";
  std::ofstream(run_ + "/run.json.tmp-1-0") << "{";
  std::ofstream(run_ + "/stdin") << "rows";
  ContinueTo(2, 0);
  fs::remove_all(run_);
  WriteInFlight(3);
  std::ofstream(Stream(0) + ".tmp-1") << "half a copy";
  std::ofstream(run_ + "/vocab.parquet.tmp-1-0") << "half a vocabulary";
  ContinueTo(4, 3);
}

TEST_F(ResumeTest, UnlistedShardMustBeWhole) {
  WriteInFlight(2);
  const std::string json = ReadFile(run_ + "/run.json");
  WriteFinished(2);
  std::ofstream(run_ + "/run.json") << json;
  const std::string whole = ReadFile(Shard(0));
  int found = 0;
  for (size_t i = 0; i < 60; ++i) {
    std::string shard = whole;
    const size_t at = (whole.size() - 1) * i / 59;
    shard[at] = static_cast<char>(shard[at] ^ 1);
    std::ofstream(Shard(0), std::ios::binary) << shard;
    std::ofstream(run_ + "/run.json") << json;
    try {
      RunWriter::Open(run_, MakeTestInfo());
      ExpectTestRows(run_, 2, kTokens);  // of bytes that say nothing about the rows
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), testing::HasSubstr("00000.parquet: is damaged")) << at;
      ++found;
    }
  }
  EXPECT_GT(found, 20);
}

TEST_F(ResumeTest, DeletedShardIsScoredAnew) {
  WriteFinished(9, 3 * kTokens);
  fs::remove(Shard(1));
  const Error error = ThrownBy([&] { RunReader::Open(run_); });
  EXPECT_EQ(error.message(), Shard(1) + ": is missing: run.json lists it with 3 rows");
  EXPECT_THAT(error.hint(), testing::HasSubstr("run the same score command again"));
  ContinueTo(9, 6);
}

TEST_F(ResumeTest, RowsStoredTwiceAreRefused) {
  WriteFinished(2);
  fs::copy_file(Shard(0), Shard(1));
  EXPECT_THAT(ThrownBy([&] { RunWriter::Open(run_, MakeTestInfo()); }).message(),
              testing::HasSubstr("00001.parquet: row 0 ('trajectory-0') is stored in another"));
  EXPECT_THAT(ThrownBy([&] { ReadRows(run_); }).message(), testing::HasSubstr("00001.parquet"));
}

// What does not collide with rows of this run would be taken for its own.
TEST_F(ResumeTest, FilesOfAnotherRun) {
  RunInfo other = MakeTestInfo();
  other.shard = "2/4";
  const std::string from = root_ + "/other";
  const auto write_other = [&](bool finish) {
    auto writer = RunWriter::Open(from, other);
    if (!writer->done().contains(7)) writer->Append(MakeTestRow(7, kTokens));
    if (finish) writer->Finish(false);
  };
  WriteFinished(5);
  write_other(false);
  fs::copy_file(from + "/" + StreamFile(0), Stream(1));
  const std::string of_another = ": is damaged, or of a run with other settings or inputs";
  EXPECT_EQ(ThrownBy([&] { RunWriter::Open(run_, MakeTestInfo()); }).message(),
            Stream(1) + of_another);
  EXPECT_EQ(ThrownBy([&] { ReadRows(run_); }).message(), Stream(1) + of_another);
  fs::remove(Stream(1));
  write_other(true);
  fs::copy_file(from + "/" + ShardFile(0), Shard(1));
  EXPECT_EQ(ThrownBy([&] { RunWriter::Open(run_, MakeTestInfo()); }).message(),
            Shard(1) + of_another);
  EXPECT_EQ(ThrownBy([&] { ReadRows(run_); }).message(), Shard(1) + of_another);
  fs::remove(Shard(1));
  ContinueTo(9, 5);
}

// Killed with SIGKILL at random moments until the run is complete.
TEST_F(ResumeTest, SigkillLosesAndDoublesNothing) {
  constexpr int64_t kRows = 150;
  std::mt19937 random(1);
  size_t done_before = 0;
  int kills = 0;
  for (int session = 0;; ++session) {
    ASSERT_LT(session, 500);
    const pid_t child = fork();
    if (child == 0) {
      try {
        auto writer = RunWriter::Open(run_, MakeTestInfo(), {.shard_tokens = 15 * kTokens});
        for (int64_t i = 0; i < kRows; ++i) {
          if (writer->done().contains(i)) continue;
          writer->Append(MakeTestRow(i, kTokens));
          usleep(1'000);  // so that some ten sessions are needed
        }
        writer->Finish(true);
      } catch (...) {
        _exit(1);
      }
      _exit(0);
    }
    // Longer and longer, so that a slow machine (sanitizers) gets done as well.
    const useconds_t longest = 20'000 + 10'000 * static_cast<useconds_t>(session);
    usleep(std::uniform_int_distribution<useconds_t>(1'000, longest)(random));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
    if (!PathExists(run_ + "/run.json")) continue;
    const auto rows = ReadRows(run_);
    ASSERT_GE(rows.size(), done_before);
    done_before = rows.size();
  }
  EXPECT_GE(kills, 5);
  ExpectTestRows(run_, kRows, kTokens);
  EXPECT_EQ(RunReader::Open(run_)->info().rows_scored, kRows);
  EXPECT_TRUE(RunReader::Open(run_)->info().complete);
}

// A limit on file sizes stands in for a full disk: writes fail half-way.
TEST_F(ResumeTest, FullDisk) {
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const int said = open((root_ + "/said").c_str(), O_WRONLY | O_CREAT, 0666);
    dup2(said, STDERR_FILENO);
    auto writer = RunWriter::Open(run_, MakeTestInfo());
    const rlimit limit{20'000, 20'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      AppendTestRows(writer.get(), 100, kTokens);
      _exit(1);
    } catch (const Error& error) {
      const bool good = error.message() == Stream(0) + ": cannot be written: File too large" &&
                        error.hint().find("run the same command again") != std::string::npos;
      bool spent = false;
      try {
        writer->Append(MakeTestRow(99, kTokens));
      } catch (const Error& later) {
        spent = later.kind() == Error::Kind::kInternal;
      }
      writer.reset();
      _exit(good && spent ? 0 : 2);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(ReadFile(root_ + "/said"), "");  // the library never prints
  const size_t stored = ReadRows(run_).size();
  EXPECT_GT(stored, 2u);
  EXPECT_LT(stored, 99u);
  ContinueTo(100, stored);
}

}  // namespace
}  // namespace rsr
