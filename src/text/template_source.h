// Which chat template a student is rendered with, and on which day.
#pragma once

#include <ctime>
#include <string>

#include "rsr/student.h"

namespace rsr {

struct TemplateSource {
  std::string text, where;  // where: "model", "built-in chatml", a path
};

// `own`: the template the model carries, or empty. Throws rsr::Error: neither the model nor the
// options name one (names the built-in ones), or the file cannot be read.
TemplateSource FindTemplate(const StudentOptions& options, const std::string& own);

std::string Today();  // YYYY-MM-DD, local

// Noon of YYYY-MM-DD, local time. Throws rsr::Error for anything else.
std::time_t NoonOf(const std::string& date);

}  // namespace rsr
