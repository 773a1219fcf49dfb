#!/usr/bin/env bash
# What ./dev demo shows: three teachers on the same problems, scored by a small student.
#   examples/demo.sh RSR STUDENT.gguf OUT
set -euo pipefail
rsr=$1 student=$2 out=$3
data=$(dirname "$0")/data

step() { printf '\n$ %s\n' "$*" >&2; "$@"; }
step "$rsr" score --student "$student" --out "$out/run" "$data"/*.jsonl
step "$rsr" teachers "$out/run"
step "$rsr" select "$out/run" --per-problem 1 --out "$out/selected"

next() { printf '  %-60s %s\n' "$@"; }
cat <<END

The run is in $out/run, the best trajectory of each problem in $out/selected/selected.jsonl.

What to type next:
END
next "$rsr inspect $out/run" "the first trajectory's tokens, coloured by rank / surprisal"
next "$rsr metrics $out/run --by trajectory" "every trajectory's numbers"
next "$rsr check --student STUDENT.gguf YOUR.jsonl" "are your rows read and masked as you expect?"
