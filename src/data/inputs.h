// The input as a person names it: files, patterns, standard input.
#pragma once

#include <string>
#include <vector>

namespace rsr {

// Patterns (* ? [..]) replaced by the files they match, sorted; a name that exists is never a
// pattern. Throws rsr::Error for none at all, a pattern without a match, and what is named twice.
std::vector<std::string> ExpandInputs(const std::vector<std::string>& given);

// As ids and messages name it: the path, or "stdin" for "-".
std::string InputName(const std::string& path);

// The file's name without the extensions of its format (.jsonl, .json, .ndjson, .parquet, and .gz
// or .zst behind one of them), as teachers are called.
std::string StemOf(std::string name);

}  // namespace rsr
