// Writes a run of the size of the paper's study, for timing what reads runs:
//   write_large_run DIR [PROBLEMS TEACHERS MEAN_TOKENS]        default 5000 11 2000
// Makes DIR/run and its input, DIR/teacher-NN.jsonl. Lengths are log-normal, each teacher with a
// mean of its own; texts repeat stretches of their own and openings of their teacher's; one answer
// in twenty is another teacher's with one token in fifty changed, one in a hundred a loop.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "rsr/error.h"
#include "store/test_rows.h"

namespace rsr {
namespace {

// Ids below are words, the first of them frequent ones.
const std::vector<std::string> kFrequent = {" the",   ",",      ".",        "\\n", " is", " so",
                                            " x",     " =",     " 2",       "+",   " we", " of",
                                            " check", " since", " perhaps", "ing"};

std::string Piece(int32_t id) {
  return id < static_cast<int32_t>(kFrequent.size()) ? kFrequent[id] : " w" + std::to_string(id);
}

class Answers {
 public:
  Answers(int problems, int teachers, double mean_tokens)
      : problems_(problems), teachers_(teachers), mean_(mean_tokens) {}

  int64_t rows() const { return int64_t{problems_} * teachers_; }
  int Teacher(int64_t row) const { return static_cast<int>(row / problems_); }
  int Problem(int64_t row) const { return static_cast<int>(row % problems_); }

  std::vector<int32_t> Tokens(int64_t row) const {
    std::mt19937_64 random(static_cast<uint64_t>(row));
    const auto kind = random() % 100;
    if (kind < 5 && Teacher(row) > 0) return NearCopy(Tokens(row - problems_), random);
    // Teachers' means lie from a third to three times the mean; their own lengths scatter.
    const double teacher = std::exp(2.2 * Teacher(row) / teachers_ - 1.1);
    std::normal_distribution<double> normal;
    const double length = mean_ * teacher * std::exp(0.6 * normal(random) - 0.18);
    const auto n = static_cast<size_t>(std::clamp(length, 20.0, 32768.0));
    std::vector<int32_t> ids;
    for (int32_t k = 0; k < 12; ++k) ids.push_back(1000 + 20 * Teacher(row) + k);  // its opening
    const size_t period = 20 + random() % 40;
    while (ids.size() < n) {
      if (kind == 99 && ids.size() > 200) {
        ids.push_back(ids[ids.size() - period]);
      } else if (ids.size() > 100 && random() % 60 == 0) {  // says something again
        const size_t from = random() % (ids.size() - 20);
        for (size_t k = 0; k < 20; ++k) ids.push_back(ids[from + k]);
      } else {
        const double u = static_cast<double>(random() >> 11) * 0x1p-53;
        ids.push_back(static_cast<int32_t>(u * u * u * u * (kTestVocabSize - 1)));
      }
    }
    ids.resize(n);
    return ids;
  }

 private:
  static std::vector<int32_t> NearCopy(std::vector<int32_t> ids, std::mt19937_64& random) {
    for (int32_t& id : ids) {
      if (random() % 50 == 0) id = static_cast<int32_t>(random() % kTestVocabSize);
    }
    return ids;
  }

  const int problems_, teachers_;
  const double mean_;
};

struct Place {
  int64_t offset, length;
};

// The records of one teacher.
std::vector<Place> WriteInput(const std::string& path, const Answers& answers, int64_t begin,
                              int64_t end) {
  std::ofstream out(path, std::ios::binary);
  std::vector<Place> places;
  int64_t offset = 0;
  for (int64_t row = begin; row < end; ++row) {
    std::string line =
        fmt::format(R"({{"id": "r{}", "messages": [{{"role": "user", "content": "Problem {}"}}, )"
                    R"({{"role": "assistant", "content": ")",
                    row, answers.Problem(row));
    for (const int32_t id : answers.Tokens(row)) line += Piece(id);
    line += "\"}]}";
    places.push_back({offset, static_cast<int64_t>(line.size())});
    offset += static_cast<int64_t>(line.size()) + 1;
    out << line << '\n';
  }
  return places;
}

void Write(const std::string& dir, const Answers& answers, int problems, int teachers) {
  std::filesystem::create_directories(dir);
  RunInfo info = MakeTestInfo();
  info.inputs.clear();
  info.kept.clear();
  std::vector<Place> places;
  for (int t = 0; t < teachers; ++t) {
    const std::string path = fmt::format("{}/teacher-{:02}.jsonl", dir, t);
    const auto of_teacher =
        WriteInput(path, answers, int64_t{t} * problems, int64_t{t + 1} * problems);
    places.insert(places.end(), of_teacher.begin(), of_teacher.end());
    info.inputs.push_back({path, HashFile(path),
                           static_cast<int64_t>(std::filesystem::file_size(path)), problems,
                           "messages"});
  }
  const auto writer = RunWriter::Open(dir + "/run", info);
  std::vector<VocabPiece> pieces;
  for (int32_t id = 0; id < kTestVocabSize; ++id)
    pieces.push_back({id, Piece(id) == "\\n" ? "\n" : Piece(id)});
  writer->WriteVocab(pieces);
  int64_t tokens = 0;
  for (int64_t i = 0; i < answers.rows(); ++i) {
    const std::vector<int32_t> ids = answers.Tokens(i);
    RunRow row = MakeTestRow(i, static_cast<int32_t>(ids.size()));
    row.id = fmt::format("r{}", i);
    row.problem_id = fmt::format("p{}", answers.Problem(i));
    row.teacher = fmt::format("teacher-{:02}", answers.Teacher(i));
    row.source = fmt::format("source-{}", answers.Problem(i) % 5);
    row.file = answers.Teacher(i);
    row.offset = places[i].offset;
    row.length = places[i].length;
    row.line = answers.Problem(i) + 1;
    row.record.clear();
    row.kept.clear();
    row.turns = row.turns_given = 1;
    row.tokens.token_id = ids;
    writer->Append(row);
    tokens += row.scored_tokens;
  }
  writer->WriteRejected({});
  writer->Finish(true);
  std::printf("%lld trajectories, %.1f M tokens\n", static_cast<long long>(answers.rows()),
              static_cast<double>(tokens) / 1e6);
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  if (argc < 2 || argc == 3 || argc == 4 || argc > 5) {
    std::fprintf(stderr, "usage: write_large_run DIR [PROBLEMS TEACHERS MEAN_TOKENS]\n");
    return 1;
  }
  const int problems = argc > 2 ? std::atoi(argv[2]) : 5000;
  const int teachers = argc > 3 ? std::atoi(argv[3]) : 11;
  const double mean = argc > 4 ? std::atof(argv[4]) : 2000;
  try {
    rsr::Write(argv[1], rsr::Answers(problems, teachers, mean), problems, teachers);
  } catch (const rsr::Error& error) {
    std::fprintf(stderr, "%s\nhint: %s\n", error.what(), error.hint().c_str());
    return 1;
  }
}
