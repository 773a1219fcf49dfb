"""What the scripts here share: the students, and the golden files' form.

JSON Lines; first what made them, then a student and a conversation a line:

    {"student": ..., "id": ..., "ids": [token ids], "trained": [begin, end, begin, end ...]}

`trained`: the ranges of positions that have a label, ascending. In their place `refused`, where the trainer raised.
"""

import json
import pathlib
import sys

GOLDEN, sys.stdout = sys.stdout, sys.stderr  # the trainers print, too
HERE = pathlib.Path(__file__).resolve().parent


def students():
    return [json.loads(line) for line in (HERE / "students.jsonl").read_text().splitlines()]


def header(**versions):
    made_by = pathlib.Path(sys.argv[0]).name
    print(json.dumps({"made_by": made_by, "python": sys.version.split()[0], **versions}), file=GOLDEN)


def line(student, id, ids, labelled):
    labelled = [False, *labelled, False]
    trained = [i for i in range(len(ids) + 1) if labelled[i] != labelled[i + 1]]
    row = {"student": student, "id": id, "ids": list(ids), "trained": trained}
    print(json.dumps(row, separators=(",", ":")), file=GOLDEN)


def refusal(student, id, error):
    row = {"student": student, "id": id, "refused": f"{type(error).__name__}: {error}"}
    print(json.dumps(row, ensure_ascii=False), file=GOLDEN)
