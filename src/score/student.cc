// The public Student: one conversation in memory through text side and engine.
#include "rsr/student.h"

#include <algorithm>

#include "engine/open_engine.h"
#include "rsr/error.h"
#include "text/mask.h"

namespace rsr {
namespace {

Role RoleOf(const std::string& name) {
  if (name == "system") return Role::kSystem;
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool") return Role::kTool;
  throw Error("unknown role '" + name + "'", "roles are system, user, assistant and tool");
}

}  // namespace

double ConversationScore::Rsr(int32_t clip) const {
  double ranks = 0, surprisals = 0;
  for (const TokenScore& token : tokens) {
    ranks += std::min(token.rank, clip);
    surprisals += token.surprisal;
  }
  return ranks / surprisals;
}

struct Student::Impl {
  std::unique_ptr<TextSide> text;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<EngineWorker> worker;  // after engine: it goes first
};

Student Student::Open(const StudentOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->text = TextSide::Open(options);
  impl->engine = OpenEngine({.student = options}).engine;
  impl->worker = impl->engine->NewWorker();
  return Student(std::move(impl));
}

Student::Student(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Student::Student(Student&&) noexcept = default;
Student& Student::operator=(Student&&) noexcept = default;
Student::~Student() = default;

ConversationScore Student::Score(std::span<const ChatMessage> messages, const std::string& tools) {
  Trajectory trajectory;
  for (const ChatMessage& m : messages) {
    Message message;
    message.role = RoleOf(m.role);
    message.content = m.content;
    message.reasoning = m.reasoning;
    message.tool_calls = m.tool_calls;
    trajectory.messages.push_back(std::move(message));
  }
  trajectory.tools = tools;
  MaskedTokens masked;
  try {
    masked = impl_->text->Tokenize(trajectory);
  } catch (const RowError& e) {
    throw Error(e.message);
  }
  std::vector<TokenStats> stats(masked.positions.size());
  impl_->worker->Score(masked.ids, masked.positions, stats.data());
  ConversationScore score;
  score.total_tokens = static_cast<int64_t>(masked.ids.size());
  for (size_t i = 0; i < stats.size(); ++i) {
    const TokenStats& s = stats[i];
    score.tokens.push_back({masked.positions[i], masked.ids[masked.positions[i]], s.surprisal,
                            s.rank, s.ties, s.entropy, s.mass_above, s.sum_p2, s.top1_id,
                            s.top1_logprob});
  }
  return score;
}

}  // namespace rsr
