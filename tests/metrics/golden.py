"""Every metric of docs/metrics.md over a stored run, in plain numpy and pandas, written from that page alone.

usage: golden.py RUN FOLDER          compares with FOLDER/trajectories.tsv and FOLDER/teachers.tsv
       golden.py RUN FOLDER --write  writes them

RUN is from write_metrics_run. The committed values were written by numpy 2.4.6 and pandas 3.1.1
(third_party/python-test-requirements.txt); golden_test.py compares the program with them.
"""
import math
import re
import sys
from glob import glob

import numpy as np
import pandas as pd

CLIP = 100


def stretches(row):
    """Pieces of contiguous scored text: lists of token indices."""
    cuts = np.flatnonzero(np.diff(row.position) != 1) + 1
    return [list(part) for part in np.split(np.arange(len(row.position)), cuts) if len(part)]


def texts(row, vocab):
    return [b"".join(vocab[row.token_id[k]] for k in part) for part in stretches(row)]


def heads(row, vocab):
    """A boolean for each token: one of the first two of a step."""
    head = np.zeros(len(row.token_id), bool)
    for part in stretches(row):
        place = 0
        for n, k in enumerate(part):
            head[k] = place < 2
            place += 1
            piece = vocab[row.token_id[k]]
            following = vocab[row.token_id[part[n + 1]]] if n + 1 < len(part) else b""
            if b"\n" in piece or b". " in piece or (piece.endswith(b".") and following.startswith(b" ")):
                place = 0
    return head


def eight_grams(row):
    """Their number, how many stood before, and the longest immediate repetition."""
    grams = repeated = longest = 0
    ends = {}
    for part in stretches(row):
        ids = [int(row.token_id[k]) for k in part]
        distance = length = 0
        for n, k in enumerate(part):
            last = None
            if n >= 7:
                gram = tuple(ids[n - 7 : n + 1])
                grams += 1
                repeated += gram in ends
                last = ends.get(gram)
                ends[gram] = k
            if distance and ids[n] == ids[n - distance]:
                length += 1
            else:
                distance = k - last if last is not None and last - 7 >= part[0] else 0
                length = 8
            if distance and length >= distance:
                longest = max(longest, length)
    return grams, repeated, longest


def keyword_share(words_of, text, words):
    hits = sum(len(re.findall(rb"(?i)(?<![a-z])(?:%s)(?![a-z])" % words_of, t)) for t in text)
    return hits / words if words else None


def trajectory(row, vocab):
    """Metrics of one trajectory, and what those over a problem or the corpus need."""
    s, r = np.float64(row.surprisal), np.float64(row["rank"])
    tokens = len(s)
    text = texts(row, vocab)
    values = {
        "tokens": tokens,
        "chars": sum(1 for t in text for byte in t if byte & 0xC0 != 0x80),
        "words": sum(len(re.findall(rb"[^ \t\n\v\f\r]+", t)) for t in text),
        "turns": row.turns,
        "truncated": float(row.truncated),
        "correct": None if row.correct is None else float(row.correct),
    }
    for name, words in [("check", b"check|verify"), ("perhaps", b"perhaps|might"), ("therefore", b"therefore|since")]:
        values[name + "_share"] = keyword_share(words, text, values["words"])
    if tokens == 0:
        return values
    c, entropy = np.minimum(r, CLIP), row.sum_entropy / tokens
    for name, most in [("rsr", CLIP), ("rsr_clip50", 50), ("rsr_clip500", 500), ("rsr_noclip", np.inf)]:
        values[name] = np.minimum(r, most).sum() / s.sum()
    values["rsr_simple"] = values["rsr_pooled"] = values["rsr"]
    for name, power in [("rsr_rank_pow", 1.05), ("rsr_rank_pow:0.95", 0.95)]:
        values[name] = c.mean() ** power / s.mean()
    for name, power in [("rsr_surp_pow", 1.05), ("rsr_surp_pow:0.95", 0.95)]:
        values[name] = c.mean() / s.mean() ** power
    with np.errstate(divide="ignore"):
        values["rsr_token_avg"] = (r / s).mean()
    for name, share in [("rsr_filtered", 0.3), ("rsr_filtered:0.2", 0.2)]:
        kept = np.argsort(-s, kind="stable")[: max(1, math.ceil(share * tokens - 1e-9))]
        values[name] = (r[kept] / s[kept]).mean()
    values["avg_surprisal"] = s.mean()
    values["avg_rank"], values["avg_rank_clip"], values["avg_entropy"] = r.mean(), c.mean(), entropy
    values["rank_entropy_ratio"] = c.mean() / entropy
    values["surp_weighted_rank"] = (s * c).sum() / s.sum()
    values["rank_weighted_surp"] = (s * c).sum() / c.sum()
    values["rank_minus_surp"] = c.mean() - s.mean()
    values["rank_times_surp"] = c.mean() * s.mean()
    for name, power in [("seqlss", 4), ("seqlss:2", 2)]:
        values[name] = (s * (1 - np.float64(row.mass_above)) ** power).sum() / s.sum()
    values["brier"] = (1 - 2 * np.exp(-s) + np.float64(row.sum_p2)).mean()
    values["lark_rho"] = values["brier"] / s.mean()
    head = heads(row, vocab)
    values["step_head_logprob"], values["step_head_share"] = -s[head].mean(), head.mean()
    values["aslec_drop"] = -s[~head].mean() if (~head).any() else None
    for code, name in enumerate(["answer_share", "reasoning_share", "tool_share"]):
        values[name] = (row.kind == code).mean()
    grams, repeated, values["longest_repetition"] = eight_grams(row)
    values["repeated_8grams"] = repeated / grams if grams else None
    parts = stretches(row)
    turn = [[int(row.token_id[k]) for k in part] for part in parts]
    values["noop_turns"] = sum(
        not b"".join(vocab[i] for i in ids).strip(b" \t\n\v\f\r") or (n > 0 and ids == turn[n - 1])
        for n, ids in enumerate(turn)
    )
    return values


def z(column):
    return (column - column.mean()) / column.std(ddof=0)


def over_all(table):
    """Metrics made of others' values over a problem or the corpus."""
    has = table[table.avg_surprisal.notna()]
    for _, group in has.groupby("problem_id"):
        total = group.avg_surprisal.sum()
        mean_rho = (group.lark_rho * group.avg_surprisal).sum() / total
        table.loc[group.index, "lark"] = group.avg_surprisal / total * (2 * group.lark_rho - mean_rho)
    fit = has[has.aslec_drop.notna()]
    design = np.column_stack([np.ones(len(fit)), fit.aslec_drop, fit.step_head_logprob, fit.step_head_share])
    gamma = np.linalg.lstsq(design.astype(float), (-fit.avg_surprisal).to_numpy(), rcond=None)[0][3]
    table.loc[fit.index, "aslec_casl"] = -fit.avg_surprisal - gamma * fit.step_head_share
    rules = table[table.check_share.notna()]
    table.loc[rules.index, "rule_quality"] = (
        0.3 * z(rules.words) + 0.2 * z(rules.check_share) + 0.25 * z(rules.perhaps_share) + 0.25 * z(rules.therefore_share)
    )


def teachers(table, rows):
    """A teacher's values: ratios of sums for rsr and its clips, powers of means, else the mean."""
    groups = {}
    for teacher, group in table.groupby("teacher"):
        values = group.drop(columns=["id", "problem_id", "teacher"]).astype(float).mean()
        own = rows.loc[group.index]
        own = own[own.scored_tokens > 0]
        mean_s = np.mean([np.float64(s).mean() for s in own.surprisal])
        mean_rank = lambda most: np.mean([np.minimum(np.float64(r), most).mean() for r in own["rank"]])
        for name, most in [("rsr", CLIP), ("rsr_clip50", 50), ("rsr_clip500", 500), ("rsr_noclip", np.inf)]:
            values[name] = mean_rank(most) / mean_s
        for name, power in [("rsr_rank_pow", 1.05), ("rsr_rank_pow:0.95", 0.95)]:
            values[name] = mean_rank(CLIP) ** power / mean_s
        for name, power in [("rsr_surp_pow", 1.05), ("rsr_surp_pow:0.95", 0.95)]:
            values[name] = mean_rank(CLIP) / mean_s**power
        values["rsr_pooled"] = np.concatenate([np.minimum(r, CLIP) for r in own["rank"]]).sum() / np.concatenate(
            [np.float64(s) for s in own.surprisal]
        ).sum()
        groups[teacher] = values
    return pd.DataFrame(groups).T.rename_axis("teacher").reset_index()


def main(run, folder, write):
    rows = pd.concat(pd.read_parquet(path) for path in sorted(glob(f"{run}/shards/*.parquet")))
    rows = rows.sort_values("row").reset_index(drop=True)
    vocab = pd.read_parquet(f"{run}/vocab.parquet").set_index("token_id").piece.to_dict()
    table = pd.DataFrame([trajectory(row, vocab) for _, row in rows.iterrows()])
    for column in ["teacher", "problem_id", "id"]:
        table.insert(0, column, rows[column])
    over_all(table)
    for name, found in [("trajectories", table), ("teachers", teachers(table, rows))]:
        path = f"{folder}/{name}.tsv"
        if write:
            found.to_csv(path, sep="\t", index=False)
            continue
        expected = pd.read_csv(path, sep="\t")
        pd.testing.assert_frame_equal(
            found.convert_dtypes(), expected.convert_dtypes(), check_dtype=False, rtol=1e-12, atol=0
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--write" in sys.argv)
