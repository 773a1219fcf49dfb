#include "select/formats/parquet.h"

#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/writer.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "store/arrow_status.h"

namespace rsr {
namespace {

using arrow::field;
using Fields = arrow::FieldVector;

// Rows are turned into columns at this many bytes of JSON: some four times as much memory.
constexpr size_t kBatchBytes = size_t{16} << 20;

std::shared_ptr<arrow::DataType> MessageType(const MessageColumns& columns) {
  const auto text = arrow::utf8();
  Fields fields = {field("role", text), field("content", text)};
  if (columns.reasoning) fields.push_back(field("reasoning_content", text));
  if (columns.tool_calls) {
    const auto function = arrow::struct_({field("name", text), field("arguments", text)});
    const auto call =
        arrow::struct_({field("id", text), field("type", text), field("function", function)});
    fields.push_back(field("tool_calls", arrow::list(call)));
  }
  if (columns.tool_call_id) fields.push_back(field("tool_call_id", text));
  if (columns.name) fields.push_back(field("name", text));
  if (columns.train) fields.push_back(field("train", arrow::boolean()));
  return arrow::struct_(fields);
}

std::shared_ptr<arrow::DataType> RowType(const MessageColumns& columns) {
  const auto text = arrow::utf8();
  Fields block = {field("id", text),
                  field("problem_id", text),
                  field("teacher", text),
                  field("source", text),
                  field("correct", arrow::boolean()),
                  field("metric", text),
                  field("score", arrow::float64()),
                  field("sum_rank_clip", arrow::float64()),
                  field("sum_surprisal", arrow::float64()),
                  field("scored_tokens", arrow::int64()),
                  field("rank", arrow::int64()),
                  field("candidates", arrow::int64()),
                  field("file", text),
                  field("line", arrow::int64())};
  if (columns.weight) block.push_back(field("weight", arrow::float64()));
  const auto rsr = arrow::struct_(block);
  return arrow::struct_({field("messages", arrow::list(MessageType(columns))), field("tools", text),
                         field("rsr", rsr), field("record", text)});
}

// Of a call only what the column's type has.
Json CallsOf(const Message& message) {
  Json calls = Json::array();
  for (const Json& call : ToolCallsJson(message, Arguments::kText)) {
    const Json& function = call["function"];
    calls.push_back(
        {{"id", call.contains("id") ? call["id"] : Json()},
         {"type", call.contains("type") ? call["type"] : Json()},
         {"function",
          {{"name", function["name"]}, {"arguments", function.value("arguments", Json("{}"))}}}});
  }
  return calls;
}

}  // namespace

void MessageColumns::Need(const Trajectory& chat) {
  for (const Message& message : chat.messages) {
    reasoning |= !message.reasoning.empty();
    tool_calls |= !message.tool_calls.empty();
    tool_call_id |= !message.tool_call_id.empty();
    name |= !message.name.empty();
    train |= !message.train;
  }
}

struct ParquetExport::Impl {
  std::string path, temporary;
  MessageColumns columns;
  std::shared_ptr<arrow::DataType> type;
  std::shared_ptr<arrow::io::FileOutputStream> file;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  std::string batch;  // JSON of the rows that are not written yet, without the brackets
  bool finished = false;

  void Check(const arrow::Status& status) const {
    if (!status.ok()) ThrowUnwritable(path, arrow::internal::ErrnoFromStatus(status));
  }

  void Flush() {
    if (batch.empty()) return;
    const auto rows = CheckInternal(arrow::json::ArrayFromJSONString(type, "[" + batch + "]"));
    batch.clear();
    const auto table = CheckInternal(arrow::RecordBatch::FromStructArray(rows));
    Check(writer->WriteRecordBatch(*table));
    Check(writer->NewBufferedRowGroup());
  }
};

ParquetExport::ParquetExport(const std::string& path, const MessageColumns& columns)
    : impl_(new Impl{
          .path = path, .temporary = path + ".tmp", .columns = columns, .type = RowType(columns)}) {
  auto file = arrow::io::FileOutputStream::Open(impl_->temporary);
  impl_->Check(file.status());
  impl_->file = *file;
  const auto properties =
      parquet::WriterProperties::Builder().compression(arrow::Compression::ZSTD)->build();
  auto writer = parquet::arrow::FileWriter::Open(
      *arrow::schema(impl_->type->fields()), arrow::default_memory_pool(), impl_->file, properties);
  impl_->Check(writer.status());
  impl_->writer = std::move(*writer);
}

ParquetExport::~ParquetExport() {
  if (!impl_->finished) std::remove(impl_->temporary.c_str());
}

void ParquetExport::Add(const Trajectory& chat, const Json& rsr, const std::string& record) {
  Json messages = Json::array();
  for (const Message& message : chat.messages) {
    Json json = MessageJson(message, Arguments::kText);
    if (json.contains("tool_calls")) json["tool_calls"] = CallsOf(message);
    if (impl_->columns.train && message.role == Role::kAssistant) json["train"] = message.train;
    messages.push_back(std::move(json));
  }
  const Json row = {
      {"messages", messages}, {"tools", ToolsJson(chat)}, {"rsr", rsr}, {"record", record}};
  if (!impl_->batch.empty()) impl_->batch += ',';
  impl_->batch += row.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (impl_->batch.size() >= kBatchBytes) impl_->Flush();
}

void ParquetExport::Finish() {
  impl_->Flush();
  impl_->Check(impl_->writer->Close());
  impl_->Check(impl_->file->Close());
  SyncPath(impl_->temporary);
  if (std::rename(impl_->temporary.c_str(), impl_->path.c_str()) != 0) {
    ThrowUnwritable(impl_->path, errno);
  }
  impl_->finished = true;
}

}  // namespace rsr
