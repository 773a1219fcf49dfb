// A product as one would write it with oneDNN: rows [rows, depth] times the rows of weights
// [columns, depth], all row-major, on the calling thread alone (SingleThread).
#pragma once

#include <cstdint>
#include <dnnl.hpp>

#include "kernels/cpu/tile_product.h"

namespace rsr {

class OneDnnProduct {
 public:
  // With `packed_weights` they are copied once into the layout oneDNN asks for, else each call
  // names its own.
  OneDnnProduct(int64_t rows, int64_t depth, int64_t columns,
                const float* packed_weights = nullptr) {
    const SingleThread single;  // oneDNN chooses its blocking by the number of threads
    using Desc = dnnl::memory::desc;
    using Tag = dnnl::memory::format_tag;
    const auto f32 = dnnl::memory::data_type::f32;
    const dnnl::matmul::primitive_desc desc(
        engine_, Desc({rows, depth}, f32, Tag::ab),
        Desc({depth, columns}, f32, packed_weights ? Tag::any : Tag::ba),
        Desc({rows, columns}, f32, Tag::ab));
    product_ = dnnl::matmul(desc);
    x_ = dnnl::memory(desc.src_desc(), engine_, nullptr);
    y_ = dnnl::memory(desc.dst_desc(), engine_, nullptr);
    if (packed_weights) {
      weights_ = dnnl::memory(desc.weights_desc(), engine_);
      dnnl::memory plain(Desc({depth, columns}, f32, Tag::ba), engine_,
                         const_cast<float*>(packed_weights));
      dnnl::reorder(plain, weights_).execute(stream_, plain, weights_);
    } else {
      weights_ = dnnl::memory(desc.weights_desc(), engine_, nullptr);
    }
  }

  // y [rows, columns].
  void Run(const float* x, float* y) {
    x_.set_data_handle(const_cast<float*>(x));
    y_.set_data_handle(y);
    product_.execute(stream_,
                     {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, y_}});
  }

  void Run(const float* x, const float* weights, float* y) {
    weights_.set_data_handle(const_cast<float*>(weights));
    Run(x, y);
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul product_;
  dnnl::memory x_, weights_, y_;
};

}  // namespace rsr
