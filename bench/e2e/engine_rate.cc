// Tokens per second of an engine, output layer and all statistics included, and a check of
// its answer against llama.cpp's own logits.
//
//   engine_rate ENGINE[:TYPE] MODEL.gguf CACHE_DIR THREADS LENGTH[xCOUNT]...
//
// Sequences of LENGTH tokens, COUNT of them in a pack (1). TYPE is f32 if none is given. native
// computes the float32 copy of the model in f32 or in bf16; llama computes a file in its own type,
// a copy in f32, f16, bf16 or q8_0.
//
// One JSON object a line: first the file that is measured, then one for each length. Rates by CPU
// time hold on a machine that does other work, too.
#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "bench/engine_rate.h"
#include "bench/product_rate.h"
#include "engine/open_engine.h"
#include "rsr/error.h"
#include "student/decoder_config.h"
#include "student/gguf_file.h"

namespace rsr {
namespace {

// Surprisal of the last `count` ids from the logits of llama.cpp's output layer, in double.
std::vector<double> PlainSurprisals(llama_model* model, std::vector<int32_t> ids, size_t count) {
  constexpr size_t kPiece = 256;
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(ids.size());
  params.n_batch = params.n_ubatch = kPiece;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = params.type_v = GGML_TYPE_F32;
  params.n_threads = params.n_threads_batch =
      1;  // more would wait for each other on a busy machine
  const std::unique_ptr<llama_context, decltype(&llama_free)> context(
      llama_init_from_model(model, params), llama_free);
  const auto vocab = static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(model)));
  std::vector<double> surprisals;
  llama_batch batch = llama_batch_init(kPiece, 0, 1);
  for (size_t first = 0; first < ids.size(); first += kPiece) {
    const size_t size = std::min(kPiece, ids.size() - first);
    batch.n_tokens = static_cast<int32_t>(size);
    for (size_t i = 0; i < size; ++i) {
      batch.token[i] = ids[first + i];
      batch.pos[i] = static_cast<llama_pos>(first + i);
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = 0;
      batch.logits[i] = first + i + 1 + count >= ids.size();
    }
    if (llama_decode(context.get(), batch) != 0) throw Error("llama_decode failed");
    for (size_t i = 0; i < size; ++i) {
      if (batch.logits[i] == 0 || first + i + 1 == ids.size()) continue;
      const float* logits = llama_get_logits_ith(context.get(), static_cast<int32_t>(i));
      const double most = *std::max_element(logits, logits + vocab);
      double sum = 0;
      for (size_t v = 0; v < vocab; ++v) sum += std::exp(logits[v] - most);
      surprisals.push_back(most + std::log(sum) - logits[ids[first + i + 1]]);
    }
  }
  llama_batch_free(batch);
  return surprisals;
}

void Measure(Engine& engine, llama_model* plain, int threads, int64_t length, int64_t in_pack,
             const DecoderConfig& config, const std::vector<BenchProduct>& products) {
  // Some seconds a thread.
  const int each = static_cast<int>(std::max<int64_t>(1, 4096 / (length * in_pack)));
  const EngineRun run = MeasureEngine(engine, config.vocab, threads,
                                      {.length = length, .in_pack = in_pack, .repetitions = each});
  // What comes after a token cannot matter to it; llama.cpp would take minutes for more.
  constexpr int64_t kChecked = 2048;
  const auto end = static_cast<size_t>(std::min(length, kChecked));
  const size_t count = std::min<size_t>(128, end - 1);
  const std::vector<double> expected =
      PlainSurprisals(plain, {run.ids.begin(), run.ids.begin() + static_cast<int64_t>(end)}, count);
  const TokenGflop token = GflopPerToken(config, length);
  double worst = 0, sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const double difference = std::abs(run.stats[end - 1 - count + i].surprisal - expected[i]);
    worst = std::max(worst, difference);
    sum += difference;
  }
  fmt::print(
      R"({{"length": {}, "in_pack": {}, "threads": {}, "tokens": {}, "seconds": {:.3f}, )"
      R"("tokens_per_second": {:.1f}, "tokens_per_cpu_second": {:.1f}, "gflops_per_core": {:.1f}, )"
      R"("share_of_product": {:.3f}, "checked": {}, "worst_difference": {:.2e}, "mean_difference": {:.2e}}})"
      "\n",
      length, in_pack, threads, run.tokens, run.seconds, run.tokens_per_second(),
      run.tokens_per_cpu_second(), run.tokens_per_cpu_second() * token.all(),
      run.tokens_per_cpu_second() * LeastSeconds(token, engine.info().precision, products, threads),
      count, worst, sum / static_cast<double>(count));
  std::fflush(stdout);
}

// The float32 file in another of ggml's types, beside it; made once.
std::string InType(const std::string& f32, const std::string& type) {
  static const std::map<std::string, llama_ftype> kTypes = {{"f16", LLAMA_FTYPE_MOSTLY_F16},
                                                            {"bf16", LLAMA_FTYPE_MOSTLY_BF16},
                                                            {"q8_0", LLAMA_FTYPE_MOSTLY_Q8_0}};
  if (!kTypes.contains(type)) throw Error("type f32, f16, bf16 or q8_0 expected, got " + type);
  const std::string copy = f32.substr(0, f32.rfind(".f32.gguf")) + "." + type + ".gguf";
  if (std::filesystem::exists(copy)) return copy;
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.ftype = kTypes.at(type);
  if (llama_model_quantize(f32.c_str(), (copy + ".new").c_str(), &params) != 0) {
    throw Error(copy + ": cannot be made");
  }
  std::filesystem::rename(copy + ".new", copy);
  return copy;
}

struct Contestant {
  std::string model;  // file
  EngineChoice engine;
  Precision precision;
};

// `name`: ENGINE[:TYPE].
Contestant Choose(const std::string& name, const std::string& f32) {
  const std::string type =
      name.find(':') == std::string::npos ? "f32" : name.substr(name.find(':') + 1);
  const bool native = name.starts_with("native");
  if (type == "f32") {
    return {f32, native ? EngineChoice::kNative : EngineChoice::kLlama, Precision::kF32};
  }
  if (native && type == "bf16") return {f32, EngineChoice::kNative, Precision::kBf16};
  if (native) throw Error("native computes in f32 or bf16, not in " + type);
  return {InType(f32, type), EngineChoice::kLlama, Precision::kNative};
}

int Main(int argc, char** argv) {
  if (argc < 6) {
    throw Error("engine_rate ENGINE[:TYPE] MODEL.gguf CACHE_DIR THREADS LENGTH[xCOUNT]...");
  }
  const GgufInfo info = ReadGguf(argv[2]);
  const Contestant contestant = Choose(argv[1], DequantisedGguf(info, HashFile(argv[2]), argv[3]));
  const std::string& model = contestant.model;
  const int threads = std::atoi(argv[4]);
  std::string why_not;
  const auto config = ReadDecoderConfig(ReadGguf(model), &why_not);
  if (!config) throw Error(model + ": " + why_not);
  const std::vector<BenchProduct> products = MeasureProducts(*config, threads);
  fmt::print(R"({{"model": "{}"}})"
             "\n",
             model);
  const auto engine = OpenEngine({.student = {.path = model,
                                              .engine = contestant.engine,
                                              .precision = contestant.precision},
                                  .workers = threads})
                          .engine;
  llama_model_params params = llama_model_default_params();
  params.use_extra_bufts = false;
  const std::unique_ptr<llama_model, decltype(&llama_model_free)> plain(
      llama_model_load_from_file(model.c_str(), params), llama_model_free);
  for (int i = 5; i < argc; ++i) {
    const std::string size = argv[i];
    const size_t cross = size.find('x');
    const int64_t in_pack = cross == std::string::npos ? 1 : std::atoll(size.c_str() + cross + 1);
    Measure(*engine, plain.get(), threads, std::atoll(argv[i]), std::max<int64_t>(1, in_pack),
            *config, products);
  }
  return 0;
}

}  // namespace
}  // namespace rsr

int main(int argc, char** argv) {
  try {
    return rsr::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "engine_rate: {}\n", error.what());
    return 1;
  }
}
