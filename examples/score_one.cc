// Opens a student and scores one conversation: the public C++ interface in use. With P the
// PREFIX of `./dev install --prefix PREFIX`:
//
//   g++ -std=c++20 score_one.cc -I P/include -L P/lib -Wl,-rpath,P/lib -lrsr -o score_one
//   ./score_one student.gguf
#include <cstdio>

#include "rsr/rsr.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: score_one STUDENT.gguf\n");
    return 1;
  }
  try {
    rsr::Student student = rsr::Student::Open({.path = argv[1], .precision = rsr::Precision::kF32});
    const rsr::ChatMessage conversation[] = {
        {.role = "user", .content = "What is 17 * 6?"},
        {.role = "assistant", .content = "17 * 6 = 102."},
    };
    const rsr::ConversationScore score = student.Score(conversation);
    double surprisal = 0;
    for (const rsr::TokenScore& token : score.tokens) surprisal += token.surprisal;
    std::printf("tokens %zu of %lld\n", score.tokens.size(),
                static_cast<long long>(score.total_tokens));
    std::printf("average surprisal %.5f nats\n",
                surprisal / static_cast<double>(score.tokens.size()));
    std::printf("rsr %.5f\n", score.Rsr());
  } catch (const rsr::Error& error) {
    std::fprintf(stderr, "error: %s\nhint: %s\n", error.message().c_str(), error.hint().c_str());
    return 1;
  }
  return 0;
}
