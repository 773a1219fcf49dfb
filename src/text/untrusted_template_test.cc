// Templates that loop, eat memory or recurse: each ends in an error that says so, soon and within
// bounds. A template that crashes the process fails this test by ending it.
#include <gtest/gtest.h>

#include <ctime>

#include "rsr/error.h"
#include "text/chat_template.h"
#include "text/mask.h"

namespace rsr {
namespace {

std::vector<Message> Hello() {
  std::vector<Message> messages(2);
  messages[0].content = "Hi";
  messages[1].role = Role::kAssistant;
  messages[1].content = "Hello";
  return messages;
}

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// What opening the template and rendering two messages ends in.
std::string Outcome(const std::string& source) {
  try {
    return "text: " + ChatTemplate(source, {.where = "evil.jinja"}).Render(Hello(), "").text;
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("evil.jinja"), std::string::npos) << e.message();
    return e.message();
  } catch (const RowError& e) {
    return e.reason + ": " + e.message;
  }
}

struct Bomb {
  const char* name;
  std::string source;
  const char* expected;  // a part of the outcome
};

class Bombs : public testing::TestWithParam<Bomb> {};

TEST_P(Bombs, EndInAnError) {
  const std::clock_t start = std::clock();  // of the CPU: the machine may be busy
  const std::string outcome = Outcome(GetParam().source);
  EXPECT_NE(outcome.find(GetParam().expected), std::string::npos) << outcome.substr(0, 300);
  // Some take the seconds that the steps allow; minutes would be a limit that does not hold.
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 60);
}

const std::string kLoop =
    "{% set r = range(3000) %}{% for a in r %}{% for b in r %}{% set x = a * b %}{% endfor %}"
    "{% endfor %}";
// 62,500 lists in one another, in the test's conversation.
const std::string kDeepList =
    "{% set r = range(250) %}{% set ns = namespace(s=[]) %}"
    "{% if messages[1] is defined and messages[1].content == 'Hello' %}{% for a in r %}"
    "{% for b in r %}{% set ns.s = [ns.s] %}{% endfor %}{% endfor %}{% endif %}";

INSTANTIATE_TEST_SUITE_P(
    Templates, Bombs,
    testing::Values(
        Bomb{"NestedLoops", kLoop, "too many steps"},
        Bomb{"LongRange", "{% for i in range(10000000000000) %}{% endfor %}", "too much text"},
        Bomb{"BackwardRange", "{% for i in range(9, -9223372036854775807, -1) %}{% endfor %}",
             "too much text"},
        Bomb{"DoubledText",
             "{% set ns = namespace(s='abcdefgh') %}{% for i in range(80) %}"
             "{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
             "too much text"},
        Bomb{"DoubledList",
             "{% set ns = namespace(s=[1, 2]) %}{% for i in range(80) %}"
             "{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
             "runs past its limits"},
        Bomb{"MultipliedText", "{{ 'abcdefgh' * 1000000000000 }}", "too much text"},
        Bomb{"Indented", "{{ 'a' | indent(100000000000, true) }}", "too much text"},
        Bomb{"IndentedJson", "{{ [[[1]]] | tojson(indent=1000000000) }}", "too much text"},
        Bomb{"Replaced", "{% set s = 'a' * 100000 %}{{ s.replace('a', s) }}", "too much text"},
        Bomb{"Joined", "{% set s = 'a' * 1000000 %}{{ range(10000) | join(s) }}", "too much text"},
        Bomb{"Recursion", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "nested too deep"},
        Bomb{"MutualRecursion",
             "{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}"
             "{{ f(1) }}",
             "nested too deep"},
        Bomb{"DeepParentheses", "{{ " + Repeat("(", 100000) + "1" + Repeat(")", 100000) + " }}",
             "too many tokens"},
        Bomb{"ManyParentheses", "{{ " + Repeat("(", 20000) + "1" + Repeat(")", 20000) + " }}",
             "nested too deep"},
        Bomb{"ManyNots", "{{ " + Repeat("not ", 20000) + "1 }}", "nested too deep"},
        Bomb{"ManyIfs", Repeat("{% if 1 %}", 5000) + "a" + Repeat("{% endif %}", 5000),
             "nested too deep"},
        Bomb{"LongSum", "{{ 1" + Repeat(" + 1", 20000) + " }}", "nested too deep"},
        Bomb{"LongChain", "{{ a" + Repeat(".a", 20000) + " }}", "nested too deep"},
        Bomb{"DeepList", kDeepList + "done {{ ns.s | length }}", "text: done 1"},
        Bomb{"DeepListPrinted", kDeepList + "{{ ns.s | tojson }}", "template-limit"},
        Bomb{"DivisionByZero", "{{ 1 is divisibleby 0 }}", "division by zero"},
        Bomb{"HugeSliceStep", "{{ 'abc'[0:3:9223372036854775807] }}", "text: a"},
        Bomb{"OnlyForLongTalks",
             "{% for m in messages %}{% if m.content == 'Hello' %}" + kLoop +
                 "{% endif %}{{ m.content }}{% endfor %}",
             "template-limit: the chat template (evil.jinja) runs past its limits: too many steps"},
        Bomb{"BigSource", Repeat("a", 2 << 20), "too much text"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(UntrustedTemplate, LimitsGrowWithTheConversation) {
  // A template that looks at all messages for each message, over 300 long ones.
  const ChatTemplate chat_template(
      "{% for m in messages %}{% set ns = namespace(n=0) %}{% for o in messages %}"
      "{% if o.role == m.role %}{% set ns.n = ns.n + 1 %}{% endif %}{% endfor %}"
      "{{ m.content | trim }}{{ ns.n }}{% endfor %}",
      {});
  std::vector<Message> messages(300);
  for (Message& m : messages) m.content = std::string(20000, 'x');
  EXPECT_EQ(chat_template.Render(messages, "").text.size(), 300u * 20003u);
}

// A row's arguments are JSON in a string, which the reader of rows has not looked into.
TEST(UntrustedTemplate, ArgumentsNestedTooDeep) {
  const ChatTemplate walks_arguments(
      "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}"
      "{% for k, v in c.function.arguments | items %}{{ k }}={{ v | tojson }}{% endfor %}"
      "{% endfor %}{% endfor %}",
      {});
  std::vector<Message> messages = Hello();
  const auto outcome = [&](int depth) -> std::string {
    messages[1].tool_calls = R"([{"type":"function","function":{"name":"f","arguments":"{\"a\":)" +
                             Repeat("[", depth) + Repeat("]", depth) + R"(}"}}])";
    try {
      return walks_arguments.Render(messages, "").text;
    } catch (const RowError& e) {
      return e.reason;
    }
  };
  EXPECT_EQ(outcome(3), "HiHelloa=[[[]]]");
  EXPECT_EQ(outcome(1000), "template-limit");
  EXPECT_EQ(outcome(1'000'000), "template-limit");
}

TEST(UntrustedTemplate, ARefusalIsShownWithTheRow) {
  EXPECT_EQ(Outcome("{% if messages[0].content == 'Hi' %}{{ raise_exception('No \\'Hi\\' here') }}"
                    "{% endif %}"),
            "template-error: the chat template refused the conversation: No 'Hi' here");
}

}  // namespace
}  // namespace rsr
