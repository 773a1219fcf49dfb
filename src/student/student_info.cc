#include "student/student_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/hash.h"
#include "student/gguf_file.h"
#include "student/hf_directory.h"
#include "student/hf_student.h"

namespace rsr {

namespace fs = std::filesystem;

StudentInfo ReadStudent(const std::string& given) {
  const std::string path = FindStudent(given);
  std::error_code error;
  return fs::is_directory(path, error) ? ReadHfStudent(path) : ReadGguf(path);
}

std::string ConvertHint(const std::string& directory) {
  return fmt::format(
      "for --engine llama convert it with llama.cpp's convert_hf_to_gguf.py {} "
      "--outfile student.gguf",
      directory);
}

std::string HashStudent(const StudentInfo& student) {
  if (!student.is_directory) return HashFile(student.path);
  std::vector<std::string> files;
  for (const StudentInfo::File& file : student.files) files.push_back(file.path);
  std::error_code error;
  for (const char* name :
       {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "chat_template.jinja", "chat_template.json"}) {
    const std::string path = student.path + "/" + name;
    if (fs::exists(path, error)) files.push_back(path);
  }
  for (fs::directory_iterator it(student.path + "/additional_chat_templates", error), end;
       !error && it != end; it.increment(error)) {
    files.push_back(it->path().string());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& file : files) {
    all += fs::path(file).filename().string() + "\n" + HashFile(file) + "\n";
  }
  return HashBytes(all);
}

}  // namespace rsr
