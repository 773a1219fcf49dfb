#include "read_student.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/printable.h"
#include "fuzz_support.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/decoder_tensors.h"
#include "student/weights.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;

// One a process, removed at its end.
class Directory {
 public:
  Directory() {
    const fs::path memory = "/dev/shm";  // ten times the runs a second of a disk
    std::string name =
        ((fs::exists(memory) ? memory : fs::temp_directory_path()) / "rsr-fuzz-XXXXXX").string();
    Require(mkdtemp(name.data()) != nullptr, "mkdtemp");
    path_ = name;
    Write("tokenizer.json", "{}");
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  // Empty bytes: no such file.
  void Write(const char* name, std::string_view bytes) const {
    const std::string file = path_ + "/" + name;
    if (bytes.empty()) {
      fs::remove(file);
      return;
    }
    std::ofstream(file, std::ios::binary) << bytes;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string_view TakePart(std::string_view* rest) {
  constexpr std::string_view kBetween = "\n=====\n";
  const size_t at = rest->find(kBetween);
  const std::string_view part = rest->substr(0, at);
  rest->remove_prefix(at == std::string_view::npos ? rest->size() : at + kBetween.size());
  return part;
}

}  // namespace

void ReadFuzzedStudent(const std::string& path) {
  try {
    const StudentInfo student = ReadStudent(path);
    std::string why_not;
    const auto config = ReadDecoderConfig(student, &why_not);
    Require(config.has_value() == why_not.empty(), "what is not computed has a reason");
    Require(Printable(why_not) == why_not, "reasons are printable");
    if (!config) return;
    const std::vector<DecoderTensor> tensors = DecoderTensors(student, *config);
    const Weights weights(student, tensors);
    for (const DecoderTensor& tensor : tensors) {
      const int64_t rows = tensor.shape.size() == 1 ? 1 : tensor.shape[0];
      weights.CheckFinite(tensor.name, rows, tensor.shape.back());
    }
  } catch (const Error& error) {
    Require(error.kind() == Error::Kind::kUser && !error.message().empty(),
            "errors are the file's");
    Require(Printable(error.message()) == error.message(), "messages are printable");
  }
}

void ReadFuzzedDirectory(std::string_view parts) {
  static const Directory directory;
  directory.Write("config.json", TakePart(&parts));
  const std::string_view index = TakePart(&parts);
  directory.Write("model.safetensors.index.json", index);
  directory.Write("a.safetensors", index.empty() ? "" : parts);
  directory.Write("model.safetensors", index.empty() ? parts : "");
  ReadFuzzedStudent(directory.path());
}

}  // namespace rsr
