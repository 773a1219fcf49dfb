// Near-duplicates by MinHash over the scored tokens (Broder 1997): the share of equal positions of
// two signatures estimates the Jaccard similarity of the rows' sets of shingles (runs of
// consecutive token ids), with a standard deviation of at most 0.5 / sqrt(permutations).
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "metrics/scored_rows.h"
#include "rsr/select.h"
#include "select/candidates.h"

namespace rsr {

// The same in every run of the same options and seed. Rows shorter than a shingle are one shingle.
class Signatures {
 public:
  // Of the candidates, out of their runs: one pass over the column of token ids.
  Signatures(const ScoredRows& data, const Candidates& candidates, const DedupOptions& options,
             uint64_t seed);

  double Similarity(size_t a, size_t b) const;  // indices into ScoredRows::rows
  const std::vector<uint32_t>& Of(size_t index) const { return of_row_.at(index); }
  double threshold() const { return threshold_; }
  // Positions that make a band: the most with which a pair at the threshold shares one of the bands
  // 999 times in 1,000.
  size_t band() const { return band_; }

 private:
  double threshold_;
  size_t band_;
  std::unordered_map<size_t, std::vector<uint32_t>> of_row_;
};

// Rows that were taken, to be found again by their bands.
class TakenSignatures {
 public:
  explicit TakenSignatures(const Signatures& signatures) : signatures_(signatures) {}

  // The most similar row taken, if it is at the threshold or above; the first of equal ones.
  struct Match {
    size_t index;
    double similarity;
  };
  std::optional<Match> Find(size_t index) const;
  void Add(size_t index);

 private:
  std::vector<uint64_t> Bands(size_t index) const;

  const Signatures& signatures_;
  std::unordered_map<uint64_t, std::vector<size_t>> of_band_;
};

}  // namespace rsr
