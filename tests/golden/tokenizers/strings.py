#!/usr/bin/env python3
"""The 10,000 strings that tokenizers are compared on: 100 blocks of 100, each of one class.

    strings.py OUT.json      writes [{"class": NAME, "strings": [...]}, ...]

Hand-picked ones first, the rest drawn by a generator of our own, so that every Python gives the same strings. Nothing here
asks Python's Unicode tables: they differ from version to version.
"""
import json
import sys

SEED = 20260114


class Random:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return (z ^ (z >> 31)) % n

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent


WORDS = {
    "latin": "the of and reasoning Surprisal it's don't we'll I've they're she'd I'M YOU'RE WE'LL naïve café Zürich Ærøskøbing "
             "Łódź İstanbul ſo straße Đặng Nguyễn œuvre fiancée Ĝis ǅungla ŉ ﬁn e-mail snake_case CamelCase HTTPServer "
             "x2 3D 2nd ﬀ K Å Ω o’clock ‘quoted’ 'tis rock'n'roll O'Brien",
    "greek": "Ἀλήθεια καὶ λόγος μάθημα Ωμέγα ἐν ἀρχῇ ἦν ὁ λόγος ΑΒΓ ς ΰ ΐ",
    "cyrillic": "Привет мир съесть ещё этих мягких французских булок ЁЖИК Україна їжак Ђорђе љубав",
    "arabic": "السلام عليكم مرحبا بالعالم ١٢٣ كِتَابٌ لا اللّٰه پنجره می‌خواهم ﷺ ﻻ",
    "hebrew": "שלום עולם בְּרֵאשִׁית ״ציטוט״ ירושלים",
    "devanagari": "नमस्ते दुनिया हिन्दी क़लम ड़ ज्ञान १२३ क्षत्रिय श्रीमान",
    "bengali": "আমার সোনার বাংলা ৳১২ ড় য় কিংবদন্তি",
    "tamil": "வணக்கம் உலகம் தமிழ் க்ஷ கௌ",
    "thai": "สวัสดีชาวโลก ภาษาไทย น้ำ ๑๒๓ ปฏิกิริยา เก่ง",
    "lao": "ສະບາຍດີ ຊາວໂລກ",
    "khmer": "សួស្តី ពិភពលោក ភាសាខ្មែរ",
    "korean": "안녕하세요 세계 한국어 대한민국 뷁 ㄱㄴㄷ ㅋㅋㅋ",
    "japanese": "こんにちは 世界 カタカナ ｶﾀｶﾅ 日本語 が ぱ ーー 々 東京タワー 食べる",
    "chinese": "你好 世界 推理 轨迹 學生 模型 龍 〇 一二三 中文，标点。 《书名》 “引号”",
    "georgian": "გამარჯობა მსოფლიო ᲗᲑᲘᲚᲘᲡᲘ",
    "armenian": "Բարեւ աշխարհ և",
    "ethiopic": "ሰላም ልዑል ፩፪",
    "other": "ᏣᎳᎩ ꭰꭱ ᚠᚢᚦ 𐐷𐐲𐑌 𝔘𝔫𝔦 𝒜𝒷𝒸 ⅫⅣ ⒶⒷ ŋ ɐɓ ʔ ꙗко ⰀⰁ ⲀⲂ 𓀀𓂀 ᠮᠣᠩ བོད་སྐད",
}
WORDS = {name: text.split() for name, text in WORDS.items()}
SPACES = [" ", " ", " ", "  ", "   ", "    ", "\t", "\t\t", "\n", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", " \n",
          "\n ", "\t\n", " \t ", "\u00a0", "\u3000", "\u2003", "\u2009", "\u202f", "\u205f", "\u1680", "\u2028", "\u2029", "\u0085",
          "\v", "\f", "\u200b", "\u180e", "\ufeff", "\u2060"]
CODE = ["def f(x):\n    return x*x\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}", "#include <vector>\r\n", "x=1;y=2", "a->b::c<d>()",
        "SELECT * FROM t WHERE id=42;", "{\"key\": [1, 2.5e-3, null, true]}", "<div class=\"a\">&nbsp;</div>", "// comment", "/* c */", "'''doc'''",
        "\"\\n\\t\\u00e9\"", "if (!ok) throw std::runtime_error(\"bad\");", "λx.x", "fn main() -> Result<(), Box<dyn Error>> {", "}}}}", "((((", "###", "```python\n",
        "```\n", "$\\frac{a}{b}$", "\\begin{align*}\n  x &= y \\\\\n\\end{align*}", "a  b   c", "    \n        \n", "!=", "==>", "===", "&&", "||", "::", "...",
        "//////", "----", "____", "****", "https://example.org/a?b=c&d=%20#e", "user@example.org", "C:\\path\\file.txt", "../../x", "$HOME", "%d %s",
        "it's", "IT'S", "'S", "'re'RE'Re", "''ll", "can't've", "<think>", "</think>", "<tool_call>", "\\(x\\)", "1.", "2) ", "- [ ] ", "| a | b |\n|---|---|\n"]
DIGITS = ["0", "1", "12", "123", "1234", "12345", "123456", "1234567", "3.14159", "1,000,000", "1e-10", "0x1F", "00001", "٣٤٥", "१२३४", "１２３", "²³", "½", "①②③",
          "Ⅳ", "〇", "𝟘𝟙𝟚", "5%", "$10", "€20.5", "1st", "2026-01-31", "12:34:56", "+1 (555) 010-9999", "π≈3.14", "10^{6}", "7×8=56", "−1", "1/3", "00", "9"*13]
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🏳️‍🌈", "❤️", "☃", "🤷🏻‍♀️", "1️⃣", "🫠", "🪿", "✅", "→", "★", "©", "™", "♟", "🀄", "🧑🏿‍🚀", "🇺🇸🇨🇳", "🫨", "\U0001fadf", "➡️", "‼", "☺︎"]
CONTROL = [chr(c) for c in (*range(0, 9), 11, 12, *range(14, 32), 127, *range(128, 160))] + [
    "\u00ad", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\ufe0f", "\ufffc", "\ufffd", "\ufffe", "\uffff", "\ue000", "\uf8ff",
    "\U000e0041", "\U000e007f", "\U000f0000", "\U0010ffff", "\ufdd0", "\u0378", "\U0001f8ff", "\U00050000", "\u2fe0", "\u061c", "\u115f", "\u3164"]
COMBINING = ["e\u0301", "E\u0301", "A\u030a", "\u212b", "\u2126", "\u212a", "n\u0303", "o\u0302\u0323", "o\u0323\u0302", "q\u0307\u0323", "\u0344", "\u0958", "\u0915\u093c",
             "\u1100\u1161", "\u1100\u1161\u11a8", "\uac00\u11a8", "\u0e33", "\u0f43", "\u2adc", "\ufb1d", "\u05d9\u05b4", "\u0622", "\u0627\u0653", "\u3099", "か\u3099", "ハ\u309a",
             "\u0301", "\u0301a", " \u0301", "a\u0301\u0301", "ü\u0304", "u\u0308\u0304", "\u1e69", "s\u0323\u0307", "\u01d5", "\u0390", "\u1fd3", "\u0340", "\u0387", "\u037e",
             "\u1f71", "\u03ac", "\uf900", "\u8c48", "\U0001d15e", "\U0001d157\U0001d165", "\u20d7", "x\u20d7", "\u0308", "i\u0307", "\u0131\u0308", "z\u0335\u0321\u0341a\u0334l\u0335g\u0338o\u0336",
             "\U00011099\U000110ba", "\u09c7\u09be", "\u0b47\u0b56", "\u0bc6\u0bbe", "\u0dd9\u0dcf\u0dca", "\u1025\u102e", "\u1b05\u1b35", "\u0cc6\u0cc2\u0cd5"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>",
           "<|python_tag|>", "<|reserved_special_token_3|>", "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>", "<start_of_turn>", "<end_of_turn>", "<|turn>", "<turn|>",
           "<|tool_call>", "<tool_call|>", "<|think|>", "<|channel>", "<channel|>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>",
           "<|placeholder1|>", "<BOS_TOKEN>", "<EOS_TOKEN>", "<PAD>", "<UNK>", "<CLS>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|EXTRA_0_TOKEN|>",
           "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜fim▁hole｜>", "<|User|>", "<|Assistant|>", "<|EOT|>", ">>TITLE<<", ">>ANSWER<<", "<fim_prefix>", "<fim_middle>", "<repo_name>",
           "<file_sep>", "<issue_start>", "<jupyter_code>", "<empty_output>", "<filename>", "<gh_stars>", "<reponame>", "<pr>", "<|padding|>", "<tool_call>", "</tool_call>", "<think>",
           "<0x0A>", "<0xE2>", "<0x00>", "▁", "▁▁", "▁the", "Ġ", "Ċ", "Ġthe", "ø", "ö", "À", "÷"]
FRAGMENTS = ["<|", "|>", "<", ">", "<|im_", "im_end|>", "<s", "s>", "</s", "<|endoftext", "<|end|", "<|<|im_end|>|>", "<s><s>", "</s></s>", "<｜", "｜>", "<|IM_START|>", "<| im_start |>", "[INST", "INST]"]
RANGES = [(0x20, 0x7e), (0xa0, 0x24f), (0x250, 0x36f), (0x370, 0x3ff), (0x400, 0x52f), (0x530, 0x5f4), (0x600, 0x6ff), (0x900, 0x97f), (0x980, 0xdff), (0xe00, 0xfff), (0x1000, 0x137f),
          (0x1400, 0x17ff), (0x1800, 0x1cff), (0x1d00, 0x1fff), (0x2000, 0x2bff), (0x2c00, 0x2fff), (0x3000, 0x33ff), (0x3400, 0x9fff), (0xa000, 0xabff), (0xac00, 0xd7a3), (0xf900, 0xfffd),
          (0x10000, 0x12fff), (0x13000, 0x16fff), (0x1b000, 0x1bfff), (0x1d000, 0x1dfff), (0x1e000, 0x1ffff), (0x20000, 0x323af)]

HAND_PICKED = ["", " ", "  ", "\n", "\n\n", "\t", "\r\n", " \n", "\n ", "a", " a", "a ", "  a", "a  ", "\na", "a\n", "a\n\nb", "a \n b", "a  b", "a   b", "a\tb", "a\u00a0b", "\u00a0", "\u3000a",
               "Hello, world!", "Hello,  world!  ", " Hello", "  Hello", "Hello\nWorld\n", "don't", "DON'T", "it's'", "'s", " 's", "'ſ", "'ſo'ſ 'Kx", "'S", "’s", "a's b'LL c'Ve", "I'm I'M i'm",
               "123", "1234567890", " 123", "a1b2c3", "12 34", "1,234.56", "x²", "३४५६", "１２３４５", "½ cup", "Ⅻ", "!!!", " !!!", "?!\n", "...\n\n", "a...b", "$$$", "=====\n", "#include <a>\n",
               "\"quoted\"", "(a)", "a_b", "a-b", "a.b", "a/b//c", "\\n", "\\\\", "é", "e\u0301", "한국어", "\u1112\u1161\u11ab", "日本語テキスト", "你好，世界。", "ไทย", "नमस्ते", "مرحبا", "שלום",
               "🤗", "👩‍🚀", "a👍b", "\u200b", "a\u200bb", "\ufeffa", "\x00", "a\x00b", "\x7f", "\x1b[31m", "\ufffd", "\u0085", "a\u0085b", "\u2028", "a\u2028b", "<|im_start|>user\nHi<|im_end|>\n",
               "<s> a </s>", "<s>a</s>b", " <|endoftext|> ", "\n<|endoftext|>\n", "<|endoftext|><|endoftext|>", "<|eot_id|>\n\n<|eot_id|>", "[INST] a [/INST] b</s>"]


def word(r):
    return r.pick(WORDS[r.pick(list(WORDS))])


def sentence(r, script):
    return "".join(r.pick(WORDS[script]) + r.pick([" ", " ", " ", ", ", ". ", "", "\n", "! ", "? "]) for _ in range(3 + r.below(12)))


def mixture(r, parts, most=12):
    return "".join(r.pick(r.pick(parts)) for _ in range(1 + r.below(most)))


def spaces(r):
    return "".join(r.pick([r.pick(SPACES) * (1 + r.below(3)), word(r), r.pick("a.1!-")]) for _ in range(1 + r.below(8)))


def run(r):
    c = r.pick([" ", "\n", "\t", "\u00a0", "a", "1", "!", "-", "=", "\r\n", " \n", "é", "中", "😀", "▁", ".", "\u0301", "ab", "\u3000"])
    return r.pick(["", "x", " ", "\n", word(r)]) + c * (1 + r.below(70)) + r.pick(["", "y", " ", "\n", word(r)])


def code_points(r):
    out = ""
    for _ in range(1 + r.below(20)):
        low, high = r.pick(RANGES)
        out += "".join(chr(low + r.below(high - low + 1)) for _ in range(1 + r.below(4)))
        if r.chance(20):
            out += r.pick(SPACES)
    return out


def chat(r):
    return "".join(r.pick([word(r) + " ", word(r), r.pick(CODE), r.pick(DIGITS), r.pick(SPACES), r.pick([". ", ", ", "\n\n", ": ", "; "])]) for _ in range(10 + r.below(40)))


CLASSES = [
    ("multilingual", 17, lambda r: sentence(r, r.pick(list(WORDS)))),
    ("mixed scripts", 8, lambda r: " ".join(word(r) for _ in range(1 + r.below(12)))),
    ("code", 12, lambda r: mixture(r, [CODE, CODE, SPACES, DIGITS])),
    ("white space", 10, spaces),
    ("runs", 4, run),
    ("digits", 7, lambda r: mixture(r, [DIGITS, DIGITS, SPACES, [word(r)]])),
    ("emoji", 6, lambda r: mixture(r, [EMOJI, EMOJI, [word(r)], SPACES])),
    ("control characters", 4, lambda r: mixture(r, [CONTROL, [word(r)], SPACES])),
    ("combining marks", 6, lambda r: mixture(r, [COMBINING, COMBINING, [word(r)], SPACES])),
    ("special-token look-alikes", 11, lambda r: mixture(r, [SPECIAL, SPECIAL, FRAGMENTS, SPACES, [word(r)]])),
    ("code points", 5, code_points),
    ("chat", 6, chat),
]


def blocks():
    r = Random(SEED)
    picked = HAND_PICKED + SPECIAL + FRAGMENTS + COMBINING + CONTROL
    picked = picked + [r.pick(CODE) + r.pick(SPACES) + word(r) for _ in range(-len(picked) % 100)]
    result = [{"class": "hand-picked", "strings": picked[i:i + 100]} for i in range(0, len(picked), 100)]
    for name, count, make in CLASSES:
        result += [{"class": name, "strings": [make(r) for _ in range(100)]} for _ in range(count)]
    return result


if __name__ == "__main__":
    made = blocks()
    assert len(made) == 100 and all(len(b["strings"]) == 100 for b in made), [len(made), {len(b["strings"]) for b in made}]
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(made, out, ensure_ascii=True)
