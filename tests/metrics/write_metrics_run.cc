// Writes the run of golden.py: fixed trajectories with steps, keywords, turns and loops, of three
// teachers on eight problems. `write_metrics_run DIR`
#include <cstdio>
#include <string>
#include <vector>

#include "rsr/error.h"
#include "store/test_rows.h"

namespace rsr {
namespace {

const std::vector<std::string> kVocab = {
    "",       "Perhaps", " perhaps",  " ver", "ify",        "ified", " check", "Check", ",",
    " might", " since",  "Therefore", " the", " answer",    " is",   " 4",     "2",     ".",
    " So",    "\n",      "\n\n",      ".\n",  ". ",         "  ",    "\xC3",   "\xA9",  " caf",
    "ther",   "efore",   " x",        " =",   " therefore", " Wait", "!",      "9",     " y"};

class Numbers {  // xorshift64*
 public:
  explicit Numbers(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  uint32_t Below(uint32_t n) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>(((state_ * 0x2545f4914f6cdd1du) >> 33) % n);
  }

 private:
  uint64_t state_;
};

RunRow MakeRow(int64_t number) {
  // Row 5 has no token, rows 9 and 10 are all heads of steps.
  const int32_t tokens = number == 5 ? 0 : number == 9 || number == 10 ? 2 : 30 + 17 * number;
  RunRow row = MakeTestRow(number, tokens);
  Numbers numbers(static_cast<uint64_t>(number) + 1);
  std::vector<int32_t>& ids = row.tokens.token_id;
  int32_t position = 40, turn_left = 1000;
  row.turns = tokens > 0;
  for (int32_t k = 0; k < tokens; ++k) {
    ids[k] = static_cast<int32_t>(numbers.Below(static_cast<uint32_t>(kVocab.size())));
    // Every fifth trajectory falls into a loop, with a period of 3 or more.
    const int32_t period = 3 + static_cast<int32_t>(number);
    if (number % 5 == 3 && k > tokens / 2 && k >= period) ids[k] = ids[k - period];
    if (number % 4 == 2 && --turn_left % 23 == 0) {  // several turns, some of them the same
      position += 6;
      ++row.turns;
    }
    if (number % 4 == 2 && row.turns % 3 == 0 && k >= 23) ids[k] = ids[k - 23];
    row.tokens.position[k] = position++;
    row.tokens.kind[k] = static_cast<uint8_t>(numbers.Below(4));
  }
  if (number == 7) {  // a certain token: its ratio is infinite
    row.sum_surprisal -= row.tokens.surprisal[3];
    row.tokens.surprisal[3] = 0;
  }
  return row;
}

int Main(const std::string& dir) {
  const auto writer = RunWriter::Open(dir, MakeTestInfo());
  std::vector<VocabPiece> pieces;
  for (size_t id = 0; id < kVocab.size(); ++id)
    pieces.push_back({static_cast<int32_t>(id), kVocab[id]});
  writer->WriteVocab(pieces);
  for (int64_t i = 0; i < 24; ++i) writer->Append(MakeRow(i));
  writer->WriteRejected({});
  writer->Finish(true);
  return 0;
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_metrics_run DIR\n");
    return 1;
  }
  try {
    return rsr::Main(argv[1]);
  } catch (const rsr::Error& error) {
    std::fprintf(stderr, "%s\nhint: %s\n", error.what(), error.hint().c_str());
    return 1;
  }
}
