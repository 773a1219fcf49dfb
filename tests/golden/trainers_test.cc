// Our token ids and `--mask turn` against what the trainers themselves make of the same
// conversations (tests/golden/trainers/). Every pair of student and conversation falls into one
// class of difference, and trainers/differences.json lists them all: docs/masks.md explains each.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "data/reader.h"
#include "golden/oracle.h"
#include "support/changed_student.h"
#include "support/temp_dir.h"
#include "text/mask.h"

namespace rsr {
namespace {

const std::string kFolder = std::string(RSR_SOURCE_DIR) + "/tests/golden/trainers/";

struct Sequence {
  std::vector<int32_t> ids;
  std::vector<bool> trained;  // one a token
};

// Nothing but white space and the tags of an empty think block: what a template writes around a
// turn's text.
bool OnlyScaffold(std::string text) {
  for (const std::string tag : {"<think>", "</think>"}) {
    for (size_t at; (at = text.find(tag)) != std::string::npos;) text.erase(at, tag.size());
  }
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

struct Texts {
  std::string all;
  std::vector<std::string>
      trained;       // of each range of trained tokens, without line feeds at its end
  std::string bare;  // the trained text without white space and think tags
};

Texts TextsOf(const TextSide& text, const Sequence& s) {
  Texts texts;
  for (size_t i = 0; i < s.ids.size(); ++i) {
    const std::string piece = text.Piece(s.ids[i]);
    texts.all += piece;
    if (!s.trained[i]) continue;
    if (i == 0 || !s.trained[i - 1]) texts.trained.emplace_back();
    texts.trained.back() += piece;
    texts.bare += piece;
  }
  for (std::string& range : texts.trained) range.erase(range.find_last_not_of('\n') + 1);
  for (const std::string drop : {"<think>", "</think>", "\n", " "}) {
    for (size_t at; (at = texts.bare.find(drop)) != std::string::npos;)
      texts.bare.erase(at, drop.size());
  }
  return texts;
}

// The scored text of each turn to the byte: our first token of a turn may hold the header's line
// feed, too.
std::vector<std::string> ScoredText(const TextSide::Rendered& rendered) {
  std::vector<std::string> turns;
  int32_t last = -1;
  for (const auto& span : rendered.spans) {
    if (span.turn != last) turns.emplace_back();
    last = span.turn;
    turns.back() += rendered.text.substr(span.begin, span.end - span.begin);
  }
  return turns;
}

// The classes, from none to most different.
std::string ClassOf(const TextSide& text, const Sequence& ours, const TextSide::Rendered& rendered,
                    const Sequence& theirs) {
  if (ours.ids == theirs.ids) {
    if (ours.trained == theirs.trained) return "equal";
    std::string extra;
    for (size_t i = 0; i < ours.ids.size(); ++i) {
      if (ours.trained[i] && !theirs.trained[i]) return "mask";
      if (theirs.trained[i] && !ours.trained[i]) extra += text.Piece(ours.ids[i]);
    }
    if (!OnlyScaffold(extra)) return "mask";
    return extra.find("think>") == std::string::npos ? "newline" : "empty think";
  }
  const Texts a = TextsOf(text, ours), b = TextsOf(text, theirs);
  if (a.all == b.all) return a.bare == b.bare ? "pieces" : "mask";
  return a.trained == b.trained || ScoredText(rendered) == b.trained ? "prompt" : "text";
}

std::unique_ptr<TextSide> Open(const nlohmann::json& student, const TempDir& dir,
                               const std::string& chat_template, ThinkingPolicy thinking) {
  const std::string vocabulary = student["vocabulary"],
                    models = std::string(RSR_LLAMA_ROOT) + "/models/";
  StudentOptions options;
  options.path = dir / "student.gguf";
  options.mask = MaskPolicy::kTurn;
  options.thinking = thinking;
  options.template_date = "2026-11-26";
  options.chat_template = chat_template;
  if (chat_template.empty() && !student["template"].get<std::string>().empty()) {
    options.chat_template = kFolder + student["template"].get<std::string>();
    if (!std::filesystem::exists(options.chat_template))
      options.chat_template = models + "templates/" + student["template"].get<std::string>();
  }
  StudentChange change{.eos = student["eos"]};
  for (const auto& [id, token] : student["tokens"].items()) change.tokens[std::stoul(id)] = token;
  WriteChangedStudent(vocabulary == "demo" ? RSR_DEMO_STUDENT : models + vocabulary, options.path,
                      change);
  return TextSide::Open(options);
}

std::map<std::string, Trajectory> Conversations() {
  TrajectoryReader reader({kFolder + "conversations.jsonl"});
  std::map<std::string, Trajectory> all;
  for (ReadItem item; reader.Next(&item);) {
    auto& row = std::get<Trajectory>(item);
    all.emplace(row.id, row);
  }
  return all;
}

enum class Scored { kPlain, kKeepThinking, kTrainingTemplate };

// {student: {class: [ids]}} of one golden file.
nlohmann::json Compare(const std::string& golden, Scored scored) {
  const TempDir dir;
  const auto conversations = Conversations();
  std::map<std::string, std::vector<nlohmann::json>> rows;
  for (const auto& row : ReadJsonLines(kFolder + golden))
    if (row.contains("ids")) rows[row["student"]].push_back(row);
  nlohmann::json classes;
  for (const auto& student : ReadJsonLines(kFolder + "students.jsonl")) {
    const std::string name = student["name"];
    if (!rows.contains(name)) continue;
    const auto text =
        Open(student, dir,
             scored == Scored::kTrainingTemplate ? kFolder + student["trl"].get<std::string>() : "",
             scored == Scored::kKeepThinking ? ThinkingPolicy::kKeep : ThinkingPolicy::kAsTemplate);
    for (const auto& row : rows[name]) {
      Sequence theirs{row["ids"], std::vector<bool>(row["ids"].size())};
      for (size_t i = 0; i < row["trained"].size(); i += 2)
        for (size_t at = row["trained"][i]; at < row["trained"][i + 1]; ++at)
          theirs.trained[at] = true;
      std::string kind;
      try {
        const Trajectory& chat = conversations.at(row["id"]);
        const MaskedTokens masked = text->Tokenize(chat);
        Sequence ours{masked.ids, std::vector<bool>(masked.ids.size())};
        for (const int32_t position : masked.positions) ours.trained[position] = true;
        kind = ClassOf(*text, ours, text->Render(chat), theirs);
      } catch (const RowError& error) {
        kind = error.reason;
      }
      classes[name][kind].push_back(row["id"]);
    }
  }
  return classes;
}

TEST(Trainers, DifferOnlyAsListed) {
  nlohmann::json found;
  found["llamafactory"] = Compare("llamafactory.jsonl", Scored::kPlain);
  found["llamafactory, --thinking keep"] = Compare("llamafactory.jsonl", Scored::kKeepThinking);
  found["trl"] = Compare("trl.jsonl", Scored::kPlain);
  found["trl, its training template"] = Compare("trl.jsonl", Scored::kTrainingTemplate);
  const auto listed = nlohmann::json::parse(std::ifstream(kFolder + "differences.json"));
  if (found == listed) return;
  const std::string file = std::string(RSR_BINARY_DIR) + "/differences.json";
  std::ofstream(file) << found.dump(1) << "\n";
  ADD_FAILURE() << "against " << kFolder << "differences.json:\n"
                << nlohmann::json::diff(listed, found).dump(1) << "\nif " << file
                << " is right, copy it there and check docs/masks.md";
}

}  // namespace
}  // namespace rsr
