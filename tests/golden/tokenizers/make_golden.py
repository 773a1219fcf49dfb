#!/usr/bin/env python3
"""Makes the golden files of this folder: what transformers gives for the strings of strings.py.

    make_golden.py MODELS_DIR DEMO_STUDENT.gguf [FAMILY ...]      MODELS_DIR: llama.cpp's models folder

Needs transformers, tokenizers and xxhash; the versions used stand in each file. For every block of 100 strings: the
XXH3-128 of the ids (each string as its count and its ids, 32 bit little-endian) and the first ids of the first string.
`different` lists the strings for which rsr knowingly gives other ids, with the reason (docs/tokenizers.md) and
transformers' ids.
"""
import json
import os
import struct
import sys
import tempfile

import tokenizers
import transformers
import xxhash

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "../../support")]
import strings  # noqa: E402
import student_dir  # noqa: E402

# Reason -> family -> numbers of the strings (block * 100 + index).
KNOWN = {
    "transformers orders combining marks by an older Unicode": {"qwen2": [9232], "qwen35": [9232], "command-r": [9232], "mpt": [9232]},
}


def packed(ids):
    return struct.pack(f"<{len(ids) + 1}i", len(ids), *ids)


def golden(family, gguf, blocks):
    with tempfile.TemporaryDirectory() as directory:
        student_dir.write_directory(family, gguf, directory)
        tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
    result = {"made_by": f"make_golden.py, transformers {transformers.__version__}, tokenizers {tokenizers.__version__}",
              "different": [], "blocks": []}
    different = {number: why for why, families in KNOWN.items() for number in families.get(family, [])}
    for index, block in enumerate(blocks):
        ids = tokenizer(block["strings"], add_special_tokens=False)["input_ids"]
        result["blocks"].append({"hash": xxhash.xxh3_128_hexdigest(b"".join(map(packed, ids))), "first": ids[0][:6]})
        result["different"] += [{"string": number, "why": why, "ids": ids[number % 100]}
                                for number, why in different.items() if number // 100 == index]
    return result


def main(models, demo, families):
    blocks = strings.blocks()
    for family in families or student_dir.FAMILIES:
        gguf = demo if family == "smollm" else os.path.join(models, f"ggml-vocab-{family}.gguf")
        result = golden(family, gguf, blocks)
        with open(os.path.join(here, family + ".json"), "w", encoding="utf-8") as out:
            head = {key: value for key, value in result.items() if key != "blocks"}
            out.write(json.dumps(head)[:-1] + ', "blocks": [\n')
            out.write(",\n".join(json.dumps(block) for block in result["blocks"]) + "\n]}\n")
        print(family, len(result["different"]), "known differences")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
