// One model as a GGUF file and as a Hugging Face directory: the same ids, positions and kinds.
#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "data/reader.h"
#include "support/temp_dir.h"
#include "text/mask.h"

namespace rsr {
namespace {

std::vector<std::string> DataFiles() {
  std::vector<std::string> files;
  for (const std::string folder :
       {std::string(RSR_SOURCE_DIR) + "/examples/data", std::string(RSR_SHARED_DIR) + "/data/gsm8k",
        std::string(RSR_SHARED_DIR) + "/data/math-reasoning",
        std::string(RSR_SHARED_DIR) + "/data/tau2-airline"}) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; ++it) {
      if (it->path().extension() == ".jsonl") files.push_back(it->path());
    }
  }
  return files;
}

void MakeDirectory(const std::string& family, const std::string& gguf, const std::string& out) {
  const std::string command = fmt::format("python3 -B {}/tests/support/student_dir.py {} {} {}",
                                          RSR_SOURCE_DIR, family, gguf, out);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

// The metadata of a vocabulary-only file with a tensor, without which it is no model.
void WriteWithTensor(const std::string& vocabulary, const std::string& path) {
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> from(
      gguf_init_from_file(vocabulary.c_str(), {true, nullptr}), gguf_free);
  ASSERT_NE(from, nullptr) << vocabulary;
  const std::unique_ptr<gguf_context, decltype(&gguf_free)> to(gguf_init_empty(), gguf_free);
  gguf_set_kv(to.get(), from.get());
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> memory(
      ggml_init({size_t{1} << 20, nullptr, false}), ggml_free);
  ggml_tensor* tensor = ggml_new_tensor_1d(memory.get(), GGML_TYPE_F32, 8);
  ggml_set_name(tensor, "output_norm.weight");
  gguf_add_tensor(to.get(), tensor);
  ASSERT_TRUE(gguf_write_to_file(to.get(), path.c_str(), false));
}

// Rows of all files that can be read, by both; a row that one refuses the other must refuse for the
// same reason. Returns how many were tokenized.
int Compare(const TextSide& a, const TextSide& b) {
  const auto tokenize = [](const TextSide& text, const Trajectory& trajectory, MaskedTokens* out) {
    try {
      *out = text.Tokenize(trajectory);
      return std::string();
    } catch (const RowError& e) {
      return e.reason + ": " + e.message;
    }
  };
  int rows = 0;
  TrajectoryReader reader(DataFiles());
  ReadItem item;
  while (reader.Next(&item)) {
    if (!std::holds_alternative<Trajectory>(item)) continue;
    const Trajectory& trajectory = std::get<Trajectory>(item);
    MaskedTokens left, right;
    EXPECT_EQ(tokenize(a, trajectory, &left), tokenize(b, trajectory, &right)) << trajectory.id;
    EXPECT_EQ(left.ids, right.ids) << trajectory.id;
    EXPECT_EQ(left.positions, right.positions) << trajectory.id;
    EXPECT_EQ(left.kinds, right.kinds) << trajectory.id;
    rows += !left.ids.empty();
  }
  return rows;
}

TEST(SameStudent, SmolLmFromItsFileAndItsDirectory) {
  const TempDir dir;
  MakeDirectory("smollm", RSR_DEMO_STUDENT, dir / "student");
  StudentOptions file, directory;
  file.path = RSR_DEMO_STUDENT, directory.path = dir / "student";
  file.max_tokens = directory.max_tokens = 8192;
  file.mask = directory.mask = MaskPolicy::kTurn;
  const auto a = TextSide::Open(file), b = TextSide::Open(directory);
  EXPECT_GE(Compare(*a, *b), 40);
  EXPECT_EQ(a->template_hash(), b->template_hash());
  EXPECT_EQ(a->context_length(), b->context_length());
  ASSERT_EQ(a->vocab_size(), b->vocab_size());
  for (int32_t id = 0; id < a->vocab_size(); ++id) ASSERT_EQ(a->Piece(id), b->Piece(id)) << id;
}

TEST(SameStudent, Llama2FromItsFileAndItsDirectory) {
  const std::string vocabulary = std::string(RSR_LLAMA_ROOT) + "/models/ggml-vocab-llama-spm.gguf";
  const TempDir dir;
  WriteWithTensor(vocabulary, dir / "student.gguf");
  MakeDirectory("llama-spm", vocabulary, dir / "student");
  StudentOptions file, directory;
  file.path = dir / "student.gguf", directory.path = dir / "student";
  file.chat_template = directory.chat_template = "mistral";
  file.max_tokens = directory.max_tokens = 2048;
  const auto a = TextSide::Open(file), b = TextSide::Open(directory);
  EXPECT_GE(Compare(*a, *b), 30);
}

}  // namespace
}  // namespace rsr
