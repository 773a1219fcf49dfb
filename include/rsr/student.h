// Open a student model and score one conversation in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rsr {

// kF32: the weights, dequantised where the file is quantised, in float32. kBf16: weights and the
// activations they are multiplied with rounded to bf16, sums in float32 (EngineChoice::kNative
// only; twice as fast on some CPUs). kNative: the file's own types as ggml computes them (it rounds
// activations to 8 bits for quantised weights). kAuto: kF32 if that fits in memory, else kNative
// (docs/precision.md).
enum class Precision { kAuto, kF32, kBf16, kNative };

// kNative: rsr's own decoder, for dense families (docs/engine.md). kLlama: llama.cpp's
// graph, every architecture it has. kAuto: kNative if it computes this student and the precision is
// not kNative; else kLlama.
enum class EngineChoice { kAuto, kNative, kLlama };

// Which tokens of a conversation are scored (docs/masks.md). kContent: assistant text without the
// end-of-turn token, as the paper's reference does. kTurn: also the end-of-turn token, as trainers
// do. kLast: the final assistant turn's content. kReference: what the published script scores,
// which loses every turn whose first white space the tokenizer joins with the template's.
enum class MaskPolicy { kContent, kTurn, kLast, kReference };

// Reasoning of assistant messages, in a field of its own or as <think>...</think> in front of the
// content. kAsTemplate: given to the template as it is. kKeep: also asks the template to keep that
// of earlier turns. kDrop: removed.
enum class ThinkingPolicy { kAsTemplate, kKeep, kDrop };

struct StudentOptions {
  // A GGUF file, a Hugging Face directory (tokenizer.json; to run it config.json and safetensors),
  // or org/name of one in the local Hugging Face cache.
  std::string path;
  EngineChoice engine = EngineChoice::kAuto;
  Precision precision = Precision::kAuto;
  MaskPolicy mask = MaskPolicy::kContent;
  ThinkingPolicy thinking = ThinkingPolicy::kAsTemplate;
  // Empty: the model's own; else a built-in name (`chatml` ...) or a Jinja file.
  std::string chat_template;
  std::string template_date;  // YYYY-MM-DD that templates see as today; empty: today
  // Truncate on the right to this many tokens; 0: rows longer than the context are rejected.
  int64_t max_tokens = 0;
  // Bytes that the process may take; 0: what the machine has free, less a reserve.
  int64_t memory = 0;
  // Where a dequantised student is kept; empty: $RSR_CACHE, else ~/.cache/rsr.
  std::string cache_dir;
};

struct ChatMessage {
  std::string role;  // system, user, assistant or tool
  std::string content;
  std::string reasoning;   // `reasoning_content` / `thinking` field; empty: none
  std::string tool_calls;  // JSON array in the OpenAI form; empty: none
};

// One scored token; definitions in docs/metrics.md. Probabilities are the student's, given
// everything before.
struct TokenScore {
  int32_t position = 0;  // index in the tokenized conversation
  int32_t token_id = 0;
  float surprisal = 0;     // -ln p, nats
  int32_t rank = 0;        // 1 + number of strictly more probable tokens, not clipped
  int32_t ties = 0;        // other entries with exactly the same logit
  float entropy = 0;       // nats
  float mass_above = 0;    // probability of the strictly more probable tokens together
  float sum_p2 = 0;        // sum over the vocabulary of p^2
  int32_t top1_id = 0;     // the most probable token; the lowest id on a tie
  float top1_logprob = 0;  // its ln p, nats
};

struct ConversationScore {
  int64_t total_tokens = 0;  // of the rendered conversation
  std::vector<TokenScore> tokens;

  // Rank-Surprisal Ratio, arXiv 2601.14249 eq. 7: sum of min(rank, clip) / sum of surprisal. Lower
  // is better.
  double Rsr(int32_t clip = 100) const;
};

// A loaded student. Movable; one thread at a time may call Score.
class Student {
 public:
  static Student Open(const StudentOptions& options);  // throws rsr::Error
  Student(Student&&) noexcept;
  Student& operator=(Student&&) noexcept;
  ~Student();

  // `tools`: JSON array of tool schemas, or empty. Throws rsr::Error for an unknown role, if the
  // template refuses the conversation, an assistant message yields no token, or the conversation is
  // longer than the context and StudentOptions::max_tokens is 0.
  ConversationScore Score(std::span<const ChatMessage> messages, const std::string& tools = "");

 private:
  struct Impl;
  explicit Student(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rsr
