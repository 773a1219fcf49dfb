#include "tokenizer/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace rsr {
namespace {

// Length of the valid UTF-8 sequence that begins here, or 0.
size_t SequenceLength(std::string_view bytes, char32_t* c) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) {
    *c = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || bytes.size() < length) return 0;
  char32_t value = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (at(i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
    return 0;
  }
  *c = value;
  return length;
}

std::u32string ComposeSegment(std::u32string_view segment) {
  std::vector<utf8proc_int32_t> buffer;
  for (const char32_t c : segment) {
    utf8proc_int32_t decomposed[32];  // the longest canonical decomposition has 4
    int boundary = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<utf8proc_int32_t>(c), decomposed, 32, UTF8PROC_DECOMPOSE, &boundary);
    if (count < 0 || count > 32) return std::u32string(segment);
    buffer.insert(buffer.end(), decomposed, decomposed + count);
  }
  const auto combining_class = [](utf8proc_int32_t c) {
    return utf8proc_get_property(c)->combining_class;
  };
  for (size_t from = 0; from < buffer.size();) {  // canonical order: stable within each run
    if (combining_class(buffer[from]) == 0) {
      ++from;
      continue;
    }
    size_t to = from;
    while (to < buffer.size() && combining_class(buffer[to]) != 0) ++to;
    std::stable_sort(buffer.begin() + static_cast<ptrdiff_t>(from),
                     buffer.begin() + static_cast<ptrdiff_t>(to),
                     [&](auto a, auto b) { return combining_class(a) < combining_class(b); });
    from = to;
  }
  const utf8proc_ssize_t length =
      utf8proc_normalize_utf32(buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) return std::u32string(segment);
  return std::u32string(buffer.begin(), buffer.begin() + length);
}

// Where transformers' tokenizers (Oniguruma with Unicode 16) see another category than utf8proc 2.8
// (Unicode 15), over all code points, as measured with tokenizers 0.23.3.
struct CategoryRange {
  char32_t from, to;
  utf8proc_category_t category;
};
constexpr CategoryRange kUnicode16[] = {
    {0x897, 0x897, UTF8PROC_CATEGORY_MN},     {0x1b4e, 0x1b4f, UTF8PROC_CATEGORY_PO},
    {0x1b7f, 0x1b7f, UTF8PROC_CATEGORY_PO},   {0x1c89, 0x1c89, UTF8PROC_CATEGORY_LU},
    {0x1c8a, 0x1c8a, UTF8PROC_CATEGORY_LL},   {0x2427, 0x2429, UTF8PROC_CATEGORY_SO},
    {0x2ffc, 0x2fff, UTF8PROC_CATEGORY_SO},   {0x31e4, 0x31e5, UTF8PROC_CATEGORY_SO},
    {0x31ef, 0x31ef, UTF8PROC_CATEGORY_SO},   {0xa7cb, 0xa7cc, UTF8PROC_CATEGORY_LU},
    {0xa7cd, 0xa7cd, UTF8PROC_CATEGORY_LL},   {0xa7da, 0xa7da, UTF8PROC_CATEGORY_LU},
    {0xa7db, 0xa7db, UTF8PROC_CATEGORY_LL},   {0xa7dc, 0xa7dc, UTF8PROC_CATEGORY_LU},
    {0x105c0, 0x105f3, UTF8PROC_CATEGORY_LO}, {0x10d40, 0x10d49, UTF8PROC_CATEGORY_ND},
    {0x10d4a, 0x10d4d, UTF8PROC_CATEGORY_LO}, {0x10d4e, 0x10d4e, UTF8PROC_CATEGORY_LM},
    {0x10d4f, 0x10d4f, UTF8PROC_CATEGORY_LO}, {0x10d50, 0x10d65, UTF8PROC_CATEGORY_LU},
    {0x10d69, 0x10d6d, UTF8PROC_CATEGORY_MN}, {0x10d6e, 0x10d6e, UTF8PROC_CATEGORY_PD},
    {0x10d6f, 0x10d6f, UTF8PROC_CATEGORY_LM}, {0x10d70, 0x10d85, UTF8PROC_CATEGORY_LL},
    {0x10d8e, 0x10d8f, UTF8PROC_CATEGORY_SM}, {0x10ec2, 0x10ec4, UTF8PROC_CATEGORY_LO},
    {0x10efc, 0x10efc, UTF8PROC_CATEGORY_MN}, {0x11380, 0x11389, UTF8PROC_CATEGORY_LO},
    {0x1138b, 0x1138b, UTF8PROC_CATEGORY_LO}, {0x1138e, 0x1138e, UTF8PROC_CATEGORY_LO},
    {0x11390, 0x113b5, UTF8PROC_CATEGORY_LO}, {0x113b7, 0x113b7, UTF8PROC_CATEGORY_LO},
    {0x113b8, 0x113ba, UTF8PROC_CATEGORY_MC}, {0x113bb, 0x113c0, UTF8PROC_CATEGORY_MN},
    {0x113c2, 0x113c2, UTF8PROC_CATEGORY_MC}, {0x113c5, 0x113c5, UTF8PROC_CATEGORY_MC},
    {0x113c7, 0x113ca, UTF8PROC_CATEGORY_MC}, {0x113cc, 0x113cd, UTF8PROC_CATEGORY_MC},
    {0x113ce, 0x113ce, UTF8PROC_CATEGORY_MN}, {0x113cf, 0x113cf, UTF8PROC_CATEGORY_MC},
    {0x113d0, 0x113d0, UTF8PROC_CATEGORY_MN}, {0x113d1, 0x113d1, UTF8PROC_CATEGORY_LO},
    {0x113d2, 0x113d2, UTF8PROC_CATEGORY_MN}, {0x113d3, 0x113d3, UTF8PROC_CATEGORY_LO},
    {0x113d4, 0x113d5, UTF8PROC_CATEGORY_PO}, {0x113d7, 0x113d8, UTF8PROC_CATEGORY_PO},
    {0x113e1, 0x113e2, UTF8PROC_CATEGORY_MN}, {0x116d0, 0x116e3, UTF8PROC_CATEGORY_ND},
    {0x1171e, 0x1171e, UTF8PROC_CATEGORY_MC}, {0x11bc0, 0x11be0, UTF8PROC_CATEGORY_LO},
    {0x11be1, 0x11be1, UTF8PROC_CATEGORY_PO}, {0x11bf0, 0x11bf9, UTF8PROC_CATEGORY_ND},
    {0x11f5a, 0x11f5a, UTF8PROC_CATEGORY_MN}, {0x13460, 0x143fa, UTF8PROC_CATEGORY_LO},
    {0x16100, 0x1611d, UTF8PROC_CATEGORY_LO}, {0x1611e, 0x16129, UTF8PROC_CATEGORY_MN},
    {0x1612a, 0x1612c, UTF8PROC_CATEGORY_MC}, {0x1612d, 0x1612f, UTF8PROC_CATEGORY_MN},
    {0x16130, 0x16139, UTF8PROC_CATEGORY_ND}, {0x16d40, 0x16d42, UTF8PROC_CATEGORY_LM},
    {0x16d43, 0x16d6a, UTF8PROC_CATEGORY_LO}, {0x16d6b, 0x16d6c, UTF8PROC_CATEGORY_LM},
    {0x16d6d, 0x16d6f, UTF8PROC_CATEGORY_PO}, {0x16d70, 0x16d79, UTF8PROC_CATEGORY_ND},
    {0x18cff, 0x18cff, UTF8PROC_CATEGORY_LO}, {0x1cc00, 0x1ccef, UTF8PROC_CATEGORY_SO},
    {0x1ccf0, 0x1ccf9, UTF8PROC_CATEGORY_ND}, {0x1cd00, 0x1ceb3, UTF8PROC_CATEGORY_SO},
    {0x1e5d0, 0x1e5ed, UTF8PROC_CATEGORY_LO}, {0x1e5ee, 0x1e5ef, UTF8PROC_CATEGORY_MN},
    {0x1e5f0, 0x1e5f0, UTF8PROC_CATEGORY_LO}, {0x1e5f1, 0x1e5fa, UTF8PROC_CATEGORY_ND},
    {0x1e5ff, 0x1e5ff, UTF8PROC_CATEGORY_PO}, {0x1f8b2, 0x1f8bb, UTF8PROC_CATEGORY_SO},
    {0x1f8c0, 0x1f8c1, UTF8PROC_CATEGORY_SO}, {0x1fa89, 0x1fa89, UTF8PROC_CATEGORY_SO},
    {0x1fa8f, 0x1fa8f, UTF8PROC_CATEGORY_SO}, {0x1fabe, 0x1fabe, UTF8PROC_CATEGORY_SO},
    {0x1fac6, 0x1fac6, UTF8PROC_CATEGORY_SO}, {0x1fadc, 0x1fadc, UTF8PROC_CATEGORY_SO},
    {0x1fadf, 0x1fadf, UTF8PROC_CATEGORY_SO}, {0x1fae9, 0x1fae9, UTF8PROC_CATEGORY_SO},
    {0x1fbcb, 0x1fbef, UTF8PROC_CATEGORY_SO}, {0x2ebf0, 0x2ee5d, UTF8PROC_CATEGORY_LO}};

utf8proc_category_t Category(char32_t c) {
  const auto found = std::upper_bound(
      std::begin(kUnicode16), std::end(kUnicode16), c,
      [](char32_t value, const CategoryRange& range) { return value < range.from; });
  if (found != std::begin(kUnicode16) && c <= (found - 1)->to) return (found - 1)->category;
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

struct ByteAlphabet {
  std::array<char32_t, 256> to_char;
  std::array<int16_t, 0x144> to_byte;
  ByteAlphabet() {
    to_byte.fill(-1);
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) ||
                             (byte >= 0xAE && byte <= 0xFF);
      to_char[byte] = printable ? static_cast<char32_t>(byte) : next++;
      to_byte[to_char[byte]] = static_cast<int16_t>(byte);
    }
  }
};

const ByteAlphabet& Bytes() {
  static const ByteAlphabet alphabet;
  return alphabet;
}

}  // namespace

size_t DecodeChar(std::string_view bytes, char32_t* c) {
  const size_t length = SequenceLength(bytes, c);
  if (length > 0) return length;
  *c = 0xFFFD;
  return 1;
}

TokenizerText DecodeText(std::string_view bytes, size_t from, size_t to) {
  TokenizerText text;
  text.chars.reserve(to - from);
  text.begin.reserve(to - from + 1);
  while (from < to) {
    char32_t c;
    const size_t length = DecodeChar(bytes.substr(from, to - from), &c);
    text.Add(c, static_cast<uint32_t>(from));
    from += length;
  }
  text.End(static_cast<uint32_t>(to));
  return text;
}

void AppendUtf8(char32_t c, std::string* out) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

std::string ToUtf8(std::u32string_view chars) {
  std::string out;
  for (const char32_t c : chars) AppendUtf8(c, &out);
  return out;
}

bool IsWhiteSpace(char32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

uint32_t CategoryBit(char32_t c) { return 1u << Category(c); }

uint32_t CategoryMask(std::string_view name) {
  // In the order of utf8proc_category_t.
  constexpr std::string_view kNames[] = {
      "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps",
      "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"};
  uint32_t mask = 0;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name || (name.size() == 1 && kNames[i][0] == name[0])) mask |= 1u << i;
  }
  return mask;
}

bool IsWord(char32_t c) {
  static const uint32_t mask = CategoryMask("L") | CategoryMask("M") | CategoryMask("Nd") |
                               CategoryMask("Nl") | CategoryMask("Pc");
  return (CategoryBit(c) & mask) != 0;
}

bool IsPunctuation(char32_t c) {
  static const uint32_t mask = CategoryMask("P");
  if (c < 0x80) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  }
  return (CategoryBit(c) & mask) != 0;
}

char32_t FoldCase(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c == 0x17F) return 's';  // the two letters outside ASCII that fold into it
  if (c == 0x212A) return 'k';
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

bool BeginsSegment(char32_t c) {
  if (c < 0x300) return true;
  if ((c >= 0x1161 && c <= 0x1175) || (c >= 0x11A8 && c <= 0x11C2)) return false;  // Hangul jamo
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
  const bool second = property->comb_index != UINT16_MAX && (property->comb_index & 0x8000) != 0;
  return property->combining_class == 0 && !second;
}

TokenizerText NormalizeC(TokenizerText text) {
  const std::u32string& chars = text.chars;
  if (std::all_of(chars.begin(), chars.end(), [](char32_t c) { return c < 0x300; })) return text;
  TokenizerText out;
  out.chars.reserve(chars.size());
  out.begin.reserve(chars.size() + 1);
  for (size_t from = 0; from < chars.size();) {
    size_t to = from + 1;
    while (to < chars.size() && !BeginsSegment(chars[to])) ++to;
    if (to == from + 1 && chars[from] < 0x300) {
      out.Add(chars[from], text.begin[from]);
    } else {
      // A character made of several keeps the bytes of the first; of more than there were (the
      // composition exclusions), the rest lie at the last.
      const std::u32string composed =
          ComposeSegment(std::u32string_view(chars).substr(from, to - from));
      for (size_t i = 0; i < composed.size(); ++i) {
        out.Add(composed[i], text.begin[std::min(from + i, to - 1)]);
      }
    }
    from = to;
  }
  out.End(text.begin.back());
  return out;
}

char32_t ByteToChar(uint8_t byte) { return Bytes().to_char[byte]; }
int CharToByte(char32_t c) { return c < Bytes().to_byte.size() ? Bytes().to_byte[c] : -1; }

}  // namespace rsr
