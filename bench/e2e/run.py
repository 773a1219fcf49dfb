#!/usr/bin/env python3
"""rsr's engine beside llama.cpp's own body, in one run on the same file and as many threads.

  bench/e2e/run.py BUILD_DIR [--model student.gguf] [--threads N] [--lengths 512,4096]

Left: tokens/s of rsr's llama engine, the vocabulary sweep and all statistics included. Right: the
prompt rate of llama-bench (built on demand by third_party/get.sh), which runs the body and the
output layer for one token only. The answer is checked first: surprisals against llama.cpp's own
logits. Exit 1 if it is wrong.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Nats; float32 sums in another order move a surprisal by some 1e-5.
TOLERANCE = 1e-3


def third_party():
    out = subprocess.run([ROOT / "third_party/get.sh", "llama-bench"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return dict(line.split("=", 1) for line in out.splitlines())


def llama_bench(program, model, threads, length):
    """(mean, standard deviation) of tokens/s over three repetitions."""
    done = subprocess.run(
        [program, "-m", model, "-p", str(length), "-n", "0", "-t", str(threads), "-r", "3", "-o", "json"],
        text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"llama-bench failed: {done.stderr.strip() or done.stdout.strip()}")
    row = json.loads(done.stdout)[0]
    return row["avg_ts"], row["stddev_ts"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--lengths", default="512,4096")
    args = parser.parse_args()
    paths = third_party()
    lengths = [int(n) for n in args.lengths.split(",")]
    engine_rate = next(args.build.rglob("engine_rate"))
    engine = subprocess.Popen(
        [engine_rate, args.model or paths["RSR_DEMO_STUDENT"], args.build / "student_cache",
         str(args.threads), *map(str, lengths)], text=True, stdout=subprocess.PIPE)
    model = json.loads(engine.stdout.readline())["model"]
    rows = [json.loads(line) for line in engine.stdout]
    if engine.wait() != 0 or len(rows) != len(lengths):
        sys.exit("engine_rate failed")

    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), "?")
    print(f"{pathlib.Path(model).name}, float32, {args.threads} threads, {cpu}")
    print(f"{'tokens':>8} {'rsr, tokens/s':>14} {'llama-bench':>16} {'ratio':>6}  "
          f"surprisal against llama.cpp's logits")
    wrong = False
    for row in rows:
        rate, spread = llama_bench(paths["RSR_LLAMA_BENCH"], model, args.threads, row["length"])
        ours = row["tokens_per_second"]
        good = row["worst_difference"] < TOLERANCE
        wrong |= not good
        print(f"{row['length']:>8} {ours:>14.1f} {rate:>9.1f} ± {spread:<4.1f} {ours / rate:>6.2f}  "
              f"{'within' if good else 'WRONG: off by'} {row['worst_difference']:.1e} "
              f"({row['checked']} positions)")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
