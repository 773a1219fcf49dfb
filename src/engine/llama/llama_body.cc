#include "engine/llama/llama_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "rsr/error.h"
#include "student/ggml_log.h"

namespace rsr {
namespace {

// Every family's graph names its final hidden states so (llama.cpp's src/models/).
constexpr const char* kNorm = "result_norm";

// Tokens at once. More are not faster (Zen 4, SmolLM2-135M in float32 at 2,048 tokens: 168, 168,
// 168, 165 tokens per CPU second with 64, 128, 256, 512) but take memory: llama.cpp allocates and
// touches this many rows of logits, although we stop before it computes them.
constexpr int64_t kTokensAtOnce = 128;

// Attention scores of a piece, heads x tokens at once x context in float32, are kept below this.
constexpr int64_t kScoreBytes = int64_t{512} << 20;

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

int64_t ScoreBytes(const BodyShape& shape, const ContextSize& size) {
  return shape.heads * size.at_once * size.tokens * int64_t{sizeof(float)};
}

}  // namespace

ContextSize SizeFor(const BodyShape& shape, int64_t sequence_length) {
  // Few sizes, so that trajectories of mixed lengths rarely make a new context: that zeroes the KV
  // cache, 0.1 s for SmolLM2-135M at 4,096 tokens.
  constexpr int64_t kFirst = 4096, kStep = 16384;
  ContextSize size;
  size.tokens = kFirst;
  while (size.tokens < sequence_length && size.tokens < kStep) size.tokens *= 2;
  if (size.tokens < sequence_length) size.tokens = RoundUp(sequence_length, kStep);
  if (shape.context_length > 0) {
    size.tokens = std::min(size.tokens, RoundUp(shape.context_length, 256));
  }
  size.at_once = kTokensAtOnce;
  while (size.at_once > 16 && ScoreBytes(shape, size) > kScoreBytes) size.at_once /= 2;
  return size;
}

int64_t ContextBytes(const BodyShape& shape, int64_t sequence_length, int64_t vocab) {
  const ContextSize size = SizeFor(shape, sequence_length);
  const int64_t kv = size.tokens * shape.kv_width * (shape.f32 ? 4 : 2);
  const int64_t mask = size.at_once * size.tokens * 4;
  const int64_t logits = size.at_once * vocab * 4;
  // Activations: a few rows of the feed-forward width, four times the width or so.
  const int64_t activations = size.at_once * shape.width * 4 * 4 * 8;
  return kv + ScoreBytes(shape, size) + mask + logits + activations;
}

LlamaBody::LlamaBody(llama_model* model, const BodyShape& shape) : model_(model), shape_(shape) {}

bool LlamaBody::OnNode(ggml_tensor* node, bool ask, void* self) {
  auto& body = *static_cast<LlamaBody*>(self);
  const bool is_norm = std::strcmp(node->name, kNorm) == 0;
  if (ask) {
    if (body.norm_ != nullptr) body.after_norm_.push_back(node);
    if (is_norm) body.norm_ = node;
    return is_norm;
  }
  body.hidden_.resize(static_cast<size_t>(ggml_nelements(node)));
  ggml_backend_tensor_get(node, body.hidden_.data(), 0, ggml_nbytes(node));
  return body.through_output_;  // false: the rest of the graph is left out
}

void LlamaBody::Prepare(int64_t sequence_length) {
  if (shape_.context_length > 0 && sequence_length > shape_.context_length) {
    throw Error(fmt::format("a sequence of {} tokens is longer than the student's context of {}",
                            sequence_length, shape_.context_length),
                "truncate it (--max-tokens)");
  }
  const ContextSize size = SizeFor(shape_, sequence_length);
  if (context_ != nullptr && size == size_) {
    // Cells of an earlier sequence stay where they are: attention gives them a weight of exactly 0.
    llama_memory_clear(llama_get_memory(context_.get()), /*data=*/false);
    return;
  }
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(size.tokens);
  params.n_batch = params.n_ubatch = static_cast<uint32_t>(size.at_once);
  params.n_threads = params.n_threads_batch = 1;
  // Flash attention rounds keys and values to float16 whatever the cache's type. It is no faster
  // here (Zen 4, 8,192 tokens: 75 against 73 tokens per CPU second), so only `native`, which means
  // llama.cpp's defaults, has it.
  params.flash_attn_type = shape_.f32 ? LLAMA_FLASH_ATTN_TYPE_DISABLED : LLAMA_FLASH_ATTN_TYPE_AUTO;
  params.type_k = params.type_v = shape_.f32 ? GGML_TYPE_F32 : GGML_TYPE_F16;
  params.swa_full = false;  // a sliding window needs no more than its width
  params.cb_eval = OnNode;
  params.cb_eval_user_data = this;
  context_.reset();  // before the new one: not both in memory
  TakeGgmlMessages();
  context_.reset(llama_init_from_model(model_, params));
  if (context_ == nullptr || llama_get_memory(context_.get()) == nullptr) {
    context_.reset();
    throw Error(fmt::format("no context of {} tokens for architecture '{}': {}", size.tokens,
                            shape_.architecture, TakeGgmlMessages()),
                "it may not fit in memory: use fewer --threads, a smaller --max-tokens or "
                "--precision native");
  }
  size_ = size;
}

void LlamaBody::Decode(std::span<const int32_t> ids, int64_t first) {
  const size_t count = ids.size();
  std::vector<llama_token> tokens(ids.begin(), ids.end());
  std::vector<llama_pos> positions(count);
  std::vector<int32_t> sequences_each(count, 1);
  llama_seq_id sequence = 0;
  std::vector<llama_seq_id*> sequences(count, &sequence);
  std::vector<int8_t> wanted(count, 1);
  for (size_t i = 0; i < count; ++i) positions[i] = static_cast<llama_pos>(first) + llama_pos(i);
  const llama_batch batch{
      static_cast<int32_t>(count), tokens.data(),    nullptr,      positions.data(),
      sequences_each.data(),       sequences.data(), wanted.data()};
  hidden_.clear();
  norm_ = nullptr;
  after_norm_.clear();
  TakeGgmlMessages();
  int status;
  try {
    status = llama_decode(context_.get(), batch);
  } catch (...) {  // a failed assertion of ggml: what the context holds now is anybody's guess
    context_.reset();
    throw;
  }
  if (status != 0) {
    context_.reset();
    throw Error(fmt::format("llama.cpp failed (status {}) at position {}: {}", status, first,
                            TakeGgmlMessages()),
                "", Error::Kind::kInternal);
  }
  if (hidden_.size() != count * static_cast<size_t>(shape_.width)) {
    throw Error(fmt::format("architecture '{}' does not give its final hidden states: {} values of "
                            "'{}' expected, got {}",
                            shape_.architecture, count * static_cast<size_t>(shape_.width), kNorm,
                            hidden_.size()),
                "score with another student, or report this architecture as missing");
  }
}

void LlamaBody::Run(std::span<const int32_t> ids, int64_t end, const Rows& rows) {
  const auto length = static_cast<int64_t>(ids.size());
  Prepare(length);
  for (int64_t first = 0; first < end; first += size_.at_once) {
    const int64_t count = std::min(size_.at_once, length - first);
    Decode(ids.subspan(static_cast<size_t>(first), static_cast<size_t>(count)), first);
    rows(first, count, hidden_.data());
  }
}

void LlamaBody::RunThroughOutput(std::span<const int32_t> ids, std::vector<float>* hidden,
                                 std::vector<float>* logits, const Graph& graph) {
  Prepare(static_cast<int64_t>(ids.size()));
  through_output_ = true;
  Decode(ids, 0);
  through_output_ = false;
  graph(norm_, after_norm_);
  *hidden = hidden_;
  const auto vocab = static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model_)));
  const float* all = llama_get_logits(context_.get());
  logits->assign(all, all + ids.size() * vocab);
}

}  // namespace rsr
