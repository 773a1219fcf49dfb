#include "select/row_maker.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/thinking.h"
#include "rsr/error.h"
#include "select/formats/axolotl.h"
#include "select/formats/llamafactory.h"
#include "select/formats/trl.h"
#include "select/rsr_block.h"

namespace rsr {
namespace {

// Line breaks stand only between the values of a record, where a space says the same.
std::string OneLine(std::string_view record) {
  std::string line(record);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  return line;
}

}  // namespace

RowMaker::RowMaker(const ScoredRows& data, ExportFormat format, RunInputs& files,
                   const std::vector<Candidate>& picks, const std::string& scratch)
    : data_(data),
      format_(format),
      records_(data, files, picks, scratch),
      last_only_(data.runs.front().info.mask == "last") {}

std::string RowMaker::Line(const Candidate& pick) {
  const std::string line = Record(pick);
  if (format_ == ExportFormat::kOriginal) return line;
  Json block = RsrBlock(data_, pick);
  if (format_ == ExportFormat::kJsonl) return WithBlock(line, block);
  const Trajectory chat = Parse(line, data_.rows[pick.index]);
  Json row = TrainerRow(chat);
  block["record"] = line;
  row["rsr"] = std::move(block);
  return row.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string RowMaker::Record(const Candidate& pick) {
  const std::string_view record = records_.Of(data_.rows[pick.index]);
  const bool spans = record.find('\n') != std::string_view::npos;
  return spans ? OneLine(record) : std::string(record);
}

Trajectory RowMaker::Chat(const Candidate& pick) {
  const Trajectory chat = Parse(records_.Of(data_.rows[pick.index]), data_.rows[pick.index]);
  for (const Message& message : chat.messages) ToolCallsJson(message, Arguments::kText);
  return chat;
}

Json RowMaker::TrainerRow(const Trajectory& chat) const {
  switch (format_) {
    case ExportFormat::kLlamaFactory:
      return LlamaFactoryRow(chat, last_only_);
    case ExportFormat::kTrl:
      return TrlRow(chat, last_only_);
    default:
      return AxolotlRow(chat, last_only_);
  }
}

Trajectory RowMaker::Parse(std::string_view record, const ScoredRow& row) {
  Trajectory chat;
  if (const auto error = ParserOf(row).Parse(record, &chat)) {
    throw Error(fmt::format("run {}: the record of row '{}' cannot be read: {}",
                            data_.runs[row.run].path, row.id, error->text),
                "it was scored once: the run is damaged, or of another version of rsr");
  }
  chat.messages = AsScored(chat.messages, data_.runs[row.run].info.thinking);
  return chat;
}

// Reads records as they were read when they were scored.
RowParser& RowMaker::ParserOf(const ScoredRow& row) {
  std::unique_ptr<RowParser>& parser = parsers_[{row.run, row.file}];
  if (parser == nullptr) {
    const RunInfo& info = data_.runs[row.run].info;
    parser =
        std::make_unique<RowParser>(RowFormat::OfRun(info.inputs.at(row.file).dialect, info.map));
  }
  return *parser;
}

// What --thinking made of the messages. LLaMA-Factory has no field for reasoning; for the others
// it is the template's to print a field that is kept.
std::vector<Message> RowMaker::AsScored(const std::vector<Message>& messages,
                                        const std::string& thinking) const {
  if (thinking == "drop") return ApplyThinking(messages, ThinkingPolicy::kDrop, false);
  const bool inline_only = format_ == ExportFormat::kLlamaFactory;
  if (thinking == "keep" && inline_only) {
    return ApplyThinking(messages, ThinkingPolicy::kKeep, false);
  }
  return messages;
}

}  // namespace rsr
