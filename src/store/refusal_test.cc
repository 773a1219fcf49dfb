// What is refused, and what the message says.
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "store/run_info.h"
#include "store/store_testing.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

class RefusalTest : public StoreTest {
 protected:
  void WriteRun(int64_t rows = 3) {
    auto writer = RunWriter::Open(run_, MakeTestInfo());
    AppendTestRows(writer.get(), rows, 200);
    writer->WriteVocab({{0, "a"}, {1, "b"}});
    writer->Finish(true);
  }
  Error WriterError(const RunInfo& info = MakeTestInfo()) {
    return ThrownBy([&] { RunWriter::Open(run_, info); });
  }
  Error ReaderError() {
    return ThrownBy([&] { RunReader::Open(run_); });
  }
};

TEST_F(RefusalTest, OtherSettingsAreNamedWithBothValues) {
  WriteRun();
  struct Case {
    const char* expected;
    std::function<void(RunInfo*)> change;
  };
  const Case cases[] = {
      {"student hash: '5e0c' in the run, 'ffff' now", [](auto* i) { i->student_hash = "ffff"; }},
      {"tokenizer hash: '70e1' in the run, 'x' now", [](auto* i) { i->tokenizer_hash = "x"; }},
      {"template hash: '7e17' in the run, 'x' now", [](auto* i) { i->template_hash = "x"; }},
      {"template date: '2025-01-02' in the run, '2025-06-01' now",
       [](auto* i) { i->template_date = "2025-06-01"; }},
      {"mask: 'content' in the run, 'turn' now", [](auto* i) { i->mask = "turn"; }},
      {"max tokens: '8192' in the run, '4096' now", [](auto* i) { i->max_tokens = 4096; }},
      {"engine: 'llama' in the run, 'native' now", [](auto* i) { i->engine = "native"; }},
      {"precision: 'f32' in the run, 'native' now", [](auto* i) { i->precision = "native"; }},
      {"CPU level: 'AVX3' in the run, 'AVX2' now", [](auto* i) { i->cpu_level = "AVX2"; }},
      {"number of inputs: '2' in the run, '1' now", [](auto* i) { i->inputs.pop_back(); }},
      {"input 2: 'b.jsonl' in the run, 'c.jsonl' now",
       [](auto* i) { i->inputs[1].path = "c.jsonl"; }},
      {"hash of input 1 (a.jsonl): 'aaaa' in the run, 'cccc' now",
       [](auto* i) { i->inputs[0].hash = "cccc"; }},
      {"thinking: 'as-template' in the run, 'drop' now", [](auto* i) { i->thinking = "drop"; }},
      {"columns kept from: '' in the run, 'meta.domain' now",
       [](auto* i) { i->kept_from = {"meta.domain"}; }},
      {"pass: '' in the run, 'ifd' now", [](auto* i) { i->pass = "ifd"; }},
      {"kept columns: 'domain' in the run, 'domain,topic' now",
       [](auto* i) { i->kept.push_back("topic"); }},
      {"where: '' in the run, 'correct' now", [](auto* i) { i->where = "correct"; }},
      {"sample: '' in the run, '5/teacher' now", [](auto* i) { i->sample = "5/teacher"; }},
      {"seed: '0' in the run, '1' now", [](auto* i) { i->seed = 1; }},
      {"shard: '' in the run, '2/3' now", [](auto* i) { i->shard = "2/3"; }},
      {"dialect: 'auto' in the run, 'alpaca' now", [](auto* i) { i->dialect = "alpaca"; }},
      {"mapped columns: '' in the run, 'id=uid' now", [](auto* i) { i->map = "id=uid"; }},
      {"teacher from: '' in the run, 'model' now", [](auto* i) { i->teacher_from = "model"; }},
  };
  for (const Case& c : cases) {
    RunInfo info = MakeTestInfo();
    c.change(&info);
    const Error error = WriterError(info);
    EXPECT_THAT(error.message(), AllOf(HasSubstr(run_), HasSubstr(c.expected)));
    EXPECT_THAT(error.hint(), HasSubstr("another --out"));
  }
  RunInfo both = MakeTestInfo();
  both.mask = "last";
  both.precision = "bf16";
  EXPECT_THAT(WriterError(both).message(), AllOf(HasSubstr("mask"), HasSubstr("precision")));
  // These may differ.
  RunInfo same = MakeTestInfo();
  same.created = same.tool_version = same.student_path = "other";
  EXPECT_EQ(RunWriter::Open(run_, same)->info().created, MakeTestInfo().created);
}

TEST_F(RefusalTest, NewerFormatVersion) {
  WriteRun();
  std::ofstream(run_ + "/run.json") << R"({"format_version": 3, "anything": "else"})";
  const std::string expected =
      run_ + "/run.json: format version 3 is newer than this rsr understands (2)";
  EXPECT_EQ(WriterError().message(), expected);
  EXPECT_EQ(ReaderError().message(), expected);
  EXPECT_THAT(ReaderError().hint(), HasSubstr("update rsr"));
}

TEST_F(RefusalTest, EveryFieldOfRunJsonIsNeededAndTyped) {
  WriteRun();
  const Json whole = Json::parse(ReadFile(run_ + "/run.json"));
  int checked = 0;
  const std::function<void(const Json&, Json::json_pointer, const std::string&)> each =
      [&](const Json& at, const Json::json_pointer& pointer, const std::string& name) {
        if (at.is_object()) {
          for (const auto& [key, value] : at.items()) {
            each(value, pointer / key, name.empty() ? key : name + "." + key);
          }
          if (pointer.empty() || at.empty()) return;
        } else if (at.is_array()) {
          for (size_t i = 0; i < at.size(); ++i) {
            each(at[i], pointer / i, name + "[" + std::to_string(i) + "]");
          }
        }
        Json wrong = whole;
        wrong[pointer] = 1.5;
        EXPECT_THAT(ThrownBy([&] { RunInfoFromJson(wrong.dump(), "run.json"); }).message(),
                    HasSubstr("run.json: field '" + name + "': expected"));
        if (at.is_number()) {
          wrong[pointer] = -1;
          EXPECT_THAT(ThrownBy([&] { RunInfoFromJson(wrong.dump(), "run.json"); }).message(),
                      HasSubstr(name));
        }
        if (!whole.at(pointer.parent_pointer()).is_object()) return;
        if (name == "engine.precision_why") return;  // younger than its format version
        Json less = whole;
        less[pointer.parent_pointer()].erase(pointer.back());
        EXPECT_THAT(ThrownBy([&] { RunInfoFromJson(less.dump(), "run.json"); }).message(),
                    HasSubstr(name));
        ++checked;
      };
  each(whole, Json::json_pointer(), "");
  EXPECT_GT(checked, 30);
  for (const char* text : {"", "{", "[]", "3", "null", "{}", "{\"format_version\": 0}"}) {
    EXPECT_THAT(ThrownBy([&] { RunInfoFromJson(text, "run.json"); }).message(),
                HasSubstr("run.json: "))
        << text;
  }
  for (const char* before : {R"({"format_version": )", R"({"format_version": 2, "inputs": [)"}) {
    const std::string deep = before + std::string(1'000'000, '[') + std::string(1'000'000, ']');
    EXPECT_EQ(ThrownBy([&] { RunInfoFromJson(deep, "run.json"); }).message(),
              "run.json: is nested deeper than 64");
  }
}

TEST_F(RefusalTest, ShardNamesThatLeadOutOfTheRun) {
  WriteRun();
  for (const char* name : {"../../etc/passwd", "shards/../x.parquet", "shards/1.parquet",
                           "/shards/00000.parquet", "shards/99999999999999999999.parquet"}) {
    Json json = Json::parse(ReadFile(run_ + "/run.json"));
    json["shards"][0]["file"] = name;
    EXPECT_THAT(ThrownBy([&] {
                  std::ofstream(run_ + "/run.json") << json.dump();
                  RunReader::Open(run_);
                }).message(),
                HasSubstr(name));
  }
}

TEST_F(RefusalTest, AFlippedByteAnywhereInAShardIsFound) {
  WriteRun();
  const std::string whole = ReadFile(Shard(0));
  const std::string hash = RunReader::Open(run_)->info().shards.at(0).hash;
  for (size_t i = 0; i <= 200; ++i) {
    std::string damaged = whole;
    const size_t at = (whole.size() - 1) * i / 200;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (i % 8)));
    std::ofstream(Shard(0), std::ios::binary) << damaged;
    const Error error = ReaderError();
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr(Shard(0) + ": is damaged"), HasSubstr("expected " + hash)));
    EXPECT_THAT(error.hint(), HasSubstr("delete " + Shard(0)));
  }
  EXPECT_THAT(WriterError().message(), HasSubstr("is damaged"));
  std::ofstream(Shard(0), std::ios::binary) << whole.substr(0, 100);
  EXPECT_THAT(ReaderError().message(), HasSubstr("is damaged"));
  // The way out that the hint names.
  fs::remove(Shard(0));
  auto writer = RunWriter::Open(run_, MakeTestInfo());
  EXPECT_TRUE(writer->done().empty());
  EXPECT_FALSE(writer->info().complete);
}

TEST_F(RefusalTest, DamagedVocabulary) {
  WriteRun();
  const std::string path = run_ + "/vocab.parquet", whole = ReadFile(path);
  for (size_t length = 0; length < whole.size(); length += 7) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    EXPECT_THAT(ThrownBy([&] { RunReader::Open(run_)->ReadVocab(); }).message(), HasSubstr(path));
  }
  EXPECT_EQ(ThrownBy([&] {
              auto writer = RunWriter::Open(root_ + "/other", MakeTestInfo());
              writer->WriteVocab({{kTestVocabSize, "outside"}});
              RunReader::Open(root_ + "/other")->ReadVocab();
            }).message(),
            root_ + "/other/vocab.parquet: is damaged: token id 49152 of 49152");
}

TEST_F(RefusalTest, ADirectoryThatHoldsSomethingElse) {
  fs::create_directories(run_);
  RunWriter::Open(run_, MakeTestInfo());  // empty: fine
  fs::remove_all(run_);
  fs::create_directories(run_);
  for (const char* name : {"thesis.tex", "a", "b", "c"}) std::ofstream(run_ + "/" + name) << "x";
  EXPECT_EQ(WriterError().message(),
            run_ + ": holds 'a', 'b', 'c' and 1 more and no run.json: not a run");
  EXPECT_EQ(ReaderError().message(), run_ + ": holds no run: run.json is missing");
}

TEST_F(RefusalTest, PlacesThatCannotBeWritten) {
  std::ofstream(root_ + "/file") << "x";
  run_ = root_ + "/file";
  EXPECT_EQ(WriterError().message(), run_ + ": is a file, expected a run directory");
  run_ = root_ + "/file/run";
  EXPECT_THAT(WriterError().message(), HasSubstr(run_));
  run_ = "/proc/rsr-run";  // no mode bits stop root, /proc does
  EXPECT_THAT(WriterError().message(), HasSubstr(run_));
  run_ = root_ + "/nowhere";
  EXPECT_EQ(ReaderError().message(), run_ + ": no such run directory");
}

TEST_F(RefusalTest, ASecondWriter) {
  auto first = RunWriter::Open(run_, MakeTestInfo());
  first->Append(MakeTestRow(0, 5));
  const Error error = WriterError();
  EXPECT_EQ(error.message(),
            run_ + ": another rsr is writing this run (process " + std::to_string(getpid()) + ")");
  EXPECT_THAT(error.hint(), HasSubstr("another --out"));
  EXPECT_EQ(ReadRows(run_).size(), 1u);  // reading is free
  first.reset();
  EXPECT_EQ(RunWriter::Open(run_, MakeTestInfo())->done().size(), 1u);
}

}  // namespace
}  // namespace rsr
