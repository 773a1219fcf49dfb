#!/usr/bin/env python3
"""What transformers in float32 says of one long sequence under a student from a GGUF file.

  pip install torch transformers gguf accelerate    (made with the versions in each file's first line)
  make_long.py STUDENT.gguf TOKENS EVERY OUT.tsv DATA.jsonl...

The sequence: the assistants' texts of DATA one after the other, tokenized, cut at TOKENS. OUT.tsv: a line a token with its id,
and for every EVERY-th (and the last 64) its surprisal in nats and its rank (1 + entries with a strictly greater logit), from
float32 logits. Logits are made 256 rows at a time: all of them would take TOKENS x vocabulary x 4 bytes.
"""
import json
import os
import sys

import torch
import transformers


def texts(files):
    for file in files:
        for line in open(file, encoding="utf-8"):
            yield from (m["content"] for m in json.loads(line)["messages"] if m["role"] == "assistant")


@torch.inference_mode()
def main(student, tokens, every, out, *data):
    where = dict(pretrained_model_name_or_path=os.path.dirname(student) or ".", gguf_file=os.path.basename(student))
    tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
    model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32).eval()
    ids = []
    for text in texts(data):
        ids += tokenizer(text + "\n\n", add_special_tokens=False)["input_ids"]
        if len(ids) >= tokens:
            break
    ids = ids[:tokens]
    assert len(ids) == tokens, len(ids)
    hidden = model.model(torch.tensor([ids]), use_cache=False).last_hidden_state[0]
    shown = [i for i in range(1, tokens) if i % every == 0 or i >= tokens - 64]
    golden = {}
    for first in range(0, len(shown), 256):
        rows = shown[first:first + 256]
        logits = model.lm_head(hidden[[i - 1 for i in rows]]).float()
        own = logits.gather(1, torch.tensor([[ids[i]] for i in rows]))
        surprisal = torch.logsumexp(logits.double(), -1) - own[:, 0].double()
        rank = 1 + (logits > own).sum(-1)
        golden.update(zip(rows, zip(surprisal.tolist(), rank.tolist())))
    with open(out, "w") as file:
        file.write(f"# make_long.py {os.path.basename(student)} {tokens} {every}: torch {torch.__version__}, "
                   f"transformers {transformers.__version__}, float32, {model.config._attn_implementation}\n")
        for i, id in enumerate(ids):
            file.write(f"{id}\t{golden[i][0]:.6f}\t{golden[i][1]}\n" if i in golden else f"{id}\n")
    print("mean surprisal", sum(s for s, _ in golden.values()) / len(golden))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
