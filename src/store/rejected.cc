#include "store/rejected.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "rsr/error.h"

namespace rsr {

using Json = nlohmann::ordered_json;

std::string RejectedToJsonl(std::vector<RejectedRow> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const RejectedRow& a, const RejectedRow& b) { return a.row < b.row; });
  std::string text;
  for (const RejectedRow& row : rows) {
    const Json json = {{"file", row.file}, {"line", row.line},     {"row", row.row},
                       {"id", row.id},     {"reason", row.reason}, {"message", row.message}};
    text += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

std::vector<RejectedRow> RejectedFromJsonl(std::string_view text, const std::string& path) {
  std::vector<RejectedRow> rows;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    try {
      const Json json = Json::parse(line);
      rows.push_back({json.at("file").get<std::string>(), json.at("line").get<int64_t>(),
                      json.at("row").get<int64_t>(), json.at("id").get<std::string>(),
                      json.at("reason").get<std::string>(), json.at("message").get<std::string>()});
    } catch (const Json::exception&) {
      throw Error(fmt::format("{}:{}: expected a rejected row, got {}", path, rows.size() + 1,
                              Excerpt(line)),
                  "run the same score command again: it writes this file anew");
    }
  }
  return rows;
}

}  // namespace rsr
