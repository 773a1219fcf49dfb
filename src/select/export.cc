#include "select/export.h"

#include <filesystem>

#include "base/file.h"
#include "select/formats/axolotl.h"
#include "select/formats/llamafactory.h"
#include "select/formats/parquet.h"
#include "select/pending_file.h"
#include "select/row_maker.h"
#include "select/rsr_block.h"

namespace rsr {
namespace {

void WriteLines(RowMaker& rows, const std::vector<Candidate>& picks, const std::string& path) {
  PendingFile out(path);
  for (const Candidate& pick : picks) out.Write(rows.Line(pick) + "\n");
  out.Commit();
}

void WriteParquet(const ScoredRows& data, RowMaker& rows, const std::vector<Candidate>& picks,
                  const std::string& path) {
  MessageColumns columns{.weight = picks.front().weight.has_value()};
  for (const Candidate& pick : picks) columns.Need(rows.Chat(pick));
  ParquetExport out(path, columns);
  for (const Candidate& pick : picks)
    out.Add(rows.Chat(pick), RsrBlock(data, pick), rows.Record(pick));
  out.Finish();
}

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

void WriteExport(const ScoredRows& data, ExportFormat format, RunInputs& files,
                 const std::string& folder, const std::vector<Candidate>& picks) {
  const std::filesystem::path out(folder);
  const std::string data_file = out / DataFileName(format);
  RowMaker rows(data, format, files, picks, data_file + ".records");
  if (format == ExportFormat::kParquet) {
    WriteParquet(data, rows, picks, data_file);
  } else {
    WriteLines(rows, picks, data_file);
  }
  if (format == ExportFormat::kLlamaFactory) {
    WriteFileAtomic(out / "dataset_info.json",
                    LlamaFactoryInfo("rsr_selected", DataFileName(format)));
  } else if (format == ExportFormat::kAxolotl) {
    WriteFileAtomic(out / "axolotl.yaml", AxolotlConfig(data_file, data.runs.front().info.mask));
  }
}

}  // namespace rsr
