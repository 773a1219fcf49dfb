#!/usr/bin/env python3
"""Scores trajectories with transformers the two ways people do, and says how long that took.

  transformers_score.py --student FILE.gguf --threads N [--dtype float32|bfloat16] [--padded] [--max-tokens N]
                        (--data FILE.jsonl | --lengths 512,4096)

One row at a time: one forward pass a row. --padded: batches of eight in the order of the file, padded on the
right to their longest row, all logits kept, log_softmax over them. Surprisal and rank (strictly greater logits)
of every token that holds a character of an assistant message; RSR = sum of min(rank, 100) / sum of surprisal.
Prints one JSON object: seconds without loading and tokenizing; of --data its tokens, scored tokens and RSR by
id; of --lengths (random tokens, all scored) tokens/s by length.
"""

import argparse
import json
import pathlib
import time

import torch
import transformers
from tokenizers import pre_tokenizers

BATCH = 8


def load(path, dtype):
    path = pathlib.Path(path)
    where = dict(pretrained_model_name_or_path=path.parent, gguf_file=path.name)
    model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=dtype).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
    # transformers takes GPT-2's for the demo student's own, which sets digits apart (docs/masks.md).
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return tokenizer, model


def assistant_spans(text, messages):
    """[begin, end) of each assistant message's content in the rendered text."""
    spans, at = [], 0
    for message in messages:
        content = message["content"]
        begin = text.find(content, at)
        if begin < 0:  # some templates strip it
            content = content.strip()
            begin = text.index(content, at)
        at = begin + len(content)
        if message["role"] == "assistant":
            spans.append((begin, at))
    return spans


def tokenize(tokenizer, row, max_tokens):
    """(ids, scored positions)"""
    text = tokenizer.apply_chat_template(row["messages"], tokenize=False)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    spans = assistant_spans(text, row["messages"])
    ids = encoded["input_ids"][:max_tokens]
    positions = [i for i, (a, b) in enumerate(encoded["offset_mapping"][:max_tokens])
                 if i > 0 and any(a < end and b > begin for begin, end in spans)]
    return ids, positions


def surprisals_and_ranks(logits, ids, positions):
    """Of ids[positions]; logits [tokens, vocabulary] of this row."""
    at = torch.tensor(positions) - 1
    targets = torch.tensor(ids)[positions, None]
    rows = logits[at]
    log_p = rows.float().log_softmax(-1)
    return -log_p.gather(1, targets)[:, 0], 1 + (rows > rows.gather(1, targets)).sum(-1)


def one_row(model, ids, positions):
    return surprisals_and_ranks(model(torch.tensor([ids]), use_cache=False).logits[0], ids, positions)


def padded_batch(model, pad, batch):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in batch])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in batch])
    logits = model(ids, attention_mask=mask, use_cache=False).logits
    log_p = logits[:, :-1].log_softmax(-1)
    surprisals = -log_p.gather(2, ids[:, 1:, None])[..., 0].float()
    for i, (row, positions) in enumerate(batch):
        at = torch.tensor(positions) - 1
        own = log_p[i, at]
        ranks = 1 + (own > own.gather(1, torch.tensor(row)[positions, None])).sum(-1)
        yield surprisals[i, at], ranks


@torch.inference_mode()
def score(model, rows, padded, pad):
    if not padded:
        return [one_row(model, *row) for row in rows]
    batches = [rows[i:i + BATCH] for i in range(0, len(rows), BATCH)]
    return [result for batch in batches for result in padded_batch(model, pad, batch)]


def rsr(surprisals, ranks):
    return float(ranks.clamp(max=100).sum()) / float(surprisals.sum(dtype=torch.float64))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--student", required=True)
    parser.add_argument("--data")
    parser.add_argument("--lengths")
    parser.add_argument("--padded", action="store_true")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--max-tokens", type=int)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tokenizer, model = load(args.student, getattr(torch, args.dtype))
    out = {"versions": f"transformers {transformers.__version__}, torch {torch.__version__}"}
    with torch.inference_mode():
        model(torch.zeros(1, 64, dtype=torch.long), use_cache=False)  # kernels are chosen
    if args.lengths:
        out["tokens_per_second"] = {}
        for length in map(int, args.lengths.split(",")):
            ids = torch.randint(len(tokenizer), (length,), generator=torch.Generator().manual_seed(1)).tolist()
            row = (ids, list(range(1, length)))
            start, tokens = time.monotonic(), 0
            while tokens < 4096:
                score(model, [row], False, 0)
                tokens += length
            out["tokens_per_second"][str(length)] = tokens / (time.monotonic() - start)
    else:
        data = [json.loads(line) for line in open(args.data, encoding="utf-8")]
        rows = [tokenize(tokenizer, row, args.max_tokens) for row in data]
        start = time.monotonic()
        results = score(model, rows, args.padded, tokenizer.pad_token_id or 0)
        out["seconds"] = time.monotonic() - start
        out["rows"] = {row["id"]: {"tokens": len(ids), "scored": len(positions), "rsr": rsr(*result)}
                       for row, (ids, positions), result in zip(data, rows, results)}
    print(json.dumps(out))


if __name__ == "__main__":
    main()
