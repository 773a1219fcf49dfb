#include "data/row_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "data/decompress.h"
#include "rsr/error.h"

namespace rsr {
namespace {

// What people give by mistake, told by its first bytes; better one error than one for each "line"
// of it.
void RefuseOtherFormats(std::string_view head, const std::string& name) {
  static constexpr std::pair<std::string_view, const char*> kFormats[] = {
      {"\x1F\x8B", "gzip within gzip or Zstandard"},
      {"\x28\xB5\x2F\xFD", "Zstandard within gzip or Zstandard"},
      {"PAR1", "Parquet within another format or a pipe"},
      {"PK\x03\x04", "zip"},
      {"BZh", "bzip2"},
      {"\xFD"
       "7zXZ",
       "xz"},
      {"ARROW1", "Arrow"},
      {"\xFF\xFF\xFF\xFF", "an Arrow stream"},
      {"GGUF", "GGUF"},
      {"\xFF\xFE", "UTF-16"},
      {"\xFE\xFF", "UTF-16"},
  };
  const char* found =
      head.size() > 262 && head.substr(257, 5) == "ustar" ? "a tar archive" : nullptr;
  for (const auto& [magic, format] : kFormats) {
    if (head.starts_with(magic)) found = format;
  }
  if (found == nullptr) return;
  throw Error(fmt::format("{}: is {}, expected JSON Lines or a JSON array in UTF-8 (plain, gzip or "
                          "Zstandard), or a Parquet file",
                          name, found),
              "unpack or convert it first");
}

// Rows of text, mapped or out of a stream. Asks for the first one at once.
class TextRows : public RowSource {
 public:
  // A plain file, or a compressed one.
  explicit TextRows(MappedFile file) : file_(std::move(file)) {
    const Compression compression = CompressionOf(file_->bytes());
    in_file_ = compression == Compression::kNone;
    if (in_file_) {
      RefuseOtherFormats(file_->bytes().substr(0, 512), file_->path());
      Begin(Window(file_->bytes()), file_->path(), file_->bytes().empty());
    } else {
      Begin(Decompress(ReadMapped(*file_), compression), file_->path());
    }
  }

  TextRows(int descriptor, const std::string& name) {
    auto source = std::make_unique<PeekedSource>(ReadDescriptor(descriptor, name));
    const Compression compression = CompressionOf(source->Head());
    Begin(Decompress(std::move(source), compression), name);
  }

  bool Next(RawRow* row) override {
    if (first_) {
      *row = *std::exchange(first_, std::nullopt);
      return true;
    }
    if (in_file_ && splitter_->position() - dropped_ >= kDropEvery) {
      dropped_ = splitter_->position();
      file_->DropBefore(static_cast<size_t>(dropped_));
    }
    return splitter_->Next(row);
  }

  bool in_file() const override { return in_file_; }

 private:
  // The memory of what was read is given back, so that a file of any size takes little.
  static constexpr int64_t kDropEvery = int64_t{16} << 20;

  void Begin(std::unique_ptr<ByteSource> text, const std::string& name) {
    auto source = std::make_unique<PeekedSource>(std::move(text));
    const std::string_view head = source->Head();
    const bool empty = head.empty();
    RefuseOtherFormats(head, name);
    Begin(Window(std::move(source)), name, empty);
  }

  void Begin(Window window, const std::string& name, bool empty) {
    splitter_.emplace(std::move(window));
    RawRow row;
    if (!splitter_->Next(&row)) {
      throw Error(fmt::format("{}: {}, expected JSON Lines or a JSON array of chats", name,
                              empty ? "is empty" : "holds no row"),
                  "was it written completely?");
    }
    if (row.reason == "damaged-file") {
      throw Error(fmt::format("{}: {}", name, row.problem), "copy or download it again");
    }
    first_ = std::move(row);
  }

  std::optional<MappedFile> file_;
  std::optional<RowSplitter> splitter_;
  std::optional<RawRow> first_;
  bool in_file_ = false;
  int64_t dropped_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> OpenRows(const std::string& path, const std::string& stdin_file) {
  if (path == kStandardInput && stdin_file.empty()) {
    return std::make_unique<TextRows>(STDIN_FILENO, "standard input");
  }
  MappedFile file(path == kStandardInput ? stdin_file : path);
  if (file.bytes().starts_with("PAR1")) return OpenParquetRows(file.path());
  return std::make_unique<TextRows>(std::move(file));
}

}  // namespace rsr
