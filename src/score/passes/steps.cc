#include "score/passes/steps.h"

#include <algorithm>
#include <string_view>

namespace rsr {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool IsSpace(char c) { return kSpace.find(c) != kSpace.npos; }

// Bytes of the sentence mark that begins at `at`; 0 if none ends a sentence there.
size_t SentenceMark(std::string_view text, size_t at) {
  for (const std::string_view wide : {"\u3002", "\uff01", "\uff1f"}) {
    if (text.substr(at, wide.size()) == wide) return wide.size();
  }
  const bool mark = text[at] == '.' || text[at] == '!' || text[at] == '?';
  return mark && at + 1 < text.size() && IsSpace(text[at + 1]) ? 1 : 0;
}

// Where the white space that begins at `at` with a line break ends a step: behind its last line
// break. 0 if it does not.
size_t BreakEnd(std::string_view text, size_t at, StepSplit split) {
  size_t end = 0, breaks = 0;
  for (size_t i = at; i < text.size() && IsSpace(text[i]); ++i) {
    if (text[i] != '\n') continue;
    ++breaks;
    end = i + 1;
  }
  return breaks >= (split == StepSplit::kParagraph ? 2u : 1u) ? end : 0;
}

}  // namespace

std::vector<size_t> StepEnds(std::string_view text, StepSplit split) {
  constexpr size_t kLeast = 4;  // bytes
  std::vector<size_t> ends;
  size_t content = 0;  // bytes of the step so far that are not white space
  const auto cut = [&](size_t end) {
    if (content < kLeast || end == text.size()) return;
    ends.push_back(end);
    content = 0;
  };
  for (size_t i = 0; i < text.size();) {
    size_t next = i + 1;
    if (text[i] == '\n') {
      if (const size_t end = BreakEnd(text, i, split)) cut(next = end);
    } else if (!IsSpace(text[i])) {
      const size_t mark = split == StepSplit::kSentence ? SentenceMark(text, i) : 0;
      next = i + std::max<size_t>(mark, 1);
      content += next - i;
      // A line break right behind belongs to this step and ends it.
      if (mark > 0 && (next == text.size() || BreakEnd(text, next, split) == 0)) cut(next);
    }
    i = next;
  }
  if (content < kLeast && !ends.empty()) ends.pop_back();
  if (!text.empty()) ends.push_back(text.size());
  return ends;
}

std::vector<int32_t> StepsOf(const MaskedTokens& masked,
                             const std::function<std::string(int32_t id)>& piece, StepSplit split) {
  const std::vector<int32_t>& positions = masked.positions;
  std::vector<int32_t> steps;
  int32_t step = -1;
  for (size_t first = 0, last; first < positions.size(); first = last) {
    std::string text;
    std::vector<size_t> begins;
    for (last = first; last < positions.size() &&
                       positions[last] - positions[first] == static_cast<int32_t>(last - first);
         ++last) {
      begins.push_back(text.size());
      text += piece(masked.ids[positions[last]]);
    }
    const std::vector<size_t> ends = StepEnds(text, split);
    size_t end = 0;  // of the step that the token before was in
    for (const size_t begin : begins) {
      if (begin >= end) {
        ++step;
        const auto next = std::upper_bound(ends.begin(), ends.end(), begin);
        end = next == ends.end() ? text.size() + 1 : *next;
      }
      steps.push_back(step);
    }
  }
  return steps;
}

}  // namespace rsr
