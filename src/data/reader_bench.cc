// How fast trajectories come out of files of every format.
// `data_reader_bench [DIR] [MEGABYTES]`
#include <arrow/builder.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "data/data_testing.h"
#include "data/reader.h"

namespace rsr {
namespace {

std::string Text(int64_t seed, size_t size) {
  std::string text;
  for (int64_t i = seed; text.size() < size; ++i) {
    text += "Step " + std::to_string(i % 97) + ": caf\u00e9 costs " +
            std::to_string(i * 7919 % 1000) + R"( so \"x\" = )" + std::to_string(i) + "\\n";
  }
  return text;
}

// Rows as reasoning data have them: a short question, some kilobytes of answer.
std::string Rows(int64_t bytes) {
  std::string lines;
  for (int64_t i = 0; static_cast<int64_t>(lines.size()) < bytes; ++i) {
    lines += R"({"id": ")" + std::to_string(i) +
             R"(", "messages": [{"role": "user", "content": ")" + Text(i, 200) +
             R"("}, {"role": "assistant", "content": ")" +
             Text(i, static_cast<size_t>(2000 + i * 997 % 8000)) + "\"}]}\n";
  }
  return lines;
}

struct Measured {
  int64_t rows = 0, characters = 0;
  double seconds = 0;  // of this thread
};

// `answers`: gets the assistant's texts, or null.
Measured Read(const std::string& path, const std::string& bytes, arrow::StringBuilder* answers) {
  std::ofstream(path, std::ios::binary) << bytes;
  Measured measured;
  const std::clock_t start = std::clock();
  TrajectoryReader reader({path});
  for (ReadItem item; reader.Next(&item); ++measured.rows) {
    const std::string& answer = std::get<Trajectory>(item).messages.at(1).content;
    measured.characters += static_cast<int64_t>(answer.size());
    if (answers != nullptr) answers->Append(answer).ok();
  }
  measured.seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return measured;
}

std::string ParquetOf(arrow::StringBuilder* answers, int64_t rows) {
  arrow::StringBuilder prompts;
  for (int64_t i = 0; i < rows; ++i) prompts.Append("question " + std::to_string(i)).ok();
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("prompt", arrow::utf8()),
                                        arrow::field("completion", arrow::utf8())}),
                         {prompts.Finish().ValueOrDie(), answers->Finish().ValueOrDie()});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
  parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 10'000, properties).ok();
  return sink->Finish().ValueOrDie()->ToString();
}

int Run(const std::string& dir, int64_t megabytes) {
  std::filesystem::create_directories(dir);
  const std::string path = dir + "/rows", lines = Rows(megabytes * 1'000'000);
  arrow::StringBuilder answers;
  const Measured expected = Read(path, lines, &answers);  // also warms up
  const auto json_bytes = static_cast<double>(lines.size());
  bool right = expected.rows > 0;
  for (const auto& [name, bytes] : {std::pair<const char*, std::string>{"plain JSON Lines", lines},
                                    {"gzip", Gzip(lines)},
                                    {"Zstandard", Zstd(lines)},
                                    {"Parquet (snappy)", ParquetOf(&answers, expected.rows)}}) {
    const Measured measured = Read(path, bytes, nullptr);
    std::printf("%-17s %5.0f MB/s of JSON Lines (%.0f MB, here %.0f MB)\n", name,
                json_bytes / measured.seconds / 1e6, json_bytes / 1e6,
                static_cast<double>(bytes.size()) / 1e6);
    right = right && measured.rows == expected.rows && measured.characters == expected.characters;
  }
  std::filesystem::remove_all(dir);
  if (!right) std::printf("WRONG: other rows than in the plain file\n");
  return right ? 0 : 1;
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  return rsr::Run(argc > 1 ? argv[1] : "/tmp/rsr-reader-bench",
                  argc > 2 ? std::atoll(argv[2]) : 200);
}
