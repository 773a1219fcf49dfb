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

  // Of two rows, by their indices into ScoredRows::rows; nothing if it is below the threshold.
  std::optional<double> SimilarityAtThreshold(size_t a, size_t b) const;
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
  std::optional<Match> Find(size_t index);
  void Add(size_t index);

 private:
  std::vector<uint64_t> Bands(size_t index) const;

  struct Taken {
    size_t index;
    uint64_t compared = 0;  // by which Find: rows share several bands
  };

  const Signatures& signatures_;
  std::vector<Taken> taken_;                                   // in the order of Add
  std::unordered_map<uint64_t, std::vector<size_t>> of_band_;  // indices into taken_
  uint64_t finds_ = 0;
};

}  // namespace rsr
