// What the frequencies of a rotary embedding are divided by for longer contexts, pair by pair:
// "llama3" and "yarn" of transformers' modeling_rope_utils. Short waves stay as they are, long ones
// are divided by `factor`, those between by something between.
#pragma once

#include <cstdint>
#include <vector>

namespace rsr {

// [width / 2] factors of an embedding that turns `width` values with `base`.
struct Llama3Scaling {
  double factor = 0, low_frequency = 0, high_frequency = 0;  // low < high
  double context = 0;                                        // of the training before, tokens

  std::vector<float> Factors(int64_t width, double base) const;
};

// https://arxiv.org/abs/2309.00071
struct YarnScaling {
  double factor = 0;   // at least 1
  double context = 0;  // of the training before, tokens
  double fast = 32, slow = 1;
  bool truncate = true;  // the pairs between which factors grow are whole ones

  bool Makes(double base) const;  // can it be computed?
  std::vector<float> Factors(int64_t width, double base) const;
  // 0.1 times `mscale` times log(factor) + 1, which cosines and sines are multiplied by.
  double Scale(double mscale = 1) const;
};

}  // namespace rsr
