#include "data/decompress.h"

#include <arrow/result.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <vector>

#include "rsr/error.h"

namespace rsr {
namespace {

// Arrow's failures here are out of memory or a build without the codec.
template <class T>
T Need(arrow::Result<T> result) {
  if (!result.ok()) {
    throw Error("decompression: " + result.status().ToString(), "", Error::Kind::kInternal);
  }
  return std::move(result).ValueUnsafe();
}

class Decompressed : public ByteSource {
 public:
  Decompressed(std::unique_ptr<ByteSource> packed, Compression compression)
      : packed_(std::move(packed)),
        compression_(compression),
        codec_(Need(arrow::util::Codec::Create(compression == Compression::kGzip
                                                   ? arrow::Compression::GZIP
                                                   : arrow::Compression::ZSTD))),
        decompressor_(Need(codec_->MakeDecompressor())),
        buffer_(size_t{256} << 10) {}

  size_t Read(char* to, size_t most) override {
    if (!damage_.empty()) throw DamagedInput{damage_};
    for (;;) {
      if (begin_ == end_ && !Refill()) return 0;
      if (decompressor_->IsFinished() && !Restart()) continue;
      const auto step =
          decompressor_->Decompress(static_cast<int64_t>(end_ - begin_), buffer_.data() + begin_,
                                    static_cast<int64_t>(most), reinterpret_cast<uint8_t*>(to));
      if (!step.ok()) {
        Fail(fmt::format("the {} data are damaged at byte {}: {}", CompressionName(compression_),
                         consumed_, step.status().message()));
      }
      begin_ += static_cast<size_t>(step->bytes_read);
      consumed_ += step->bytes_read;
      if (step->bytes_written > 0) return static_cast<size_t>(step->bytes_written);
      if (step->bytes_read == 0 && !decompressor_->IsFinished() && begin_ < end_) {
        Fail(fmt::format("the {} data are damaged at byte {}: the decoder makes no progress",
                         CompressionName(compression_), consumed_));
      }
    }
  }

 private:
  // False at the end of the packed bytes, which must be the end of a member or frame.
  bool Refill() {
    begin_ = 0;
    end_ = packed_->Read(reinterpret_cast<char*>(buffer_.data()), buffer_.size());
    if (end_ > 0) return true;
    if (consumed_ > 0 && !decompressor_->IsFinished()) {
      Fail(fmt::format("the {} data are cut off: they end after {} bytes without their end mark",
                       CompressionName(compression_), consumed_));
    }
    return false;
  }

  // Behind the end of a member or frame: the next one begins. Zeros are padding, as in gzip(1);
  // false if only they are there.
  bool Restart() {
    if (compression_ == Compression::kGzip) {
      const size_t before = begin_;
      while (begin_ < end_ && buffer_[begin_] == 0) ++begin_;
      consumed_ += static_cast<int64_t>(begin_ - before);
      if (begin_ == end_) return false;
    }
    const auto status = decompressor_->Reset();
    if (!status.ok()) {
      throw Error("decompression: " + status.ToString(), "", Error::Kind::kInternal);
    }
    return true;
  }

  [[noreturn]] void Fail(const std::string& text) {
    damage_ = text;
    throw DamagedInput{damage_};
  }

  std::unique_ptr<ByteSource> packed_;
  Compression compression_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::util::Decompressor> decompressor_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what is not decompressed yet
  int64_t consumed_ = 0;
  std::string damage_;
};

}  // namespace

Compression CompressionOf(std::string_view head) {
  if (head.starts_with("\x1F\x8B")) return Compression::kGzip;
  if (head.starts_with("\x28\xB5\x2F\xFD")) return Compression::kZstd;
  // A skippable frame, which pzstd and seekable files begin with.
  if (head.size() >= 4 && (head[0] & 0xF0) == 0x50 && head.substr(1, 3) == "\x2A\x4D\x18") {
    return Compression::kZstd;
  }
  return Compression::kNone;
}

const char* CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "Zstandard";
    case Compression::kNone:
      break;
  }
  return "plain";
}

std::unique_ptr<ByteSource> Decompress(std::unique_ptr<ByteSource> packed,
                                       Compression compression) {
  if (compression == Compression::kNone) return packed;
  return std::make_unique<Decompressed>(std::move(packed), compression);
}

}  // namespace rsr
