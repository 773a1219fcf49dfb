// Writes a synthetic run for formats_doc_test.py: three finished shards and one in flight.
// `write_sample_run DIR`
#include <cstdio>
#include <vector>

#include "rsr/error.h"
#include "store/test_rows.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_sample_run DIR\n");
    return 1;
  }
  try {
    auto writer = rsr::RunWriter::Open(argv[1], rsr::MakeTestInfo(), {.shard_tokens = 20'000});
    std::vector<rsr::VocabPiece> pieces;
    for (int32_t id = 0; id < rsr::kTestVocabSize; ++id) {
      pieces.push_back({id, "piece" + std::to_string(id)});
    }
    writer->WriteVocab(pieces);
    for (int64_t i = 0; i < 65; ++i) {
      writer->Append(rsr::MakeTestRow(i, 100 + static_cast<int32_t>(i * 37 % 2000)));
    }
    writer->WriteRejected({{"a.jsonl", 9, 65, "", "invalid-json", "a.jsonl:9: not JSON"}});
  } catch (const rsr::Error& error) {
    std::fprintf(stderr, "%s\nhint: %s\n", error.what(), error.hint().c_str());
    return 1;
  }
  return 0;  // without Finish: the last rows stay in flight
}
