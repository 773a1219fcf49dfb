// vocab.parquet: the student's vocabulary, so that tokens can be shown without the student.
#pragma once

#include <string>
#include <vector>

#include "store/run.h"

namespace rsr {

void WriteVocabFile(const std::string& path, const std::vector<VocabPiece>& pieces);

// Indexed by token id, all below `vocab_size`. Throws rsr::Error if the file is missing or damaged.
std::vector<std::string> ReadVocabFile(const std::string& path, int64_t vocab_size);

}  // namespace rsr
