// TextSide: template, tokenizer and mask put together.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/hash.h"
#include "rsr/error.h"
#include "rsr/thousands.h"
#include "text/chat_template.h"
#include "text/mask.h"
#include "text/reference_mask.h"
#include "text/template_source.h"
#include "text/thinking.h"
#include "text/token_kinds.h"
#include "text/turns.h"
#include "text/vocabulary.h"

namespace rsr {
namespace {

class StudentTextSide : public TextSide {
 public:
  explicit StudentTextSide(const StudentOptions& options)
      : vocabulary_(options.path),
        options_(options),
        date_(options.template_date.empty() ? Today() : options.template_date),
        source_(FindTemplate(options, vocabulary_.chat_template())),
        template_(source_.text, {.bos = vocabulary_.bos(),
                                 .eos = vocabulary_.eos(),
                                 .now = NoonOf(date_),
                                 .keep_reasoning = options.thinking == ThinkingPolicy::kKeep,
                                 .where = Where()}),
        finder_(template_, vocabulary_.EndTokens(), Where()) {
    if (options.max_tokens > context_length()) {
      throw Error(
          fmt::format("--max-tokens {} is more than the student's context of {} tokens ({})",
                      options.max_tokens, Thousands(context_length()), options.path));
    }
    if (options.mask == MaskPolicy::kReference) {
      reference_header_ = vocabulary_.Tokenize(finder_.shape().header).ids;
      const std::vector<int32_t> closing = vocabulary_.Tokenize(finder_.shape().closing).ids;
      if (reference_header_.empty() || closing.empty()) {
        throw Error(fmt::format("--mask reference: {} has no header or no end-of-turn token to "
                                "look for",
                                Where()),
                    "the other masks do not look for tokens");
      }
      reference_end_ = closing[0];
    }
  }

  MaskedTokens Tokenize(const Trajectory& trajectory) const override {
    std::unique_lock one_at_a_time(long_ones_, std::defer_lock);
    if (trajectory.span.length > kLong) one_at_a_time.lock();
    MarkedText marked;
    const Rendered rendered = RenderMarked(trajectory, &marked);
    MaskedTokens out;
    CountTurns(trajectory.messages, &out);
    if (options_.max_tokens == 0) {
      // Before what takes dozens of bytes and many steps for each byte of the text.
      CheckLength(vocabulary_.LeastTokensOf(rendered.text), "at least ");
    }
    Tokens tokens = vocabulary_.Tokenize(rendered.text);
    const std::vector<int64_t>& begins = tokens.begins;
    out.ids = std::move(tokens.ids);
    out.tokens_before_truncation = static_cast<int64_t>(out.ids.size());
    out.stripped = rendered.stripped;
    for (size_t i = 0; i < out.ids.size(); ++i) {
      out.special_tokens_in_content +=
          vocabulary_.is_control(out.ids[i]) && marked.owner[begins[i]] != MarkedText::kTemplate;
    }
    if (options_.mask == MaskPolicy::kReference) {
      MarkAsReference(reference_header_, reference_end_, &out);
    } else {
      Mark(rendered.spans, begins, &out);
    }
    Truncate(&out);
    return out;
  }

  Rendered Render(const Trajectory& trajectory) const override {
    MarkedText marked;
    return RenderMarked(trajectory, &marked);
  }

  int64_t vocab_size() const override { return vocabulary_.size(); }
  std::string Piece(int32_t id) const override { return vocabulary_.piece(id); }
  std::string begin_of_text() const override { return vocabulary_.bos(); }
  std::string assistant_header() const override { return finder_.shape().header; }
  int64_t context_length() const override { return vocabulary_.context_length(); }
  std::string template_hash() const override {
    return HashBytes(source_.text + '\0' + vocabulary_.bos() + '\0' + vocabulary_.eos() + '\0' +
                     date_);
  }
  std::string tokenizer_hash() const override { return vocabulary_.hash(); }
  std::string template_source() const override { return source_.where; }
  std::string template_date() const override { return date_; }

 private:
  std::string Where() const { return source_.where == "model" ? options_.path : source_.where; }

  void CountTurns(const std::vector<Message>& messages, MaskedTokens* out) const {
    for (const Message& message : messages) {
      if (message.role != Role::kAssistant) continue;
      // The published scanner knows of no exclusion.
      const bool given = message.train || options_.mask == MaskPolicy::kReference;
      ++(given ? out->turns_given : out->turns_excluded);
    }
    if (out->turns_given == 0) {
      throw RowError{"no-trained-turn", "every assistant message is left out of training"};
    }
    if (options_.mask == MaskPolicy::kLast) out->turns_given = 1;
  }

  // A token is scored if it holds a byte of a span.
  static void Mark(const std::vector<Rendered::Span>& spans, const std::vector<int64_t>& begins,
                   MaskedTokens* out) {
    size_t span = 0;
    int32_t last_turn = -1;
    for (size_t i = 0; i < out->ids.size(); ++i) {
      const int64_t begin = begins[i], end = begins[i + 1];
      while (span < spans.size() && spans[span].end <= begin) ++span;
      // Position 0 has nothing before it to predict it from.
      if (i == 0 || span == spans.size() || spans[span].begin >= end) continue;
      out->positions.push_back(static_cast<int32_t>(i));
      out->kinds.push_back(spans[span].kind);
      out->turns_found += spans[span].turn != last_turn;
      last_turn = spans[span].turn;
    }
    if (out->turns_found != out->turns_given) {
      throw RowError{"turn-not-found",
                     fmt::format("{} of {} assistant turns have a token of their own",
                                 out->turns_found, out->turns_given)};
    }
  }

  Rendered RenderMarked(const Trajectory& trajectory, MarkedText* marked) const {
    const std::vector<Message>& given = trajectory.messages;
    *marked = template_.Render(
        ApplyThinking(given, options_.thinking, template_.prints_reasoning()), trajectory.tools);
    const std::vector<Turn> turns = finder_.Find(*marked, given);
    Rendered rendered;
    for (size_t t = 0; t < turns.size(); ++t) {
      const Turn& turn = turns[t];
      const Message& message = given[turn.message];
      if (!message.train) continue;
      if (options_.mask == MaskPolicy::kLast) rendered.spans.clear();
      // Channel names alone, which some templates print then, are no turn either.
      const bool silent =
          message.content.empty() && message.reasoning.empty() && message.tool_calls.empty();
      if (turn.begin == turn.end || silent) throw EmptyTurn(turn, message);
      CountTurnStripped(message, *marked, turn, &rendered.stripped);
      AppendSpans(*marked, turn, static_cast<int32_t>(t), !message.tool_calls.empty(),
                  &rendered.spans);
    }
    rendered.text = marked->text;
    return rendered;
  }

  void CountTurnStripped(const Message& message, const MarkedText& marked, const Turn& turn,
                         Stripped* stripped) const {
    if (options_.thinking != ThinkingPolicy::kDrop) {
      return CountStripped(message, marked, turn, stripped);
    }
    Message dropped = message;  // what the user asked to drop is not the template's doing
    dropped.content = TakeApart(message).answer;
    dropped.reasoning.clear();
    CountStripped(dropped, marked, turn, stripped);
  }

  void AppendSpans(const MarkedText& marked, const Turn& turn, int32_t number, bool has_tool_calls,
                   std::vector<Rendered::Span>* spans) const {
    const KindMarker kind(marked, turn, has_tool_calls);
    const ByteRange scored =
        options_.mask == MaskPolicy::kTurn ? turn.trained : ByteRange{turn.begin, turn.end};
    for (int64_t byte = scored.begin; byte < scored.end; ++byte) {
      const TokenKind k = kind.At(byte);
      if (byte > scored.begin && spans->back().kind == k) {
        ++spans->back().end;
      } else {
        spans->push_back({byte, byte + 1, k, number});
      }
    }
  }

  static RowError EmptyTurn(const Turn& turn, const Message& message) {
    return {"empty-turn",
            fmt::format("message {} (assistant) renders to nothing: {}", turn.message + 1,
                        !message.tool_calls.empty() ? "the chat template prints no tool_calls"
                        : message.content.empty()   ? "its content is empty"
                                                    : "the chat template leaves its content out")};
  }

  void CheckLength(int64_t tokens, const char* how) const {
    if (tokens <= context_length()) return;
    throw RowError{"too-long", fmt::format("{}{} tokens are more than the student's context of {}",
                                           how, Thousands(tokens), Thousands(context_length()))};
  }

  void Truncate(MaskedTokens* out) const {
    const int64_t limit = options_.max_tokens;
    if (limit > 0 && static_cast<int64_t>(out->ids.size()) > limit) {
      out->truncated = true;
      out->ids.resize(static_cast<size_t>(limit));
      const auto end = std::lower_bound(out->positions.begin(), out->positions.end(),
                                        static_cast<int32_t>(limit));
      out->kinds.resize(static_cast<size_t>(end - out->positions.begin()));
      out->positions.erase(end, out->positions.end());
      if (out->positions.empty()) {
        throw RowError{"no-scored-tokens",
                       fmt::format("all scored tokens lie behind --max-tokens {} (the row has {})",
                                   limit, Thousands(out->tokens_before_truncation))};
      }
    } else if (limit == 0) {
      CheckLength(std::ssize(out->ids), "");
    }
    if (out->positions.empty()) throw RowError{"no-scored-tokens", "no token is scored"};
  }

  Vocabulary vocabulary_;
  StudentOptions options_;
  std::string date_;
  TemplateSource source_;
  ChatTemplate template_;
  TurnFinder finder_;
  std::vector<int32_t> reference_header_;  // of the reference mask alone
  int32_t reference_end_ = -1;
  mutable std::mutex long_ones_;  // held while a long record is tokenized
};

}  // namespace

std::unique_ptr<TextSide> TextSide::Open(const StudentOptions& options) {
  return std::make_unique<StudentTextSide>(options);
}

}  // namespace rsr
