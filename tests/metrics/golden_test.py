"""Compares what `rsr metrics` prints with the values that golden.py wrote.

usage: golden_test.py RSR RUN FOLDER
"""
import csv
import math
import subprocess
import sys

# Need a further pass over the student; held to it in src/score/extend_test.cc and src/metrics/gradient_sets_test.cc.
OF_PASSES = {"ifd", "local_surprisal", "lalp", "gnorm_head", "gnorm_hidden", "grace_head", "gvendi_head"}
EXTRA = ["rsr_rank_pow:0.95", "rsr_surp_pow:0.95", "rsr_filtered:0.2", "seqlss:2"]


def number(text):
    return None if text == "" else float(text)


def main(rsr, run, folder):
    def table(*arguments):
        out = subprocess.run([rsr, "metrics", *arguments, "--format", "tsv"], check=True, capture_output=True, text=True)
        return list(csv.DictReader(out.stdout.splitlines(), delimiter="\t"))

    known = {row["metric"] for row in table("--list")}
    assert OF_PASSES <= known, f"no longer metrics: {OF_PASSES - known}"
    names = known - OF_PASSES | set(EXTRA)
    for by, key, name in [("trajectory", "id", "trajectories"), ("teacher", "teacher", "teachers")]:
        with open(f"{folder}/{name}.tsv") as file:
            golden = {row[key]: row for row in csv.DictReader(file, delimiter="\t")}
        found = {row[key]: row for row in table(run, "--by", by, "--metric", ",".join(["all", *EXTRA]))}
        assert found.keys() == golden.keys(), (found.keys(), golden.keys())
        missing = names - next(iter(golden.values())).keys()
        assert not missing, f"golden.py has no {missing}"
        for metric in names:  # a column of nothing, or of one number, would hold nobody to anything
            different = {row[metric] for row in golden.values()} - {""}
            assert len(different) > 1 or metric == "correct", f"golden.py has only {different} of {metric} by {key}"
        for group, expected in golden.items():
            for metric in names:
                ours, theirs = number(found[group][metric]), number(expected[metric])
                # aslec_casl rests on a fit: a few more digits are lost there.
                close = 1e-8 if metric == "aslec_casl" else 1e-11
                same = ours == theirs if ours is None or theirs is None else math.isclose(
                    ours, theirs, rel_tol=close, abs_tol=1e-14)
                assert same, f"{metric} of {group}: rsr {ours}, golden {theirs}"


if __name__ == "__main__":
    main(*sys.argv[1:])
