// Which student, and the flags that `check` and `score` share: how text becomes tokens.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "rsr/student.h"

namespace rsr::cli {

struct StudentFlags {
  StudentOptions student;
  std::string mask = "content", thinking = "as-template";

  StudentOptions Student() const;  // after parsing; throws rsr::Error
};

void AddStudent(CLI::App& app, std::string& path);
void AddStudentFlags(CLI::App& app, StudentFlags& flags);

}  // namespace rsr::cli
