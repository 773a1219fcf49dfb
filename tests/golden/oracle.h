// The independent oracle's golden values (transformers in float32), read in place from the data
// beside the repository.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace rsr {

inline std::vector<nlohmann::json> ReadJsonLines(const std::string& path) {
  std::vector<nlohmann::json> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) rows.push_back(nlohmann::json::parse(line));
  }
  return rows;
}

inline std::string OracleFile(const std::string& name) {
  return std::string(RSR_SHARED_DIR) + "/oracle/" + name;
}

inline std::vector<nlohmann::json> ReadOracle() {
  return ReadJsonLines(OracleFile("cases.smollm2-135m-q4_1.f32.jsonl"));
}

}  // namespace rsr
