#!/usr/bin/env python3
"""How far apart two runs of the same rows are: one precision, engine or machine against another.

  bench/agreement/compare_runs.py RUN_A RUN_B [--clip 100]

Reads the stored columns (docs/formats.md; needs pyarrow) and prints a Markdown table: differences of
surprisal and rank token by token, of RSR (docs/metrics.md) trajectory by trajectory; the RSR of each
teacher in both; and for how many problems the best trajectory of all teachers (lowest RSR) is another.
"""

import argparse
import collections
import glob
import json
import sys

import pyarrow.parquet as pq


def rows_of(run, clip):
    rows = {}
    columns = ["row", "id", "problem_id", "teacher", "token_id", "surprisal", "rank"]
    for shard in sorted(glob.glob(f"{run}/shards/*.parquet")):
        for row in pq.read_table(shard, columns=columns).to_pylist():
            row["clipped"] = sum(min(r, clip) for r in row["rank"])
            row["rsr"] = row["clipped"] / sum(row["surprisal"])
            rows[row["row"]] = row
    if not rows:
        sys.exit(f"{run}: no finished shard")
    return rows


def quantile(sorted_values, q):
    return sorted_values[min(len(sorted_values) - 1, int(q * len(sorted_values)))]


def by_teacher(rows):
    """RSR of each teacher: over all its tokens, as `rsr teachers` has it."""
    sums = collections.defaultdict(lambda: [0.0, 0.0])
    for row in rows.values():
        sums[row["teacher"]][0] += row["clipped"]
        sums[row["teacher"]][1] += sum(row["surprisal"])
    return {teacher: ranks / surprisal for teacher, (ranks, surprisal) in sums.items()}


def best_by_problem(rows):
    best = {}
    for row in rows.values():
        if row["problem_id"] not in best or row["rsr"] < best[row["problem_id"]]["rsr"]:
            best[row["problem_id"]] = row
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a", metavar="RUN_A")
    parser.add_argument("b", metavar="RUN_B")
    parser.add_argument("--clip", type=int, default=100, help="of ranks in RSR")
    args = parser.parse_args()
    a, b = rows_of(args.a, args.clip), rows_of(args.b, args.clip)
    if a.keys() != b.keys() or any(a[r]["token_id"] != b[r]["token_id"] for r in a):
        sys.exit("the runs do not hold the same rows and tokens")

    names = [json.load(open(f"{run}/run.json"))["engine"] for run in (args.a, args.b)]
    labels = [f"{n['name']} {n['precision']}" for n in names]
    signed = [y - x for r in a for x, y in zip(a[r]["surprisal"], b[r]["surprisal"])]
    differences = sorted(map(abs, signed))
    ranks = [(x, y) for r in a for x, y in zip(a[r]["rank"], b[r]["rank"])]
    clipped = [(min(x, args.clip), min(y, args.clip)) for x, y in ranks]
    rsr = sorted(abs(b[r]["rsr"] / a[r]["rsr"] - 1) for r in a)
    best_a, best_b = best_by_problem(a), best_by_problem(b)
    changed = [p for p in best_a if best_a[p]["row"] != best_b[p]["row"]]
    # What a changed choice costs, in the terms of the first run.
    lost = [a[best_b[p]["row"]]["rsr"] / best_a[p]["rsr"] - 1 for p in changed]

    def share(pairs):
        return sum(x == y for x, y in pairs) / len(pairs)

    print(f"{labels[0]} against {labels[1]}: {len(a)} rows, {len(signed):,} scored tokens, longest "
          f"{max(len(r['rank']) for r in a.values()):,}\n\n| | |\n|---|---|")
    print(f"| surprisal of a token, difference: mean, 99.9 %, greatest | {sum(differences) / len(signed):.2g}, "
          f"{quantile(differences, 0.999):.2g}, {differences[-1]:.2g} nats (signed mean {sum(signed) / len(signed):+.1g}) |")
    print(f"| equal rank; after clipping at {args.clip} | {share(ranks):.3%}; {share(clipped):.3%} |")
    print(f"| RSR of a trajectory, relative: median, 99 %, greatest | {quantile(rsr, 0.5):.2g}, "
          f"{quantile(rsr, 0.99):.2g}, {rsr[-1]:.2g} |")
    print(f"| best trajectory of a problem is another | {len(changed)} of {len(best_a)} problems"
          + (f", at most {max(lost):.2%} worse" if changed else "") + " |")
    teachers_a, teachers_b = by_teacher(a), by_teacher(b)
    order = [sorted(t, key=t.get) for t in (teachers_a, teachers_b)]
    print(f"| order of the teachers | {'the same' if order[0] == order[1] else 'another'} |")
    print(f"\n| teacher | RSR, {labels[0]} | RSR, {labels[1]} | relative |\n|---|---|---|---|")
    for teacher in order[0]:
        x, y = teachers_a[teacher], teachers_b[teacher]
        print(f"| {teacher} | {x:.4f} | {y:.4f} | {y / x - 1:+.3%} |")


if __name__ == "__main__":
    main()
