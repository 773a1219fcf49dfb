#include "select/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/file.h"
#include "data/row_parser.h"
#include "data/thinking.h"
#include "rsr/error.h"
#include "select/formats/axolotl.h"
#include "select/formats/llamafactory.h"
#include "select/formats/parquet.h"
#include "select/formats/trl.h"
#include "select/pending_file.h"
#include "select/records.h"
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

class Exporter {
 public:
  Exporter(const ScoredRows& data, const SelectOptions& options, const std::string& data_file,
           Choice& choice)
      : data_(data),
        options_(options),
        data_file_(data_file),
        choice_(choice),
        records_(data, choice, data_file + ".records"),
        last_only_(data.runs.front().info.mask == "last") {}

  std::vector<RejectedRow> Write() {
    if (options_.format == ExportFormat::kParquet) {
      WriteParquet();
    } else {
      WriteLines();
    }
    WriteBeside();
    return std::move(unfit_);
  }

 private:
  std::string Line(const Choice::Pick& pick) {
    const std::string_view record = records_.Of(data_.rows[pick.index]);
    const bool spans = record.find('\n') != std::string_view::npos;
    const std::string line = spans ? OneLine(record) : std::string(record);
    if (options_.format == ExportFormat::kOriginal) return line;
    Json block = RsrBlock(data_, pick);
    if (options_.format == ExportFormat::kJsonl) return WithBlock(line, block);
    const Trajectory chat = Parse(line, data_.rows[pick.index]);
    Json row = TrainerRow(chat);
    block["record"] = line;
    row["rsr"] = std::move(block);
    return row.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  Json TrainerRow(const Trajectory& chat) const {
    switch (options_.format) {
      case ExportFormat::kLlamaFactory:
        return LlamaFactoryRow(chat, last_only_);
      case ExportFormat::kTrl:
        return TrlRow(chat, last_only_);
      default:
        return AxolotlRow(chat, last_only_);
    }
  }

  void WriteLines() {
    PendingFile out(data_file_);
    ForEachFit([&](const Choice::Pick& pick) { out.Write(Line(pick) + "\n"); });
    if (!choice_.picks.empty()) out.Commit();
  }

  void WriteParquet() {
    MessageColumns columns;
    ForEachFit([&](const Choice::Pick& pick) {
      const Trajectory chat = Parse(records_.Of(data_.rows[pick.index]), data_.rows[pick.index]);
      for (const Message& message : chat.messages) ToolCallsJson(message, Arguments::kText);
      columns.Need(chat);
    });
    if (choice_.picks.empty()) return;
    ParquetExport out(data_file_, columns);
    for (const Choice::Pick& pick : choice_.picks) {
      const std::string record = OneLine(records_.Of(data_.rows[pick.index]));
      out.Add(Parse(record, data_.rows[pick.index]), RsrBlock(data_, pick), record);
    }
    out.Finish();
  }

  void WriteBeside() const {
    const std::filesystem::path out(options_.out);
    if (options_.format == ExportFormat::kLlamaFactory) {
      WriteFileAtomic(out / "dataset_info.json",
                      LlamaFactoryInfo("rsr_selected", DataFileName(options_.format)));
    } else if (options_.format == ExportFormat::kAxolotl) {
      WriteFileAtomic(out / "axolotl.yaml",
                      AxolotlConfig(data_file_, data_.runs.front().info.mask));
    }
  }

  // Takes the picks out for which `write` throws Unfit.
  void ForEachFit(const std::function<void(const Choice::Pick&)>& write) {
    std::erase_if(choice_.picks, [&](const Choice::Pick& pick) {
      const ScoredRow& row = data_.rows[pick.index];
      try {
        write(pick);
        return false;
      } catch (const Unfit& unfit) {
        unfit_.push_back({data_.runs[row.run].info.inputs.at(row.file).path, row.line, row.row,
                          row.id, unfit.reason, unfit.message});
        return true;
      }
    });
  }

  Trajectory Parse(std::string_view record, const ScoredRow& row) {
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
  RowParser& ParserOf(const ScoredRow& row) {
    std::unique_ptr<RowParser>& parser = parsers_[{row.run, row.file}];
    if (parser == nullptr) {
      const RunInfo& info = data_.runs[row.run].info;
      const std::string& dialect = info.inputs.at(row.file).dialect;
      RowFormat format;
      format.dialect = ParseDialect(dialect.empty() ? "auto" : dialect);
      format.map = FieldMap::FromText(info.map);
      parser = std::make_unique<RowParser>(std::move(format));
    }
    return *parser;
  }

  // What --thinking made of the messages. LLaMA-Factory has no field for reasoning; for the others
  // it is the template's to print a field that is kept.
  std::vector<Message> AsScored(const std::vector<Message>& messages,
                                const std::string& thinking) const {
    if (thinking == "drop") return ApplyThinking(messages, ThinkingPolicy::kDrop, false);
    const bool inline_only = options_.format == ExportFormat::kLlamaFactory;
    if (thinking == "keep" && inline_only) {
      return ApplyThinking(messages, ThinkingPolicy::kKeep, false);
    }
    return messages;
  }

  const ScoredRows& data_;
  const SelectOptions& options_;
  const std::string& data_file_;
  Choice& choice_;
  Records records_;
  const bool last_only_;
  std::map<std::pair<size_t, int32_t>, std::unique_ptr<RowParser>> parsers_;  // of run and file
  std::vector<RejectedRow> unfit_;
};

}  // namespace

std::string FormatName(ExportFormat format) {
  switch (format) {
    case ExportFormat::kJsonl:
      return "jsonl";
    case ExportFormat::kOriginal:
      return "original";
    case ExportFormat::kLlamaFactory:
      return "llamafactory";
    case ExportFormat::kTrl:
      return "trl";
    case ExportFormat::kAxolotl:
      return "axolotl";
    case ExportFormat::kParquet:
      return "parquet";
  }
  return "";
}

std::string DataFileName(ExportFormat format) {
  return format == ExportFormat::kParquet ? "selected.parquet" : "selected.jsonl";
}

std::vector<RejectedRow> WriteExport(const ScoredRows& data, const SelectOptions& options,
                                     const std::string& data_file, Choice& choice) {
  return Exporter(data, options, data_file, choice).Write();
}

}  // namespace rsr
