// TextSide: template, tokenizer and mask put together.
#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "rsr/error.h"
#include "text/chat_template.h"
#include "text/mask.h"
#include "text/template_source.h"
#include "text/token_kinds.h"
#include "text/token_offsets.h"
#include "text/turns.h"
#include "text/vocabulary.h"

namespace rsr {
namespace {

class GgufTextSide : public TextSide {
 public:
  explicit GgufTextSide(const StudentOptions& options)
      : vocabulary_(options.path),
        options_(options),
        date_(options.template_date.empty() ? Today() : options.template_date),
        source_(FindTemplate(options, vocabulary_.chat_template())),
        template_(source_.text, vocabulary_.bos(), vocabulary_.eos(), NoonOf(date_), Where()),
        finder_(
            template_, [this](const std::string& text) { return vocabulary_.FirstControl(text); },
            Where()) {
    if (options.max_tokens > context_length()) {
      throw Error(
          fmt::format("--max-tokens {} is more than the student's context of {} tokens ({})",
                      options.max_tokens, context_length(), options.path));
    }
  }

  MaskedTokens Tokenize(const Trajectory& trajectory) const override {
    MarkedText marked;
    const Rendered rendered = RenderMarked(trajectory, &marked);
    MaskedTokens out;
    out.ids = vocabulary_.Tokenize(rendered.text);
    const std::vector<int64_t> begins = TokenBegins(vocabulary_, out.ids, rendered.text);
    out.tokens_before_truncation = static_cast<int64_t>(out.ids.size());
    out.turns_given = options_.mask == MaskPolicy::kLast
                          ? 1
                          : static_cast<int32_t>(std::count_if(
                                trajectory.messages.begin(), trajectory.messages.end(),
                                [](const Message& m) { return m.role == Role::kAssistant; }));

    size_t span = 0;
    int32_t last_turn = -1;
    for (size_t i = 0; i < out.ids.size(); ++i) {
      const int64_t begin = begins[i], end = begins[i + 1];
      if (vocabulary_.is_control(out.ids[i]) && marked.owner[begin] != MarkedText::kTemplate) {
        ++out.special_tokens_in_content;
      }
      while (span < rendered.spans.size() && rendered.spans[span].end <= begin) ++span;
      // Position 0 has nothing before it to predict it from.
      if (i == 0 || span == rendered.spans.size() || rendered.spans[span].begin >= end) continue;
      out.positions.push_back(static_cast<int32_t>(i));
      out.kinds.push_back(rendered.spans[span].kind);
      if (rendered.spans[span].turn != last_turn) {
        last_turn = rendered.spans[span].turn;
        ++out.turns_found;
      }
    }
    if (out.turns_found != out.turns_given) {
      throw RowError{"turn-not-found",
                     fmt::format("{} of {} assistant turns have a token of their own",
                                 out.turns_found, out.turns_given)};
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

  Rendered RenderMarked(const Trajectory& trajectory, MarkedText* marked) const {
    *marked = template_.Render(trajectory.messages, trajectory.tools);
    std::vector<Turn> turns = finder_.Find(*marked, trajectory.messages);
    if (turns.empty()) throw RowError{"no-assistant", "there is no assistant message to score"};
    for (const Turn& turn : turns) {
      if (turn.begin < turn.end) continue;
      const Message& message = trajectory.messages[turn.message];
      throw RowError{
          "empty-turn",
          fmt::format("message {} (assistant) renders to nothing: {}", turn.message + 1,
                      !message.tool_calls.empty() ? "the chat template prints no tool_calls"
                      : message.content.empty()   ? "its content is empty"
                                                  : "the chat template leaves its content out")};
    }
    Rendered rendered;
    rendered.text = marked->text;
    for (size_t t = options_.mask == MaskPolicy::kLast ? turns.size() - 1 : 0; t < turns.size();
         ++t) {
      const KindMarker kind(*marked, turns[t]);
      const int64_t end = options_.mask == MaskPolicy::kTurn ? turns[t].end_of_turn : turns[t].end;
      for (int64_t byte = turns[t].begin; byte < end; ++byte) {
        const TokenKind k = kind.At(byte);
        auto& spans = rendered.spans;
        if (!spans.empty() && spans.back().end == byte && spans.back().kind == k &&
            spans.back().turn == static_cast<int32_t>(t)) {
          ++spans.back().end;
        } else {
          spans.push_back({byte, byte + 1, k, static_cast<int32_t>(t)});
        }
      }
    }
    return rendered;
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
                                   limit, out->tokens_before_truncation)};
      }
    } else if (limit == 0 && static_cast<int64_t>(out->ids.size()) > context_length()) {
      throw RowError{"too-long", fmt::format("{} tokens are more than the student's context of {}",
                                             out->ids.size(), context_length())};
    }
    if (out->positions.empty()) throw RowError{"no-scored-tokens", "no token is scored"};
  }

  Vocabulary vocabulary_;
  StudentOptions options_;
  std::string date_;
  TemplateSource source_;
  ChatTemplate template_;
  TurnFinder finder_;
};

}  // namespace

std::unique_ptr<TextSide> TextSide::FromGguf(const StudentOptions& options) {
  return std::make_unique<GgufTextSide>(options);
}

}  // namespace rsr
