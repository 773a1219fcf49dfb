#!/usr/bin/env python3
"""rsr beside transformers on the CPU, output layer included on both sides, answers checked.

  bench/peers/run.py BUILD_DIR DATA.jsonl... [--peers one,padded,bf16] [--rows N] [--max-tokens N] [--pairs N]
  bench/peers/run.py BUILD_DIR --lengths 512,4096,8192

Each peer alternates with `rsr score` on the same rows, the float32 copy of the demo student and as many
threads; a ratio is printed for every pair. rsr's time is the whole command, the peer's is without loading and
tokenizing. Exit 1 if a trajectory has another number of tokens or an RSR that is further off than the
tolerance. --lengths: random tokens, one row at a time, against `rsr bench`. Peers: transformers_score.py.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# name -> (flags of transformers_score.py, relative tolerance of a trajectory's RSR). Bf16 rounds weights,
# activations and logits to 8 bits of mantissa: ranks move, and ties among rounded logits lower them.
PEERS = {"one": ([], 1e-3), "padded": (["--padded"], 1e-3), "bf16": (["--dtype", "bfloat16"], 0.1)}


def output_of(command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return done.stdout


def float32_student(build, cache):
    """The float32 copy that `--engine llama --precision f32` keeps: transformers and rsr read the same file."""
    paths = dict(line.split("=", 1) for line in output_of([HERE / "../../third_party/get.sh"]).splitlines())
    student = paths["RSR_DEMO_STUDENT"]
    engine_rate = next(build.rglob("engine_rate"))
    return json.loads(output_of([engine_rate, "native", student, cache, 1, 16]).splitlines()[0])["model"]


def first_rows(files, count):
    """The files' rows by turns, so that lengths are mixed as in data of many teachers."""
    lines = [open(name, encoding="utf-8").read().splitlines() for name in files]
    rows = [row for rows in itertools.zip_longest(*lines) for row in rows if row]
    return rows[:count] if count else rows


def run_rsr(args, student, data, flags):
    """(seconds, {id: (scored tokens, rsr)}, tokens) of `rsr score`."""
    with tempfile.TemporaryDirectory() as run:
        limit = ["--max-tokens", args.max_tokens] if args.max_tokens else []
        start = time.monotonic()
        summary = output_of([args.build / "rsr", "score", "--student", student, "--out", run + "/run", "--json",
                             "--quiet", "--threads", args.threads, *limit, *flags, data])
        seconds = time.monotonic() - start
        table = json.loads(output_of([args.build / "rsr", "metrics", run + "/run", "--by", "trajectory",
                                      "--metric", "rsr,tokens", "--json"]))
    return seconds, {row["id"]: (row["tokens"], row["rsr"]) for row in table}, json.loads(summary)["tokens"]


def run_peer(args, python, student, data, flags):
    limit = ["--max-tokens", args.max_tokens] if args.max_tokens else []
    return json.loads(output_of([python, HERE / "transformers_score.py", "--student", student, "--data", data,
                                 "--threads", args.threads, *limit, *flags]))


def compare(ours, theirs, tolerance):
    """Greatest relative difference of RSR; exits if counts or values do not agree."""
    worst = 0
    for name, row in theirs.items():
        tokens, value = ours.get(name, (0, 0))
        if tokens != row["scored"]:
            sys.exit(f"{name}: {tokens} scored tokens against {row['scored']}")
        worst = max(worst, abs(value - row["rsr"]) / row["rsr"])
    if worst > tolerance or len(ours) != len(theirs):
        sys.exit(f"WRONG: RSR differs by {worst:.1e}, {len(ours)} and {len(theirs)} trajectories")
    return worst


def compare_on_data(args, python, student):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as data:
        data.write("\n".join(first_rows(args.data, args.rows)) + "\n")
        data.flush()
        for name in args.peers.split(","):
            flags, tolerance = PEERS[name]
            for _ in range(args.pairs):
                seconds, ours, tokens = run_rsr(args, student, data.name, args.rsr_flags.split())
                peer = run_peer(args, python, student, data.name, flags)
                worst = compare(ours, peer["rows"], tolerance)
                print(f"{name:>6}: {len(ours)} trajectories, {tokens} tokens; rsr {seconds:.1f} s "
                      f"({tokens / seconds:.0f} tokens/s), {peer['versions']} {peer['seconds']:.1f} s "
                      f"({tokens / peer['seconds']:.0f} tokens/s): ratio {peer['seconds'] / seconds:.2f}; "
                      f"token counts equal, RSR within {worst:.1e}", flush=True)


def compare_lengths(args, python, student):
    for name in args.peers.split(","):
        flags, _ = PEERS[name]
        for length in args.lengths.split(","):
            report = json.loads(output_of([args.build / "rsr", "bench", "--student", student, "--lengths", length,
                                           "--threads", args.threads, "--json", *args.rsr_flags.split()]))
            ours = report["rates"][-1]["tokens_per_second"]
            peer = json.loads(output_of([python, HERE / "transformers_score.py", "--student", student, "--lengths",
                                         length, "--threads", args.threads, *flags]))
            rate = peer["tokens_per_second"][length]
            print(f"{name:>6}: {length} random tokens: rsr {ours:.0f} tokens/s ({report['engine']}, "
                  f"{report['precision']}), {peer['versions']} {rate:.0f}: ratio {ours / rate:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("data", nargs="*")
    parser.add_argument("--peers", default="one")
    parser.add_argument("--rows", type=int, help="so many, the files by turns (default: all)")
    parser.add_argument("--max-tokens", type=int)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--lengths")
    parser.add_argument("--rsr-flags", default="", help='of rsr, e.g. "--precision bf16"')
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    if bool(args.data) == bool(args.lengths):
        parser.error("DATA or --lengths")
    python = output_of([HERE / "setup.sh"]).strip()
    student = float32_student(args.build, args.build / "student_cache")
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    print(f"{args.threads} threads, {cpu}")
    if args.lengths:
        compare_lengths(args, python, student)
    else:
        compare_on_data(args, python, student)


if __name__ == "__main__":
    main()
