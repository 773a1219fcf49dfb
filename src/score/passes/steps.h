// Reasoning steps: runs of scored tokens, cut where the text says so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "text/mask.h"

namespace rsr {

// kSentence: behind . ! or ? in front of white space, behind the full-width ones, and behind line
// breaks. kLine: behind line breaks. kParagraph: behind empty lines.
enum class StepSplit { kSentence, kLine, kParagraph };

// The step of each scored token, from 0 on. A token belongs to the step of its first byte; line
// breaks to the step that they end. What has fewer than 4 bytes that are not white space ("1.",
// "Ok.") goes to the next step, at a turn's end to the one before. A gap between scored tokens
// (a turn's end, a tool's answer) always ends a step.
std::vector<int32_t> StepsOf(const MaskedTokens& masked,
                             const std::function<std::string(int32_t id)>& piece, StepSplit split);

// Ends (exclusive) of the steps of one text, the last its size. For tests.
std::vector<size_t> StepEnds(std::string_view text, StepSplit split);

}  // namespace rsr
