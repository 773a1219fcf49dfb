#include "store/verified.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/printable.h"
#include "rsr/error.h"
#include "store/directory.h"

namespace rsr {

using Json = nlohmann::ordered_json;

std::string VerifiedToJson(const VerifiedRow& row) {
  const Json json = {{"row", row.row},
                     {"id", row.id},
                     {"correct", row.correct ? Json(*row.correct) : Json()},
                     {"method", row.method},
                     {"column", row.column},
                     {"why", row.why}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<VerifiedRow> ReadVerified(const std::string& dir) {
  const std::string path = VerifiedPath(dir);
  if (!PathExists(path)) return {};
  const std::string text = ReadFile(path);
  std::vector<VerifiedRow> rows;
  int64_t number = 0;
  for (size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
    ++number;
    try {
      const Json json = Json::parse(text.begin() + at, text.begin() + end);
      const Json& correct = json.at("correct");
      rows.push_back({json.at("row").get<int64_t>(), json.at("id").get<std::string>(),
                      correct.is_null() ? std::nullopt : std::optional(correct.get<bool>()),
                      json.at("method").get<std::string>(), json.at("column").get<std::string>(),
                      json.at("why").get<std::string>()});
    } catch (const Json::exception&) {
      throw Error(fmt::format("{}:{}: expected a verified row, got {}", path, number,
                              Excerpt(std::string_view(text).substr(at, end - at))),
                  "delete the file and run `rsr verify` again");
    }
  }
  return rows;
}

}  // namespace rsr
