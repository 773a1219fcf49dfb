#include "text/template_source.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/file.h"
#include "base/nearest.h"
#include "rsr/error.h"
#include "text/chat_template.h"

namespace rsr {

std::time_t NoonOf(const std::string& date) {
  std::tm day = {};
  int year = 0, month = 0, mday = 0, used = 0;
  if (std::sscanf(date.c_str(), "%4d-%2d-%2d%n", &year, &month, &mday, &used) != 3 ||
      used != static_cast<int>(date.size()) || month < 1 || month > 12 || mday < 1 || mday > 31) {
    throw Error(fmt::format("--template-date: expected YYYY-MM-DD, got '{}'", date),
                "for example --template-date 2026-01-31");
  }
  day.tm_year = year - 1900;
  day.tm_mon = month - 1;
  day.tm_mday = mday;
  day.tm_hour = 12;
  day.tm_isdst = -1;
  return std::mktime(&day);
}

std::string Today() {
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof(date), "%Y-%m-%d", std::localtime(&now));
  return date;
}

TemplateSource FindTemplate(const StudentOptions& options, const std::string& own) {
  const std::string& wanted = options.chat_template;
  if (wanted.empty()) {
    if (own.empty()) {
      throw Error(
          fmt::format("{}: the model carries no chat template", options.path),
          fmt::format(
              "name the format it is to be trained with: --chat-template {}, or a Jinja file",
              fmt::join(BuiltinTemplateNames(), "|")));
    }
    return {own, "model"};
  }
  if (const char* builtin = BuiltinTemplate(wanted)) return {builtin, "built-in " + wanted};
  if (wanted.find_first_of("./") == std::string::npos) {
    throw Error(
        fmt::format("--chat-template: '{}' is neither a built-in template nor a file", wanted),
        NearestHint(wanted, BuiltinTemplateNames()));
  }
  return {ReadFile(wanted), wanted};
}

}  // namespace rsr
