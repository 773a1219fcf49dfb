// Every chat template that comes with llama.cpp, over a fixed set of conversations: what each
// turn's text is, or the reason why there is no mask. The expected table is templates/outcomes.txt;
// what must hold of every mask is checked apart from it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/file.h"
#include "base/hash.h"
#include "data/reader.h"
#include "rsr/error.h"
#include "text/mask.h"
#include "text/thinking.h"
#include "text/turns.h"

namespace rsr {
namespace {

const std::string kFolder = std::string(RSR_SOURCE_DIR) + "/tests/golden/templates/";
const std::string kTemplates = std::string(RSR_LLAMA_ROOT) + "/models/templates/";

// With which the models of these templates end a turn; a real vocabulary knows its own.
const std::vector<std::string> kEndTokens = {"<|im_end|>",
                                             "<|eot_id|>",
                                             "<|eom_id|>",
                                             "<end_of_turn>",
                                             "</s>",
                                             "<|end|>",
                                             "<|return|>",
                                             "<|call|>",
                                             "<|calls|>",
                                             "<|end_of_text|>",
                                             "<｜end▁of▁sentence｜>",
                                             "<|END_OF_TURN_TOKEN|>",
                                             "[e~[",
                                             "<SPECIAL_12>",
                                             "<seed:eos>",
                                             "<|endoftext|>",
                                             "<turn|>",
                                             "<|tool_response>",
                                             "<|eot|>",
                                             "<|message_sep|>",
                                             "<end_of_sentence>",
                                             "<|role_end|>",
                                             "<|assistant_end|>",
                                             "<｜hy_eos:opensource｜>",
                                             "<sep>",
                                             "<|end_of_msg|>"};

std::vector<std::string> TemplateFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kTemplates)) {
    if (entry.path().extension() == ".jinja") files.push_back(entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Trajectory> Conversations() {
  std::vector<Trajectory> conversations;
  TrajectoryReader reader({kFolder + "conversations.jsonl"});
  ReadItem item;
  while (reader.Next(&item)) conversations.push_back(std::get<Trajectory>(std::move(item)));
  return conversations;
}

std::string Trimmed(std::string text) {
  const size_t begin = std::min(text.find_first_not_of(" \n"), text.size());
  return text.substr(begin, text.find_last_not_of(" \n") + 1 - begin);
}

bool Replace(std::string* text, const std::string& what, const std::string& name) {
  const size_t at = what.empty() ? std::string::npos : text->rfind(what);
  if (at != std::string::npos) text->replace(at, what.size(), name);
  return at != std::string::npos;
}

// The turn's text with what the message said replaced by names.
std::string Pattern(std::string text, const Message& message) {
  if (!Replace(&text, message.content, "{content}")) {
    const SaidText said = TakeApart(message);
    const std::string answer(said.answer);
    if (!Replace(&text, answer, "{answer}")) Replace(&text, Trimmed(answer), "{trimmed answer}");
    if (message.reasoning.empty()) Replace(&text, std::string(said.reasoning), "{reasoning}");
  }
  Replace(&text, message.reasoning, "{reasoning}");
  std::string shown;
  for (const char c : text) shown += c == '\n' ? std::string("\\n") : std::string(1, c);
  return shown;
}

struct Template {
  ChatTemplate chat_template;
  TurnFinder finder;
  explicit Template(const std::string& file)
      : chat_template(ReadFile(kTemplates + file),
                      {.bos = "<s>", .eos = "</s>", .now = 1700000000, .where = file}),
        finder(chat_template, kEndTokens, file) {}
};

// What must hold of every mask, whatever the table says.
void CheckMask(const TurnShape& shape, const MarkedText& rendered, const std::vector<Turn>& turns,
               const std::vector<Message>& messages, bool generation_blocks) {
  const std::string& text = rendered.text;
  std::vector<int32_t> turn_of(text.size(), -1);  // by the message's number
  int64_t before = 0;
  for (const Turn& turn : turns) {
    ASSERT_LE(before, turn.begin);
    ASSERT_LE(turn.begin, turn.end);
    ASSERT_LE(turn.end, static_cast<int64_t>(text.size()));
    before = turn.end;
    std::fill(turn_of.begin() + turn.begin, turn_of.begin() + turn.end, turn.message);
    if (turn.begin == turn.end) continue;
    // What ends the turn is trained on, if it stands there.
    const std::string behind = text.substr(turn.end);
    for (const std::string& token : kEndTokens) {
      if (Trimmed(behind.substr(0, token.size() + 2)).starts_with(token)) {
        EXPECT_GE(turn.trained.end, turn.end + static_cast<int64_t>(token.size())) << token;
      }
    }
    if (!generation_blocks) {
      EXPECT_EQ(turn.trained.begin, turn.begin);
    }
    // No other turn opens in it, but where a message of several parts is printed as several.
    std::string own = text.substr(turn.begin, turn.end - turn.begin);
    const Message& message = messages[turn.message];
    Replace(&own, message.content, "");
    if (message.reasoning.empty() && message.tool_calls.empty()) {
      EXPECT_EQ(own.find(shape.header), std::string::npos) << own;
    }
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (rendered.owner[i] == MarkedText::kTemplate) continue;
    const int32_t message = rendered.fields[rendered.owner[i]].message;
    if (messages[message].role == Role::kAssistant) {
      ASSERT_EQ(turn_of[i], message) << "byte " << i << " of " << text;
    } else {
      ASSERT_EQ(turn_of[i], -1) << "byte " << i << " of " << text;
    }
  }
}

std::string Outcome(const Template& t, const Trajectory& conversation) {
  const std::vector<Message>& messages = conversation.messages;
  try {
    const MarkedText rendered = t.chat_template.Render(messages, conversation.tools);
    const std::vector<Turn> turns = t.finder.Find(rendered, messages);
    EXPECT_EQ(static_cast<int64_t>(turns.size()),
              std::count_if(messages.begin(), messages.end(),
                            [](const Message& m) { return m.role == Role::kAssistant; }));
    CheckMask(t.finder.shape(), rendered, turns, messages, t.chat_template.has_generation_blocks());
    std::string line;
    Stripped stripped;
    for (const Turn& turn : turns) {
      const Message& message = messages[turn.message];
      const auto part = [&](int64_t begin, int64_t end) {
        return rendered.text.substr(begin, end - begin);
      };
      const std::string said = part(turn.begin, turn.end);
      CountStripped(message, rendered, turn, &stripped);
      line += line.empty() ? "" : " | ";
      line += Pattern(part(turn.trained.begin, turn.begin), {}) + "[" + Pattern(said, message) +
              "]" + Pattern(part(turn.end, turn.trained.end), {});
    }
    if (stripped.reasoning_turns > 0) {
      line += fmt::format("  -- reasoning of {} turns stripped", stripped.reasoning_turns);
    }
    if (stripped.content_turns > 0) {
      line += fmt::format("  -- content or calls of {} turns left out", stripped.content_turns);
    }
    return line;
  } catch (const RowError& e) {
    return fmt::format("{}: {}", e.reason, e.message);
  }
}

TEST(TemplateMasks, AreTheTables) {
  const std::vector<Trajectory> conversations = Conversations();
  ASSERT_EQ(conversations.size(), 12u);
  const std::vector<std::string> files = TemplateFiles();
  EXPECT_GE(files.size(), 70u);
  std::string table =
      "Every template of llama.cpp's sources (models/templates) over conversations.jsonl: the text "
      "of each turn in\nbrackets, turns apart by |, and what else `--mask turn` scores outside "
      "them. {content} is the message's content\nexactly; {answer} and {reasoning} its parts. A "
      "message of no text is an empty-turn, which rejects the row; it is shown here all the "
      "same.\n";
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    table += "\n" + file + "\n";
    try {
      const Template t(file);
      for (const Trajectory& conversation : conversations) {
        SCOPED_TRACE(conversation.id);
        table += fmt::format("  {:<13} {}\n", conversation.id, Outcome(t, conversation));
      }
    } catch (const Error& e) {
      table += "  " + e.message() + "\n";
    }
  }
  const std::string path = std::string(RSR_BINARY_DIR) + "/template_outcomes.txt";
  std::ofstream(path) << table;
  EXPECT_TRUE(table == ReadFile(kFolder + "outcomes.txt"))
      << "the table changed: read the difference between " << kFolder << "outcomes.txt and "
      << path;
}

// The whole text, too, is what Jinja2 makes of it, set up as transformers does
// (render_with_jinja2.py).
TEST(TemplateTexts, AreJinja2s) {
  std::map<std::string, Trajectory> conversations;
  for (Trajectory& c : Conversations()) {
    const std::string id = c.id;
    conversations.emplace(id, std::move(c));
  }
  std::map<std::string, ChatTemplate> templates;
  std::ifstream golden(kFolder + "jinja2.tsv");
  std::string line;
  int equal = 0, refused_by_jinja2 = 0;
  std::string different;
  while (std::getline(golden, line)) {
    if (line.starts_with('#')) continue;
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    const std::string file = line.substr(0, first);
    const std::string id = line.substr(first + 1, second - first - 1);
    const std::string hashes = line.substr(second + 1);
    if (!templates.contains(file)) {
      templates.emplace(
          file, ChatTemplate(ReadFile(kTemplates + file),
                             {.bos = "<s>", .eos = "</s>", .now = 1700000000, .where = file}));
    }
    const Trajectory& conversation = conversations.at(id);
    std::string made = "error";
    try {
      made = HashBytes(templates.at(file).Render(conversation.messages, conversation.tools).text);
    } catch (const RowError&) {
      // As Jinja2 may.
    }
    if (hashes.find(made) != std::string::npos) {
      ++equal;
    } else if (hashes == "error") {
      ++refused_by_jinja2;
    } else {
      different += file + " " + id + "\n";
    }
  }
  // It escapes the schemas' quotes for HTML there.
  EXPECT_EQ(different,
            "meetkai-functionary-medium-v3.1.jinja tool-call\n"
            "meetkai-functionary-medium-v3.1.jinja tool-calls\n");
  // It refuses what is undefined (templates made for tools, without tools) and list.append.
  EXPECT_EQ(refused_by_jinja2, 50);
  EXPECT_EQ(equal, 788);
}

}  // namespace
}  // namespace rsr
