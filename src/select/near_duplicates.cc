#include "select/near_duplicates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string_view>
#include <utility>

#include "base/hash.h"

namespace rsr {
namespace {

// Multiply-add-shift, a universal family: the upper half of a * x + b.
struct Permutations {
  std::vector<uint64_t> a, b;

  Permutations(int n, uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < n; ++i) {
      a.push_back(random() | 1);
      b.push_back(random());
    }
  }

  // Keeps the smallest of each.
  void Add(uint64_t shingle, std::vector<uint32_t>& signature) const {
    for (size_t i = 0; i < a.size(); ++i)
      signature[i] = std::min(signature[i], static_cast<uint32_t>((a[i] * shingle + b[i]) >> 32));
  }
};

std::vector<uint32_t> Signature(const std::vector<int32_t>& tokens, size_t shingle,
                                const Permutations& permutations) {
  std::vector<uint32_t> signature(permutations.a.size(), UINT32_MAX);
  const size_t width = std::min(shingle, tokens.size());
  for (size_t i = 0; width > 0 && i + width <= tokens.size(); ++i) {
    const std::string_view bytes(reinterpret_cast<const char*>(&tokens[i]),
                                 width * sizeof(int32_t));
    permutations.Add(Hash64(bytes), signature);
  }
  return signature;
}

size_t BandFor(double threshold, int permutations) {
  constexpr int kWidest = 16;
  size_t band = 1;
  for (int r = 2; r <= std::min(kWidest, permutations); ++r) {
    const double missed = std::pow(1 - std::pow(threshold, r), permutations / r);
    if (missed <= 0.001) band = static_cast<size_t>(r);
  }
  return band;
}

}  // namespace

Signatures::Signatures(const ScoredRows& data, const Candidates& candidates,
                       const DedupOptions& options, uint64_t seed)
    : threshold_(options.jaccard), band_(BandFor(options.jaccard, options.permutations)) {
  std::map<std::pair<size_t, int64_t>, size_t> wanted;  // run and row
  for (const Candidate& candidate : candidates.rows) {
    const ScoredRow& row = data.rows[candidate.index];
    wanted[{row.run, row.row}] = candidate.index;
  }
  const Permutations permutations(options.permutations, seed);
  for (size_t run = 0; run < data.runs.size(); ++run) {
    RunReader::Open(data.runs[run].path)->ForEach(RunReader::kTokenId, [&](const RunRow& row) {
      const auto at = wanted.find({run, row.row});
      if (at == wanted.end()) return;
      of_row_[at->second] =
          Signature(row.tokens.token_id, static_cast<size_t>(options.shingle), permutations);
    });
  }
}

std::optional<double> Signatures::SimilarityAtThreshold(size_t a, size_t b) const {
  const std::vector<uint32_t>&x = Of(a), &y = Of(b);
  const size_t n = x.size();
  // Rows that share their boilerplate meet often and are soon seen to be too unlike.
  constexpr size_t kBlock = 32;
  size_t equal = 0;
  for (size_t i = 0; i < n;) {
    const size_t end = std::min(n, i + kBlock);
    for (; i < end; ++i) equal += x[i] == y[i];
    if (static_cast<double>(equal + n - end) / static_cast<double>(n) < threshold_)
      return std::nullopt;
  }
  return static_cast<double>(equal) / static_cast<double>(n);
}

std::vector<uint64_t> TakenSignatures::Bands(size_t index) const {
  const std::vector<uint32_t>& signature = signatures_.Of(index);
  const size_t band = signatures_.band();
  std::vector<uint64_t> bands;
  for (size_t i = 0; i + band <= signature.size(); i += band) {
    const std::string_view bytes(reinterpret_cast<const char*>(&signature[i]),
                                 band * sizeof(uint32_t));
    bands.push_back(Hash64(bytes, i));
  }
  return bands;
}

std::optional<TakenSignatures::Match> TakenSignatures::Find(size_t index) {
  ++finds_;
  std::optional<Match> best;
  size_t best_place = 0;
  for (const uint64_t band : Bands(index)) {
    const auto at = of_band_.find(band);
    if (at == of_band_.end()) continue;
    for (const size_t place : at->second) {
      Taken& other = taken_[place];
      if (std::exchange(other.compared, finds_) == finds_) continue;
      const auto similarity = signatures_.SimilarityAtThreshold(index, other.index);
      if (!similarity) continue;
      if (best && std::pair(-best->similarity, best_place) < std::pair(-*similarity, place))
        continue;
      best = Match{other.index, *similarity};
      best_place = place;
    }
  }
  return best;
}

void TakenSignatures::Add(size_t index) {
  for (const uint64_t band : Bands(index)) of_band_[band].push_back(taken_.size());
  taken_.push_back({.index = index});
}

}  // namespace rsr
