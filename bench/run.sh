#!/usr/bin/env bash
# Every benchmark, one after the other, with what it ran on. Each checks its answer before it prints a speed.
#   bench/run.sh BUILD [FILE]     also into FILE, e.g. bench/runs/2026-11-23-zen4.txt
set -euo pipefail
build=$1 keep=${2:-/dev/null}
here=$(dirname "$0")
{
  echo "# $(date -u +%Y-%m-%dT%H:%MZ), commit $(git -C "$here" rev-parse --short HEAD), $(nproc) cores," \
    "$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), load $(cut -d' ' -f1 /proc/loadavg) before"
  "$build/rsr" --version
  echo
  echo "## The vocabulary sweep beside the bare matrix product"
  "$build/vocab_sweep_bench"
  echo
  echo "## The decoder's products and attention on one core"
  "$build/decoder_bench"
  echo
  echo "## Head gradients beside the vocabulary sweep"
  "$build/head_gradient_bench"
  echo
  echo "## Reading input"
  "$build/data_reader_bench" "$build/bench-input"
  echo
  echo "## Reading, masking and tokenizing input on one core"
  student=$(sed -n 's/^RSR_DEMO_STUDENT:[^=]*=//p' "$build/CMakeCache.txt")
  "$build/mask_bench" "$student" model "$here"/../examples/data/*.jsonl
  echo
  echo "## Reading a run"
  rm -rf "$build/bench-run"
  "$build/store_read_bench" "$build/bench-run"
  "$build/metrics_bench" "$build/bench-run" 4000 2500
  echo
  echo "## The engine beside llama-bench"
  python3 "$here/e2e/run.py" "$build"
} 2>&1 | tee "$keep"
