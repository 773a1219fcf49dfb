// The one list of token columns, in file order.
#pragma once

#include "store/run.h"

namespace rsr {

// f(name in the file, RunReader's bit for it, the member of TokenColumns)
template <class F>
void VisitTokenFields(F&& f) {
  f("surprisal", RunReader::kSurprisal, &TokenColumns::surprisal);
  f("rank", RunReader::kRank, &TokenColumns::rank);
  f("ties", RunReader::kTies, &TokenColumns::ties);
  f("entropy", RunReader::kEntropy, &TokenColumns::entropy);
  f("mass_above", RunReader::kMassAbove, &TokenColumns::mass_above);
  f("sum_p2", RunReader::kSumP2, &TokenColumns::sum_p2);
  f("top1_id", RunReader::kTop1Id, &TokenColumns::top1_id);
  f("top1_logprob", RunReader::kTop1Logprob, &TokenColumns::top1_logprob);
  f("token_id", RunReader::kTokenId, &TokenColumns::token_id);
  f("position", RunReader::kPosition, &TokenColumns::position);
  f("kind", RunReader::kKind, &TokenColumns::kind);
}

}  // namespace rsr
