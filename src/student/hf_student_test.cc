// Hugging Face directories: what is read of them, and a message for every way they can be broken.
#include "student/hf_student.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <limits>
#include <set>

#include "base/file.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/decoder_tensors.h"
#include "student/tiny_hf.h"
#include "student/weights.h"

namespace rsr {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class HfStudentTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fmt::format("{}rsr-hf-student-{}-{}", testing::TempDir(), getpid(),
                       testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { fs::remove_all(dir_); }

  // Everything an engine reads; the error's message and hint, or empty.
  std::string Open() const {
    try {
      const StudentInfo student = ReadStudent(dir_);
      std::string why_not;
      const auto config = ReadDecoderConfig(student, &why_not);
      if (!config) return "not computed: " + why_not;
      const std::vector<DecoderTensor> tensors = DecoderTensors(student, *config);
      const Weights weights(student, tensors);
      for (const DecoderTensor& tensor : tensors) {
        weights.CheckFinite(tensor.name, tensor.shape.size() == 1 ? 1 : tensor.shape[0],
                            tensor.shape.back());
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Error::Kind::kUser) << error.message();
      EXPECT_NE(error.hint(), "") << error.message();
      EXPECT_THAT(error.message(), HasSubstr(dir_));
      return error.message() + " -- " + error.hint();
    }
    return "";
  }
  std::string OpenWith(const std::function<void(TinyHf*)>& change) const {
    fs::remove_all(dir_);
    TinyHf model;
    change(&model);
    WriteTinyHf(model, dir_);
    return Open();
  }
  std::string OpenWithConfig(const Json& change) const {
    return OpenWith([&](TinyHf* model) { model->config.update(change); });
  }
  // The weights file as given, beside a sound config.json.
  std::string OpenBytes(const std::string& bytes) const {
    fs::remove_all(dir_);
    WriteTinySides(TinyHf(), dir_);
    WriteText(dir_ + "/model.safetensors", bytes);
    return Open();
  }
  // A file whose header lists `tensors` and whose data has `bytes` bytes.
  std::string OpenHeader(const std::string& tensors, size_t bytes) const {
    return OpenBytes(SafetensorsBytes(tensors, std::string(bytes, '\0')));
  }
  static std::string WholeFile() {
    return SafetensorsOf(TinyHf(), [](const std::string&) { return true; });
  }

  std::string dir_;
};

TEST_F(HfStudentTest, ReadsWhatTheFilesSay) {
  EXPECT_EQ(OpenWith([](TinyHf*) {}), "");
  const StudentInfo student = ReadStudent(dir_);
  EXPECT_TRUE(student.is_directory);
  EXPECT_EQ(student.architecture, "llama");
  EXPECT_EQ(student.layers, 1);
  EXPECT_EQ(student.width, 8);
  EXPECT_EQ(student.vocab, 5);
  EXPECT_EQ(student.context_length, 64);
  EXPECT_EQ(student.kv_width, 8);
  EXPECT_EQ(student.parameters, 2 * 40 + 3 * 8 + 2 * 64 + 2 * 32 + 3 * 96);
  EXPECT_EQ(student.f32_bytes, 4 * student.parameters);
  EXPECT_FALSE(student.quantised);
  EXPECT_EQ(student.file_bytes(), static_cast<int64_t>(WholeFile().size()));
  EXPECT_EQ(student.tensors.size(), 12u);
}

TEST_F(HfStudentTest, ValuesUnderTheDecodersNames) {
  TinyHf model;
  WriteTinyHf(model, dir_);
  const StudentInfo student = ReadStudent(dir_);
  std::string why_not;
  const Weights weights(student, DecoderTensors(student, *ReadDecoderConfig(student, &why_not)));
  EXPECT_EQ(weights.ReadVector("blk.0.ffn_norm.weight", 8),
            model.tensors["model.layers.0.post_attention_layernorm.weight"].values);
  std::vector<float> row(8);
  weights.ReadRows("blk.0.attn_k.weight", 4, 8, 2, 1, row.data());
  const std::vector<float>& k = model.tensors["model.layers.0.self_attn.k_proj.weight"].values;
  EXPECT_EQ(row, std::vector<float>(k.begin() + 16, k.begin() + 24));
}

TEST_F(HfStudentTest, ShardsAreOneModel) {
  TinyHf model;
  WriteTinySides(model, dir_);
  Json index = {{"metadata", {{"total_size", 1}}}};
  const auto early = [](const std::string& name) { return name < "model.layers.0.mlp"; };
  for (const auto& [name, tensor] : model.tensors) {
    index["weight_map"][name] = early(name) ? "a.safetensors" : "b.safetensors";
  }
  WriteText(dir_ + "/a.safetensors", SafetensorsOf(model, early));
  WriteText(dir_ + "/b.safetensors", SafetensorsOf(model, std::not_fn(early)));
  const auto open = [&](const Json& changed) {
    WriteText(dir_ + "/model.safetensors.index.json", changed.dump());
    return Open();
  };
  EXPECT_EQ(open(index), "");
  EXPECT_EQ(ReadStudent(dir_).files.size(), 2u);

  const auto changed = [&](const char* tensor, const Json& shard) {
    Json other = index;
    other["weight_map"][tensor] = shard;
    return open(other);
  };
  EXPECT_THAT(changed("lm_head.weight", "c.safetensors"),
              HasSubstr("names the shard 'c.safetensors', which is not there"));
  EXPECT_THAT(changed("lm_head.weight", "b.safetensors"),
              HasSubstr("has tensor 'lm_head.weight' in b.safetensors, which does not hold it"));
  EXPECT_THAT(changed("model.extra", "a.safetensors"), HasSubstr("has tensor 'model.extra' in a"));
  EXPECT_THAT(changed("lm_head.weight", "../a.safetensors"),
              HasSubstr("'../a.safetensors', expected NAME.safetensors"));
  EXPECT_THAT(changed("lm_head.weight", "/etc/passwd"), HasSubstr("expected NAME.safetensors"));
  EXPECT_THAT(changed("lm_head.weight", std::string("config.json\0.safetensors", 24)),
              HasSubstr("'config.json\\x00.safetensors', expected NAME.safetensors"));
  EXPECT_THAT(changed("lm_head.weight", 7), HasSubstr("'lm_head.weight' is in no shard"));
  EXPECT_THAT(open({{"weight_map", Json::object()}}), HasSubstr("weight_map is empty"));
  EXPECT_THAT(open({{"weight_map", 3}}), HasSubstr("expected an object with a weight_map"));
  WriteText(dir_ + "/model.safetensors.index.json", "{");
  EXPECT_THAT(Open(), HasSubstr("index.json: expected an object with a weight_map"));
  WriteText(dir_ + "/b.safetensors", SafetensorsOf(model, [](const std::string&) { return true; }));
  EXPECT_THAT(open(index), HasSubstr("is in two shards, a.safetensors and b.safetensors"));
}

TEST_F(HfStudentTest, EveryCutOfTheFileIsAMessage) {
  const std::string whole = WholeFile();
  for (size_t size = 0; size < whole.size(); size += size < 1200 ? 1 : 37) {
    EXPECT_THAT(OpenBytes(whole.substr(0, size)), HasSubstr("model.safetensors: cut short"))
        << size;
  }
  EXPECT_EQ(OpenBytes(whole), "");
  EXPECT_THAT(OpenBytes(whole + "x"), HasSubstr("the tensors end at byte"));
}

TEST_F(HfStudentTest, HeaderLengthsThatCannotBe) {
  std::string bytes = WholeFile();
  const auto with_length = [&](uint64_t length) {
    std::memcpy(bytes.data(), &length, sizeof length);
    return OpenBytes(bytes);
  };
  EXPECT_THAT(with_length(bytes.size()), HasSubstr("cut short: its header ends at byte"));
  EXPECT_THAT(with_length(100'000'001), HasSubstr("its header would have 100000001 bytes"));
  EXPECT_THAT(with_length(~uint64_t{0}),
              HasSubstr("is not safetensors: its header would have 18446744073709551615 bytes"));
  EXPECT_THAT(with_length(0), HasSubstr("its header of 0 bytes is not a JSON object"));
  EXPECT_THAT(with_length(10), HasSubstr("its header of 10 bytes is not a JSON object"));
  EXPECT_THAT(OpenBytes("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
}

TEST_F(HfStudentTest, TensorsThatDoNotFitTheFile) {
  const struct {
    const char* header;
    size_t bytes;
    const char* message;
  } cases[] = {
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
           "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}})",
       12, "tensor 'b' overlaps 'a'"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
           "b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})",
       8, "tensor 'b' overlaps 'a'"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
           "b": {"dtype": "F32", "shape": [2], "data_offsets": [12, 20]}})",
       20, "tensor 'b' begins at byte"},
      {R"({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]},
           "b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}})",
       6, "tensor 'b' is misaligned: its 4-byte elements begin at byte"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 16]}})", 8,
       "cut short: tensor 'a' ends 16 bytes behind the header, the file 8"},
      {R"({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}})", 8,
       "tensor 'a' of type F32 and shape [3] takes 12 bytes, its data_offsets hold 8"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}})", 8, "a begin and an end"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}})", 8, "a begin and an end"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [-1, 7]}})", 8, "whole numbers"},
      {R"({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}})", 8, "whole numbers"},
      {R"({"a": {"dtype": "F32", "shape": [4611686018427387904, 8], "data_offsets": [0, 8]}})", 8,
       "tensor 'a' has a shape that no file could hold"},
      {R"({"a": {"dtype": "F32", "shape": [1,1,1,1,1,1,1,1,2], "data_offsets": [0, 8]}})", 8,
       "tensor 'a' has a shape that no file could hold"},
      {R"({"a": {"dtype": "F3", "shape": [2], "data_offsets": [0, 8]}})", 8,
       "is of a type nobody knows: 'F3'"},
      {R"({"a": {"dtype": "F32", "shape": [2]}})", 8, "without dtype, shape or data_offsets"},
      {R"({"a": 3})", 8, "tensor 'a' is described without"},
      {R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
           "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})",
       8, "the header lists tensor 'a' twice"},
      {R"({"\u001b[31m": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}})", 8,
       "tensor '\\x1b[31m'"},
      {R"([1, 2])", 8, "is not a JSON object"},
      {R"({"a": )", 8, "is not a JSON object"},
      {R"({})", 8, "the tensors end at byte"},
      {R"({})", 0, "has no tensor 'model.embed_tokens.weight'"}};
  for (const auto& c : cases) EXPECT_THAT(OpenHeader(c.header, c.bytes), HasSubstr(c.message));
}

TEST_F(HfStudentTest, TensorsThatDoNotFitTheConfiguration) {
  const TinyHf whole;
  for (const auto& entry : whole.tensors) {
    const std::string& name = entry.first;
    EXPECT_THAT(OpenWith([&](TinyHf* model) { model->tensors.erase(name); }),
                HasSubstr(fmt::format("has no tensor '{}'", name)));
    EXPECT_THAT(OpenWith([&](TinyHf* model) {
                  model->Add(name, {3, 8});
                }),
                HasSubstr(fmt::format("tensor '{}' has shape [3, 8], expected [", name)));
  }
  EXPECT_THAT(OpenWithConfig({{"hidden_size", 16}}),
              HasSubstr("'model.embed_tokens.weight' has shape [5, 8], expected [5, 16]"));
  EXPECT_THAT(OpenWithConfig({{"num_hidden_layers", 2}}),
              HasSubstr("has no tensor 'model.layers.1."));
  EXPECT_THAT(OpenWithConfig({{"vocab_size", 6}}), HasSubstr("expected [6, 8]"));
  EXPECT_THAT(OpenWithConfig({{"attention_bias", true}}),
              HasSubstr("has no tensor 'model.layers.0.self_attn.q_proj.bias'"));
  // What nobody would use is another model than ours.
  const std::string bias = "model.layers.0.self_attn.q_proj.bias";
  EXPECT_THAT(OpenWith([&](TinyHf* model) { model->Add(bias, {8}); }),
              HasSubstr("not computed: it has a tensor '" + bias + "'"));
  EXPECT_THAT(
      OpenWith([&](TinyHf* model) { model->Add("model.layers.1.mlp.up_proj.weight", {1}); }),
      HasSubstr("it has a tensor 'model.layers.1.mlp.up_proj.weight'"));
  // But for what old files carry along, and an output matrix that is the embedding.
  EXPECT_EQ(OpenWith([&](TinyHf* model) {
              model->Add("model.layers.0.self_attn.rotary_emb.inv_freq", {2});
            }),
            "");
  EXPECT_EQ(OpenWithConfig({{"tie_word_embeddings", true}}), "");
}

// The text half of a model of text and images, as transformers 4 and 5 name it.
TEST_F(HfStudentTest, TextBesideImages) {
  TinyHf text;
  text.tensors.erase("lm_head.weight");
  for (const char* norm : {"pre_feedforward_layernorm", "post_feedforward_layernorm"}) {
    text.Add(fmt::format("model.layers.0.{}.weight", norm), {8});
  }
  for (const char* norm : {"q_norm", "k_norm"}) {
    text.Add(fmt::format("model.layers.0.self_attn.{}.weight", norm), {4});
  }
  Json settings = text.config;
  settings.update({{"model_type", "gemma3_text"}, {"head_dim", 4}});
  settings.erase("tie_word_embeddings");
  const auto named = [&](const std::string& from, const std::string& to) {
    return OpenWith([&](TinyHf* model) {
      model->config = {{"model_type", "gemma3"}, {"text_config", settings}};
      model->tensors.clear();
      for (const auto& [name, tensor] : text.tensors) {
        model->tensors[to + name.substr(from.size())] = tensor;
      }
      model->Add("vision_tower.vision_model.head.weight", {8});
      model->Add("model.multi_modal_projector.mm_soft_emb_norm.weight", {8});
    });
  };
  EXPECT_EQ(named("", ""), "");
  EXPECT_EQ(named("", "language_model."), "");
  EXPECT_EQ(named("model.", "model.language_model."), "");
  EXPECT_THAT(named("", "other."), HasSubstr("it has a tensor 'other.model."));
}

TEST_F(HfStudentTest, WeightsThatAreNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const char* name : {"model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight"}) {
      EXPECT_THAT(OpenWith([&](TinyHf* model) { model->tensors[name].values[19] = bad; }),
                  AllOf(HasSubstr(fmt::format("model.safetensors: tensor '{}' has {}", name, bad)),
                        HasSubstr("in row 2, column 3")));
    }
  }
}

TEST_F(HfStudentTest, ConfigurationsThatCannotBe) {
  const std::pair<Json, const char*> cases[] = {
      {{{"num_attention_heads", 0}}, "the number of heads is 0"},
      {{{"num_key_value_heads", 0}}, "the number of KV heads is 0"},
      {{{"num_key_value_heads", 3}}, "2 heads over 3 KV heads"},
      {{{"num_hidden_layers", 0}}, "the number of layers is 0"},
      {{{"num_hidden_layers", 1u << 31}}, "the number of layers is 2147483648"},
      {{{"hidden_size", 1ull << 60}}, "the width is 1152921504606846976"},
      {{{"num_attention_heads", 1ull << 62}, {"head_dim", 1ull << 62}}, "the number of heads is"},
      {{{"intermediate_size", 1ull << 40}}, "the feed-forward width is"},
      {{{"vocab_size", 0}}, "the vocabulary is 0"},
      {{{"vocab_size", 1ull << 50}}, "the vocabulary is"},
      {{{"hidden_size", 18446744073709551615ull}}, "hidden_size: expected a whole number, got 184"},
      {{{"hidden_size", -8}}, "hidden_size: expected a whole number, got -8"},
      {{{"hidden_size", "8"}}, "hidden_size: expected a whole number, got \"8\""},
      {{{"hidden_size", nullptr}}, "the width is 0"},
      {{{"rms_norm_eps", "small"}}, "rms_norm_eps: expected a number"},
      {{{"rms_norm_eps", -1}}, "norm epsilon -1"},
      {{{"attention_bias", 1}}, "attention_bias: expected true or false"},
      {{{"rope_theta", 0}}, "base 0"},
      {{{"rope_theta", 1e300}}, "a scale is inf"},
      {{{"head_dim", 3}}, "2 heads over 1 KV heads of 3 values, 3 of them rotated"},
      {{{"rope_scaling", 4}}, "rope_scaling: expected an object, got 4"},
      {{{"rope_scaling", {{"type", "linear"}}}}, "factor 0"},
      {{{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}}},
       "rope_scaling: expected factor"},
      {{{"partial_rotary_factor", 2}}, "partial_rotary_factor: expected more than 0"},
      {{{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 1e4}}},
        {"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4}}}},
       "rope_scaling: expected the same as in rope_parameters, or null, got {"},
      {{{"model_type", "mamba"}}, "not computed: model_type 'mamba' is not among llama, mistral"},
      {{{"hidden_act", "relu"}}, "not computed: its activation is 'relu'"},
      {{{"rope_scaling", {{"rope_type", "longrope"}}}}, "rope_scaling.short_factor: expected a"},
      {{{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 0.5}}}},
       "rope_scaling: expected factor"},
      {{{"rope_scaling", {{"rope_type", "mrope"}}}}, "positions are scaled ('mrope')"},
      {{{"quantization_config", {{"bits", 4}}}}, "not computed: its weights are quantised"}};
  for (const auto& [change, message] : cases) {
    EXPECT_THAT(OpenWithConfig(change), HasSubstr(message)) << change;
  }
  const Json older = {{"type", "linear"}, {"factor", 4}};
  EXPECT_EQ(OpenWithConfig({{"rope_parameters", {{"rope_type", "linear"}, {"factor", 4.0}}},
                            {"rope_scaling", older}}),
            "");
  WriteText(dir_ + "/config.json", "[]");
  EXPECT_THAT(Open(), HasSubstr("config.json: is not a JSON object"));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const char* file : {"config.json", "generation_config.json", "tokenizer_config.json"}) {
    WriteTinySides(TinyHf(), dir_);
    WriteText(dir_ + "/" + file, R"({"hidden_size": 8, "eos_token_id": )" + deep + "}");
    EXPECT_THAT(Open(), HasSubstr(std::string(file) + ": is nested deeper than 64"));
    fs::remove(dir_ + "/" + file);
  }
  fs::remove(dir_ + "/config.json");
  EXPECT_THAT(Open(), HasSubstr("config.json: is missing or empty"));
}

TEST_F(HfStudentTest, DirectoriesWithoutWeights) {
  WriteTinySides(TinyHf(), dir_);
  EXPECT_THAT(Open(), HasSubstr("holds no weights to run"));
  WriteText(dir_ + "/pytorch_model.bin", "x");
  EXPECT_THAT(Open(), AllOf(HasSubstr("holds pytorch_model.bin, expected model.safetensors"),
                            HasSubstr("save_pretrained")));
  WriteText(dir_ + "/adapter_model.safetensors", "x");
  EXPECT_THAT(Open(), AllOf(HasSubstr("holds an adapter"), HasSubstr("merge_and_unload")));
}

// A copy of the Hub's cache holds links to files that stayed behind.
TEST_F(HfStudentTest, LinksThatLeadNowhere) {
  for (const char* file :
       {"config.json", "tokenizer.json", "model.safetensors", "chat_template.jinja"}) {
    WriteTinyHf(TinyHf(), dir_);
    fs::remove(dir_ + "/" + file);
    for (const char* target : {"../../blobs/0123abc", file}) {  // absent; itself
      fs::create_symlink(target, dir_ + "/" + file);
      EXPECT_THAT(Open(), AllOf(HasSubstr(fmt::format("{}: is a link to {}", file, target)),
                                HasSubstr("cp -rL")));
      fs::remove(dir_ + "/" + file);
    }
  }
}

TEST_F(HfStudentTest, FilesThatMayNotBeRead) {
  WriteTinyHf(TinyHf(), dir_);
  const bool root = geteuid() == 0;  // who may read everything
  for (const char* name : {"config.json", "model.safetensors", "."}) {
    const std::string path = dir_ + "/" + name;
    fs::permissions(path, fs::perms::none);
    if (root) ASSERT_EQ(seteuid(65534), 0);
    const std::string message = Open();
    if (root) ASSERT_EQ(seteuid(0), 0);
    fs::permissions(path, fs::perms::owner_all);
    EXPECT_THAT(message, HasSubstr("cannot be read: permission denied")) << name;
  }
}

TEST_F(HfStudentTest, TheHashIsTheContents) {
  TinyHf model;
  WriteTinyHf(model, dir_);
  const auto hash = [&] { return HashStudent(ReadStudent(dir_)); };
  const std::string first = hash();
  WriteText(dir_ + "/README.md", "not read");
  EXPECT_EQ(hash(), first);
  std::set<std::string> hashes = {first};
  for (const char* name :
       {"config.json", "generation_config.json", "tokenizer_config.json", "chat_template.jinja"}) {
    WriteText(dir_ + "/" + name, model.config.dump() + " ");
    EXPECT_TRUE(hashes.insert(hash()).second) << name;
  }
  model.tensors["lm_head.weight"].values[3] += 1;
  WriteTinyHf(model, dir_);
  EXPECT_TRUE(hashes.insert(hash()).second);
}

}  // namespace
}  // namespace rsr
