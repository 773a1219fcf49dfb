// What `rsr select` writes of tests/golden/trainers/conversations.jsonl for each trainer, as it was
// when the trainers read it (trainers/run_*.py, docs/exports.md).
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "data/reader.h"
#include "rsr/select.h"
#include "store/run.h"
#include "support/temp_dir.h"

namespace rsr {
namespace {

const std::string kConversations = "tests/golden/trainers/conversations.jsonl";

// A run of all the conversations, each its own problem; its numbers are made up.
void WriteRun(const std::string& path) {
  RunInfo info;
  info.inputs = {{kConversations, HashFile(kConversations), 0, 0}};
  info.mask = "turn";
  const auto writer = RunWriter::Open(path, info);
  TrajectoryReader reader({kConversations});
  for (ReadItem item; reader.Next(&item);) {
    const auto& chat = std::get<Trajectory>(item);
    RunRow row{.row = chat.row, .id = chat.id, .problem_id = chat.id, .teacher = "teacher"};
    row.offset = chat.span.offset;
    row.length = chat.span.length;
    row.line = chat.span.line;
    row.scored_tokens = 2;
    row.sum_rank_clip = 6 + static_cast<double>(chat.row);
    row.sum_surprisal = 4;
    row.tokens.surprisal = {1, 3};
    row.tokens.rank = {1, 5 + static_cast<int32_t>(chat.row)};
    for (auto* column : {&row.tokens.entropy, &row.tokens.mass_above, &row.tokens.sum_p2,
                         &row.tokens.top1_logprob})
      *column = {0, 0};
    for (auto* column :
         {&row.tokens.ties, &row.tokens.top1_id, &row.tokens.token_id, &row.tokens.position})
      *column = {0, 1};
    row.tokens.kind = {0, 0};
    writer->Append(row);
  }
  writer->WriteRejected({});
  writer->Finish(true);
}

class Exports : public testing::TestWithParam<std::pair<ExportFormat, std::string>> {};

TEST_P(Exports, AreWhatTheTrainersRead) {
  std::filesystem::current_path(RSR_SOURCE_DIR);  // the exports hold the input's path
  const auto& [format, name] = GetParam();
  const TempDir dir;
  WriteRun(dir / "run");
  Select({.runs = {dir / "run"}, .out = dir / name, .format = format, .per_problem = 1});
  for (const std::string file : {"selected.jsonl", "rejected.jsonl", "dataset_info.json"}) {
    SCOPED_TRACE(file);
    const std::string expected = "tests/golden/trainers/exports/" + name + "/" + file;
    const std::string written = dir / (name + "/" + file);
    if (!std::filesystem::exists(written)) {
      EXPECT_FALSE(std::filesystem::exists(expected));
      continue;
    }
    const std::string keep = std::string(RSR_BINARY_DIR) + "/exports/" + name;
    MakeDirectories(keep);
    std::filesystem::copy(written, keep, std::filesystem::copy_options::overwrite_existing);
    EXPECT_TRUE(std::filesystem::exists(expected) && ReadFile(written) == ReadFile(expected))
        << "if " << keep << "/" << file << " is right, copy it to " << expected
        << " and run trainers/run_*.py anew";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Exports,
                         testing::Values(std::pair(ExportFormat::kLlamaFactory, "llamafactory"),
                                         std::pair(ExportFormat::kTrl, "trl"),
                                         std::pair(ExportFormat::kAxolotl, "axolotl")),
                         [](const auto& info) { return info.param.second; });

}  // namespace
}  // namespace rsr
