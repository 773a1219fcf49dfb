#!/usr/bin/env python3
"""check_score_one.py SCORE_ONE STUDENT ORACLE: score_one's numbers against the oracle's case `plain`."""

import json
import os
import re
import subprocess
import sys

program, student, oracle = sys.argv[1:]
if not os.path.exists(oracle) or not os.path.exists(student):
    print("skipped: no oracle or no student")
    sys.exit(77)
with open(oracle, encoding="utf-8") as file:
    want = next(case for case in map(json.loads, file) if case["id"] == "plain")
done = subprocess.run([program, student], capture_output=True, text=True)
print(done.stdout, done.stderr)
got = re.fullmatch(r"tokens (\d+) of (\d+)\naverage surprisal ([\d.]+) nats\nrsr ([\d.]+)\n", done.stdout)
assert done.returncode == 0 and got, f"exit {done.returncode}"
scored, total, surprisal, rsr = int(got[1]), int(got[2]), float(got[3]), float(got[4])
assert (scored, total) == (want["n_scored"], want["n_tokens"]), (scored, total)
assert abs(surprisal - want["mean_surprisal"]) <= 2e-3, (surprisal, want["mean_surprisal"])
assert abs(rsr / want["rsr"] - 1) <= 1e-3, (rsr, want["rsr"])
