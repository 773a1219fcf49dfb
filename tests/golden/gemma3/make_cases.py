#!/usr/bin/env python3
"""The oracle's cases under Gemma 3 270M.

  pip install torch transformers gguf accelerate    (made with the versions in each row)
  make_cases.py ORACLE_DIR gemma-3-270m-q4_k_m.gguf    (writes cases.f32.jsonl beside itself)

ORACLE_DIR holds make_oracle.py, whose functions do the work, and cases.jsonl. The file is a base model's and has no chat
template: it is given the one that `--chat-template gemma` names. Numbers are rounded to seven decimals.
"""
import json
import pathlib
import sys

import torch
import transformers

TEMPLATE = ("{{ bos_token }}{%- set ns = namespace(system='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}"
            "{%- set ns.system = message['content'] | trim + '\n\n' %}{%- else %}"
            "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else 'user') + '\n' }}"
            "{%- if message['role'] == 'user' %}{{ ns.system }}{%- set ns.system = '' %}{%- endif %}"
            "{{ message['content'] | trim + '<end_of_turn>\n' }}{%- endif %}{%- endfor %}")


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 7) if isinstance(value, float) else value


def main(oracle, student):
    sys.path.insert(0, oracle)
    import make_oracle
    tokenizer, model = make_oracle.load(student, torch.float32)
    tokenizer.chat_template = TEMPLATE
    with open(pathlib.Path(__file__).parent / "cases.f32.jsonl", "w", encoding="utf-8") as out:
        for line in open(pathlib.Path(oracle) / "cases.jsonl", encoding="utf-8"):
            case = json.loads(line)
            row = rounded(make_oracle.score(tokenizer, model, case))
            row["made_with"] = f"torch {torch.__version__}, transformers {transformers.__version__}, float32"
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            print(row["id"], row["n_scored"], row["mean_surprisal"])


main(*sys.argv[1:3])
