#!/usr/bin/env python3
"""Makes a transformers tokenizer folder of each student in students.jsonl out of llama.cpp's vocabulary files.

    tokenizers_from_gguf.py MODELS DEMO.gguf OUT      MODELS: folder of ggml-vocab-*.gguf and templates/

Needs transformers and gguf. The C++ test builds the same vocabularies from the same file, by renaming the same
tokens (tests/support/changed_student.h).
"""

import json
import pathlib
import sys

from golden import HERE, students
from gguf import GGUFReader, TokenType
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

# As in the models' own tokenizer.json, by llama.cpp's name of the pre-tokenizer.
PATTERNS = {
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "llama-bpe": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}


def field(reader, name, default=None):
    found = reader.fields.get("tokenizer.ggml." + name)
    return default if found is None else found.contents()


def byte_level(vocab, merges, pre):
    tokenizer = Tokenizer(models.BPE(vocab, merges, ignore_merges=pre == "llama-bpe"))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pre == "smollm")
    first = pre_tokenizers.Digits(True) if pre == "smollm" else pre_tokenizers.Split(Regex(PATTERNS[pre]), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([first, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def gemma(vocab, merges):
    tokenizer = Tokenizer(models.BPE(vocab, merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return tokenizer


def main(model_folder, demo, out):
    for student in students():
        path = demo if student["vocabulary"] == "demo" else model_folder / student["vocabulary"]
        reader = GGUFReader(path)
        tokens, types = field(reader, "tokens"), field(reader, "token_type")
        for id, text in student["tokens"].items():
            tokens[int(id)] = text
        vocab = {token: id for id, token in enumerate(tokens)}
        merges = [tuple(merge.split(" ")) for merge in field(reader, "merges")]
        pre = field(reader, "pre", "")
        tokenizer = gemma(vocab, merges) if field(reader, "model") == "gemma4" else byte_level(vocab, merges, pre)
        tokenizer.add_tokens([AddedToken(token, normalized=False, special=type == TokenType.CONTROL)
                              for token, type in zip(tokens, types)
                              if type in (TokenType.CONTROL, TokenType.USER_DEFINED) and not token.startswith("[PAD")])
        template = HERE / student["template"]
        if not student["template"]:
            template = reader.fields["tokenizer.chat_template"].contents()
        else:
            template = (template if template.exists() else model_folder / "templates" / student["template"]).read_text()
        wrapped = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, bos_token=tokens[field(reader, "bos_token_id")], eos_token=student["eos"],
            pad_token=student["eos"], clean_up_tokenization_spaces=False, chat_template=template)
        assert len(wrapped) == len(tokens), (student["name"], len(wrapped), len(tokens))
        wrapped.save_pretrained(out / student["name"])
        print(student["name"], len(wrapped))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
