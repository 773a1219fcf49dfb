#!/usr/bin/env python3
"""Turns the vocabulary of a GGUF file into the Hugging Face directory of its family: tokenizer.json and what lies beside it.

    student_dir.py FAMILY FILE.gguf OUT_DIR

Vocabulary, merges and special tokens come from the file. What a GGUF file does not hold (normalizer, pre-tokenizer, flags of
added tokens) is the published definition of the family, below. Needs nothing but Python.
"""
import json
import os
import struct
import sys

# --- what the families publish -------------------------------------------------------------------------------------------

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN35 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK_LLM_LETTERS = (
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376"
    "\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556"
    "\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-"
    "\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc"
    "\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a"
    "-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183"
    "\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b"
    "-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943]+")

DEEPSEEK_CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def digits(individual):
    return {"type": "Digits", "individual_digits": individual}


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


NFC = {"type": "NFC"}
SPACE_TO_MARK = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
# The normalizer of Llama 2 and of those converted like it: a mark in front of every piece of text between special tokens.
LLAMA2_NORMALIZER = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, SPACE_TO_MARK]}

# name -> normalizer, pre_tokenizer, fields of the model; the source is each family's tokenizer.json on the Hugging Face Hub,
# for those marked * as quoted in llama.cpp's src/llama-vocab.cpp ("original regex from tokenizer.json").
FAMILIES = {
    # Qwen/Qwen2.5-*, Qwen/Qwen3-* *
    "qwen2": (NFC, sequence(split(QWEN2), byte_level(False)), {}),
    # Qwen/Qwen3.5-* *
    "qwen35": (NFC, sequence(split(QWEN35), byte_level(False)), {}),
    # meta-llama/Llama-3.*: the vocabulary holds tokens no merge leads to *
    "llama-bpe": (None, sequence(split(LLAMA3), byte_level(False)), {"ignore_merges": True}),
    # openai-community/gpt2
    "gpt-2": (None, byte_level(True), {}),
    # HuggingFaceTB/SmolLM2-*
    "smollm": (None, sequence(digits(True), byte_level(True)), {}),
    # bigcode/starcoderbase
    "starcoder": (None, sequence(digits(True), byte_level(True)), {}),
    # smallcloudai/Refact-1_6B-fim
    "refact": (None, sequence(digits(True), byte_level(True)), {}),
    # CohereForAI/c4ai-command-r-v01
    "command-r": (NFC, sequence(digits(True), byte_level(True)), {}),
    # tiiuae/falcon-7b
    "falcon": (None, sequence({"type": "Punctuation", "behavior": "Contiguous"}, byte_level(True), digits(False),
                              split("[0-9][0-9][0-9]")), {}),
    # deepseek-ai/deepseek-llm-7b-*: the same patterns stand in llama.cpp *
    "deepseek-llm": (None, sequence(split("[\r\n]"), split(DEEPSEEK_LLM_LETTERS), split("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"), split(r"\s+$"),
                                    split(DEEPSEEK_CJK), digits(True), byte_level(False)), {}),
    # deepseek-ai/deepseek-coder-* *
    "deepseek-coder": (None, sequence(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(DEEPSEEK_CJK), digits(True),
                                      byte_level(False)), {}),
    # mosaicml/mpt-7b (EleutherAI/gpt-neox-20b's tokenizer)
    "mpt": (NFC, byte_level(True), {}),
    # meta-llama/Llama-2-*, mistralai/Mistral-7B-v0.1
    "llama-spm": (LLAMA2_NORMALIZER, None, {"fuse_unk": True, "byte_fallback": True, "unk_token": "<unk>"}),
    # microsoft/Phi-3-mini-*-instruct
    "phi-3": (LLAMA2_NORMALIZER, None, {"fuse_unk": True, "byte_fallback": True, "unk_token": "<unk>"}),
    # google/gemma-3-*, gemma-4-*
    "gemma-4": (SPACE_TO_MARK, {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
                {"fuse_unk": True, "byte_fallback": True, "unk_token": "<unk>"}),
}

# --- reading GGUF --------------------------------------------------------------------------------------------------------

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


def read_gguf(path):
    """The metadata of a GGUF file, strings as bytes decoded by UTF-8 with surrogateescape."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0

    def take(code, count=1):
        nonlocal at
        values = struct.unpack_from(f"<{count}{code}", data, at)
        at += struct.calcsize(f"<{count}{code}")
        return values

    def text():
        nonlocal at
        length, = take("Q")
        at += length
        return data[at - length:at].decode("utf-8", "surrogateescape")

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            (inner,), (count,) = take("I"), take("Q")
            return [text() for _ in range(count)] if inner == 8 else list(take(SCALARS[inner], count))
        return take(SCALARS[kind])[0]

    assert data[:4] == b"GGUF", path
    at = 4
    take("I"), take("Q")  # version, number of tensors
    keys, = take("Q")
    return {text(): value(take("I")[0]) for _ in range(keys)}


# --- writing the directory -----------------------------------------------------------------------------------------------

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def merges_from_scores(vocab, scores):
    """Merges of a SentencePiece model, in the order transformers' converter gives them (convert_slow_tokenizer.py)."""
    merges = []
    for piece, score in scores.items():
        local = [(piece[:i], piece[i:], score) for i in range(1, len(piece)) if piece[:i] in vocab and piece[i:] in vocab]
        merges += sorted(local, key=lambda m: (vocab[m[0]], vocab[m[1]]))
    return [[left, right] for left, right, _ in
            sorted(merges, key=lambda m: (m[2], len(m[0]), len(m[1])), reverse=True)]


def padding(token):
    return token.startswith("[PAD") and token.endswith("]") and token[4:-1].isdigit()


def tokenizer_json(family, gguf):
    normalizer, pre_tokenizer, model_fields = FAMILIES[family]
    tokens, types = gguf["tokenizer.ggml.tokens"], gguf["tokenizer.ggml.token_type"]
    # Padding to a round size is not in the published vocabulary.
    kept = {token: id for id, token in enumerate(tokens) if types[id] != UNUSED and not padding(token)}
    last_normal = max(id for id, kind in enumerate(types) if kind == NORMAL)
    added = []
    for token, id in kept.items():
        if types[id] not in (CONTROL, USER_DEFINED) and not (types[id] == UNKNOWN and family != "gemma-4"):
            continue
        special = types[id] != USER_DEFINED
        phi3 = family == "phi-3" and token not in ("<unk>", "<s>", "<|endoftext|>")
        added.append({"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": phi3,
                      # GPT-NeoX's runs of spaces are matched in normalized text.
                      "normalized": not special and family in ("mpt", "deepseek-llm", "deepseek-coder"), "special": special})
    if "tokenizer.ggml.merges" in gguf:
        merges = [merge.split(" ", 1) if merge[0] != " " else [" ", merge[2:]] for merge in gguf["tokenizer.ggml.merges"]]
    else:
        scores = dict(zip(tokens, gguf["tokenizer.ggml.scores"]))
        merges = merges_from_scores(kept, {token: scores[token] for token in kept})
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, **model_fields,
             # Tokens added behind the vocabulary are not in it: DeepSeek's letters would be taken for bytes.
             "vocab": {token: id for token, id in kept.items() if id <= last_normal}, "merges": merges}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": None, "decoder": None, "model": model}


def write_directory(family, path, out):
    gguf = read_gguf(path)
    tokens = gguf["tokenizer.ggml.tokens"]
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    for name, key in (("bos_token", "bos"), ("eos_token", "eos"), ("pad_token", "padding"), ("unk_token", "unknown")):
        id = gguf.get(f"tokenizer.ggml.{key}_token_id")
        config[name] = None if id is None else tokens[id]
    architecture = gguf["general.architecture"]
    model = {"model_type": "qwen3_5" if family == "qwen35" else architecture, "vocab_size": len(tokens)}
    if f"{architecture}.context_length" in gguf:
        model["max_position_embeddings"] = gguf[f"{architecture}.context_length"]
    os.makedirs(out, exist_ok=True)

    def write(name, value):
        with open(os.path.join(out, name), "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(value, file, ensure_ascii=False)

    write("tokenizer.json", tokenizer_json(family, gguf))
    write("tokenizer_config.json", config)
    write("config.json", model)
    if "tokenizer.chat_template" in gguf:
        with open(os.path.join(out, "chat_template.jinja"), "w", encoding="utf-8", newline="") as file:
            file.write(gguf["tokenizer.chat_template"])


if __name__ == "__main__":
    write_directory(*sys.argv[1:4])
