// Helpers of this module's tests: files of all formats, and what became of their rows.
#pragma once

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "data/reader.h"
#include "rsr/error.h"

namespace rsr {

// A good row with these further fields.
inline std::string Chat(const std::string& fields = "") {
  return R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}])" +
         (fields.empty() ? "" : ", " + fields) + "}";
}

// One member or frame.
inline std::string Compress(arrow::Compression::type type, const std::string& bytes) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  const auto* input = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto size = static_cast<int64_t>(bytes.size());
  std::string packed(codec->MaxCompressedLen(size, input), '\0');
  packed.resize(codec
                    ->Compress(size, input, static_cast<int64_t>(packed.size()),
                               reinterpret_cast<uint8_t*>(packed.data()))
                    .ValueOrDie());
  return packed;
}
inline std::string Gzip(const std::string& bytes) {
  return Compress(arrow::Compression::GZIP, bytes);
}
inline std::string Zstd(const std::string& bytes) {
  return Compress(arrow::Compression::ZSTD, bytes);
}

// A Parquet file of these columns, each a type and the JSON list of its values.
struct ParquetColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;
};
inline std::string Parquet(const std::vector<ParquetColumn>& columns, int64_t group_rows = 1000) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const ParquetColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(arrow::json::ArrayFromJSONString(column.type, column.values).ValueOrDie());
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  // With the Arrow schema, as pyarrow and datasets write it.
  const auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  const auto status =
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, group_rows,
                                 parquet::default_writer_properties(), properties);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return sink->Finish().ValueOrDie()->ToString();
}

// A directory of its own for each test.
class DataTest : public testing::Test {
 protected:
  DataTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::path(testing::TempDir()) /
           ("data" + std::to_string(getpid()) + test->name());
    std::filesystem::create_directories(dir_);
  }
  ~DataTest() override { std::filesystem::remove_all(dir_); }

  std::string Write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((dir_ / name).parent_path());
    std::filesystem::remove(dir_ / name);  // ext4 flushes a file that is truncated and rewritten
    std::ofstream(dir_ / name, std::ios::binary) << bytes;
    return (dir_ / name).string();
  }

  static std::vector<ReadItem> ReadAll(const std::vector<std::string>& files) {
    TrajectoryReader reader(files);
    std::vector<ReadItem> items;
    for (ReadItem item; reader.Next(&item);) {
      const int64_t row = std::visit([](const auto& any) { return any.row; }, item);
      EXPECT_EQ(row, static_cast<int64_t>(items.size()));
      items.push_back(std::move(item));
    }
    return items;
  }

  static std::vector<Trajectory> ReadGood(const std::vector<std::string>& files) {
    std::vector<Trajectory> rows;
    for (ReadItem& item : ReadAll(files)) {
      if (const auto* rejection = std::get_if<Rejection>(&item)) {
        ADD_FAILURE() << rejection->message;
      } else {
        rows.push_back(std::get<Trajectory>(std::move(item)));
      }
    }
    return rows;
  }

  // What each row became: its id, or the reason and the message with the directory cut off.
  std::vector<std::string> Outcomes(const std::vector<std::string>& files) const {
    std::vector<std::string> outcomes;
    for (const ReadItem& item : ReadAll(files)) {
      if (const auto* rejection = std::get_if<Rejection>(&item)) {
        std::string text = rejection->reason + " " + rejection->message;
        const std::string dir = dir_.string() + "/";
        for (size_t at; (at = text.find(dir)) != std::string::npos;) text.erase(at, dir.size());
        outcomes.push_back(text);
      } else {
        outcomes.push_back(std::get<Trajectory>(item).id);
      }
    }
    return outcomes;
  }

  Error Caught(const std::vector<std::string>& files) const {
    try {
      TrajectoryReader reader(files);
    } catch (const Error& error) {
      return error;
    }
    return Error("nothing was thrown");
  }

  std::filesystem::path dir_;
};

}  // namespace rsr
