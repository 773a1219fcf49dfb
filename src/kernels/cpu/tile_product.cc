#include "kernels/cpu/tile_product.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "kernels/cpu/group_state.h"
#include "rsr/error.h"

namespace rsr {
namespace {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;
constexpr auto kF32 = dnnl::memory::data_type::f32;

// oneDNN takes its inputs as void* too; it does not write to them.
void* Handle(const float* p) { return const_cast<float*>(p); }

}  // namespace

SingleThread::SingleThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
SingleThread::~SingleThread() { omp_set_num_threads(before_); }

struct TileProduct::Impl {
  explicit Impl(int64_t width)
      : width(width),
        stream(engine),
        desc(engine, Desc({kTileRows, width}, kF32, Tag::ab),
             Desc({width, kGroupRows}, kF32, Tag::ab), Desc({kTileRows, kGroupRows}, kF32, Tag::ab),
             UserScratch()),
        product(desc),
        weights(desc.src_desc(), engine, nullptr),
        group(desc.weights_desc(), engine, nullptr),
        logits(desc.dst_desc(), engine, nullptr),
        rows(Desc({width, kGroupRows}, kF32, Tag::ba), engine, nullptr),
        pack(rows, group),
        padded(width * kGroupRows) {
    arguments = {{DNNL_ARG_SRC, weights},
                 {DNNL_ARG_WEIGHTS, group},
                 {DNNL_ARG_DST, logits},
                 {DNNL_ARG_SCRATCHPAD, dnnl::memory(desc.scratchpad_desc(), engine)}};
  }

  // Scratch memory of our own: oneDNN's would be shared between the objects of a thread.
  static dnnl::primitive_attr UserScratch() {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attributes;
  }

  const int64_t width;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream;
  dnnl::matmul::primitive_desc desc;
  dnnl::matmul product;
  dnnl::memory weights, group, logits, rows;
  dnnl::reorder pack;
  std::vector<float> padded;
  std::unordered_map<int, dnnl::memory> arguments;
};

TileProduct::TileProduct(int64_t width) {
  const SingleThread single;  // oneDNN chooses its blocking by the number of threads
  try {
    impl_ = std::make_unique<Impl>(width);
  } catch (const dnnl::error& error) {
    throw Error(fmt::format("oneDNN has no product of width {}: {}", width, error.what()), "",
                Error::Kind::kInternal);
  }
}

TileProduct::~TileProduct() = default;

int64_t TileProduct::packed_floats() const {
  return static_cast<int64_t>(impl_->desc.weights_desc().get_size() / sizeof(float));
}

void TileProduct::Pack(const float* hidden, int rows, float* packed) {
  const auto end = std::copy_n(hidden, rows * impl_->width, impl_->padded.begin());
  std::fill(end, impl_->padded.end(), 0.0f);
  impl_->rows.set_data_handle(impl_->padded.data());
  impl_->group.set_data_handle(packed);
  impl_->pack.execute(impl_->stream, impl_->rows, impl_->group);
}

void TileProduct::Multiply(const float* weights, const float* packed, float* logits) {
  impl_->weights.set_data_handle(Handle(weights));
  impl_->group.set_data_handle(Handle(packed));
  impl_->logits.set_data_handle(logits);
  impl_->product.execute(impl_->stream, impl_->arguments);
}

}  // namespace rsr
