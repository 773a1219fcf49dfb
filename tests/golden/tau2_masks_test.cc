// Real agent traces (tool calls, reasoning, excluded turns) with every template of llama.cpp that
// prints tool calls: every assistant turn that is to be scored is found, and every argument it was
// called with is in its text.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "data/reader.h"
#include "text/mask.h"
#include "text/turns.h"

namespace rsr {
namespace {

std::vector<Trajectory> Rows() {
  std::vector<std::string> files;
  const std::string folder = std::string(RSR_SHARED_DIR) + "/data/tau2-airline/";
  if (!std::filesystem::exists(folder)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Trajectory> rows;
  TrajectoryReader reader(files);
  ReadItem item;
  while (reader.Next(&item)) rows.push_back(std::get<Trajectory>(std::move(item)));
  return rows;
}

// The file's name decides nothing here: what ends a turn is not asked.
const std::vector<std::string> kNoEndTokens;

// Whether a byte of the turn came from its message's tool calls.
bool HoldsCalls(const MarkedText& rendered, const Turn& turn) {
  for (int64_t byte = turn.begin; byte < turn.end; ++byte) {
    const int32_t owner = rendered.owner[byte];
    if (owner != MarkedText::kTemplate &&
        rendered.fields[owner].kind == MarkedField::Kind::kToolCalls &&
        rendered.fields[owner].message == turn.message) {
      return true;
    }
  }
  return false;
}

struct Counts {
  int turns = 0, excluded = 0, calls = 0;
};

// Throws RowError where the template refuses the row or leaves a turn without text.
void Count(const ChatTemplate& chat_template, const TurnFinder& finder, const Trajectory& row,
           Counts* counts) {
  const MarkedText rendered = chat_template.Render(row.messages, row.tools);
  for (const Turn& turn : finder.Find(rendered, row.messages)) {
    const Message& message = row.messages[turn.message];
    if (!message.train) {
      ++counts->excluded;
      continue;
    }
    if (turn.begin == turn.end) throw RowError{"empty-turn", ""};
    ++counts->turns;
    counts->calls += !message.tool_calls.empty() && HoldsCalls(rendered, turn);
  }
}

TEST(Tau2Masks, FindEveryTurnWithEveryTemplateThatPrintsToolCalls) {
  const std::vector<Trajectory> rows = Rows();
  if (rows.empty()) GTEST_SKIP() << "the data are not beside this repository";
  ASSERT_EQ(rows.size(), 18u);
  int templates = 0;
  std::map<std::string, std::map<std::string, int>> refused;  // template, reason
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(RSR_LLAMA_ROOT) + "/models/templates")) {
    if (entry.path().extension() != ".jinja") continue;
    const std::string name = entry.path().stem();
    SCOPED_TRACE(name);
    const ChatTemplate chat_template(ReadFile(entry.path()),
                                     {.bos = "<s>", .eos = "</s>", .where = name});
    const TurnFinder finder(chat_template, kNoEndTokens, name);
    Counts counts;
    for (const Trajectory& row : rows) {
      try {
        Count(chat_template, finder, row, &counts);
      } catch (const RowError& e) {
        ++refused[name][e.reason];
      }
    }
    if (refused.contains(name)) continue;
    ++templates;
    EXPECT_EQ(counts.turns, 134);
    EXPECT_EQ(counts.excluded, 18);
    // Where a message has calls and text, these two print the text alone (and the row says so).
    const bool text_alone =
        name == "deepseek-ai-DeepSeek-R1-Distill-Llama-8B" || name == "llama-cpp-deepseek-r1";
    EXPECT_EQ(counts.calls, text_alone ? 53 : 60);
  }
  EXPECT_EQ(templates, 55);
  // The others print no tool calls, or refuse such conversations themselves.
  std::string others;
  for (const auto& [name, reasons] : refused) {
    others += name;
    for (const auto& [reason, count] : reasons) others += fmt::format(" {} {}", count, reason);
    others += "\n";
  }
  EXPECT_EQ(others,
            "HuggingFaceTB-SmolLM3-3B 18 empty-turn\n"
            "LFM2-8B-A1B 18 empty-turn\n"
            "LFM2.5-Instruct 18 empty-turn\n"
            "Mistral-Small-3.2-24B-Instruct-2506 18 template-error\n"
            "google-gemma-2-2b-it 18 template-error\n"
            "google-gemma-4-31B-it 4 turn-not-found\n"
            "ibm-granite-granite-3.3-2B-Instruct 18 empty-turn\n"
            "llama-cpp-rwkv-world 18 empty-turn\n"
            "meta-llama-Llama-3.1-8B-Instruct 15 template-error\n"
            "meta-llama-Llama-3.2-3B-Instruct 15 template-error\n"
            "meta-llama-Llama-3.3-70B-Instruct 15 template-error\n"
            "microsoft-Phi-3.5-mini-instruct 18 empty-turn\n"
            "mistralai-Ministral-3-14B-Reasoning-2512 18 template-error\n"
            "mistralai-Mistral-Nemo-Instruct-2407 18 template-error\n"
            "openai-gpt-oss-120b 4 template-error\n");
}

}  // namespace
}  // namespace rsr
