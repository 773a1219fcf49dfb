#include "store/rejected.h"

#include <algorithm>
#include <nlohmann/json.hpp>

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

}  // namespace rsr
