#!/usr/bin/env python3
"""rsr's engines beside llama.cpp's own body, in one run on the same file and as many threads.

  bench/e2e/run.py BUILD_DIR [--engine native,native:bf16,llama:f32,llama:bf16] [--model student.gguf]
                   [--threads N] [--lengths 128,512] [--no-llama-bench]

Tokens/s of rsr's engines, the vocabulary sweep and all statistics included, by the clock and by CPU
time of their threads; what share of the bare matrix product's rate, measured in the same run, that
is; and the prompt rate of llama-bench (built on demand by third_party/get.sh), which runs the body
and the output layer for one token only. llama:f16, llama:bf16 and llama:q8_0 compute a copy of the
student in that type, as ggml does; native:bf16 is --precision bf16. The first engine's tokens/s are
divided by each other's. The answer is checked: surprisals against llama.cpp's own logits of the same
file. Exit 1 if it is wrong.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Nats. Float32 sums in another order move a surprisal by some 1e-5, so the greatest difference counts;
# other types round at every product, and by how much depends on the kernel: their mean is to be sane.
TOLERANCE, MEAN_TOLERANCE = 1e-3, 0.3


def third_party():
    out = subprocess.run([ROOT / "third_party/get.sh", "llama-bench"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return dict(line.split("=", 1) for line in out.splitlines())


def llama_bench(program, model, threads, length):
    """(mean, standard deviation) of tokens/s over two repetitions."""
    done = subprocess.run(
        [program, "-m", model, "-p", str(length), "-n", "0", "-t", str(threads), "-r", "2", "-o", "json"],
        text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"llama-bench failed: {done.stderr.strip() or done.stdout.strip()}")
    row = json.loads(done.stdout)[0]
    return row["avg_ts"], row["stddev_ts"]


def engine_rates(program, engine, model, cache, threads, lengths):
    """(first line, one row a length) of engine_rate."""
    done = subprocess.run([program, engine, model, cache, str(threads), *map(str, lengths)], text=True,
                          stdout=subprocess.PIPE)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(rows) != len(lengths) + 1:
        sys.exit("engine_rate failed")
    return rows[0], rows[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--engine", default="native,native:bf16,llama:f32,llama:bf16")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--lengths", default="128,512,4096")
    parser.add_argument("--no-llama-bench", action="store_true")
    args = parser.parse_args()
    paths = third_party()
    lengths = [int(n) for n in args.lengths.split(",")]
    program = next(args.build.rglob("engine_rate"))
    measured = {engine: engine_rates(program, engine, args.model or paths["RSR_DEMO_STUDENT"],
                                     args.build / "student_cache", args.threads, lengths)
                for engine in args.engine.split(",")}
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), "?")
    print(f"{args.threads} threads, {cpu}")
    print(f"{'tokens':>7} {'':>16} {'tokens/s':>9} {'first x':>8} {'a CPU s':>8} {'GFLOP/s a core':>15} "
          f"{'of product':>10}  surprisal against llama.cpp's logits")
    wrong = False
    for i, length in enumerate(lengths):
        first_rate = next(iter(measured.values()))[1][i]["tokens_per_second"]
        for engine, (first, rows) in measured.items():
            row = rows[i]
            exact = not engine.endswith(("f16", "q8_0"))
            good = (row["worst_difference"] < TOLERANCE if exact else row["mean_difference"] < MEAN_TOLERANCE)
            wrong |= not good
            print(f"{length:>7} {engine:>16} {row['tokens_per_second']:>9.1f} "
                  f"{first_rate / row['tokens_per_second']:>8.2f} {row['tokens_per_cpu_second']:>8.1f} "
                  f"{row['gflops_per_core']:>15.1f} {row['share_of_product']:>10.0%}  "
                  f"{'' if good else 'WRONG: '}within {row['worst_difference']:.1e}, "
                  f"mean {row['mean_difference']:.1e} ({row['checked']} positions)")
        for model in dict.fromkeys(first["model"] for first, _ in measured.values()):
            if not args.no_llama_bench:
                rate, spread = llama_bench(paths["RSR_LLAMA_BENCH"], model, args.threads, length)
                print(f"{length:>7} {'llama-bench:' + model.split('.')[-2]:>16} {rate:>9.1f} "
                      f"{first_rate / rate:>8.2f} ± {spread:.1f}, body only")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
