#!/usr/bin/env python3
"""Runs the text tests of the command line: tests/cli/*.test, tests/cli/student/*.test.

    run.py [--update] RSR [FILE.test ...]     no files: all of them

A test file is a list of steps, all run by bash in one fresh directory with RSR first in PATH:

    # A comment. `#! needs NAME` skips the file where NAME is not there (see NEEDS).
    $ rsr score --student nowhere.gguf --out run a.jsonl
    > further lines of the same command, a here-document for instance
    [exit 1]                    left out: exit 0
    --- stdout                  left out: nothing is printed there
    a line, as it stands
    --- stderr
    error: took [NUM] s in [TMP]
    [...]                       any number of lines, or none

In expected lines [NUM] stands for a number, [...] inside a line for any text. In the output [TMP] replaces
the fresh directory and [STUDENT] the path of the demo student ($RSR_DEMO_STUDENT).
--update rewrites what does not match; lines that do match keep their placeholders.
Exit status: 0 all passed, 1 a test failed, 77 nothing could be run (ctest: skipped).
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
STUDENT = os.environ.get("RSR_DEMO_STUDENT", "")
ANY_LINES = "[...]"
PLACEHOLDERS = {"[NUM]": r"-?[0-9][0-9,]*(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?", "[...]": r".*"}
STEP_SECONDS = 300


def can_mount():
    """A file system of our own, to fill it up, in a user namespace."""
    return subprocess.run(["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"],
                          capture_output=True).returncode == 0


NEEDS = {
    "student": lambda: os.path.isfile(STUDENT),
    "mount": lambda: shutil.which("unshare") is not None and can_mount(),
}


class Step:
    def __init__(self, command):
        self.command, self.exit, self.stdout, self.stderr = [command], 0, [], []
        self.comment = []  # lines before it

    def text(self):
        out = self.comment + ["$ " + self.command[0]] + ["> " + c if c else ">" for c in self.command[1:]]
        out += [f"[exit {self.exit}]"] if self.exit else []
        out += ["--- stdout"] + self.stdout if self.stdout else []
        out += ["--- stderr"] + self.stderr if self.stderr else []
        return out


def parse(path):
    steps, comment, block = [], [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
            steps[-1].comment, comment, block = comment, [], None
        elif line == ">" or line.startswith("> ") and steps and block is None:
            steps[-1].command.append(line[2:])
        elif re.fullmatch(r"\[exit \d+\]", line) and steps and block is None:
            steps[-1].exit = int(line[6:-1])
        elif line in ("--- stdout", "--- stderr") and steps:
            block = getattr(steps[-1], line[4:])
        elif line.startswith("#") or (not line and block is None):
            comment.append(line)
            block = None
        elif block is not None:
            block.append(line)
        else:
            sys.exit(f"{path}:{number}: not understood: {line}")
        # An empty line ends a block only where a comment or a step follows it.
    for before, step in zip(steps, steps[1:]):
        last = before.stderr or before.stdout
        while last and last[-1] == "":
            step.comment.insert(0, last.pop())
    return steps, comment


def pattern(line):
    parts = re.split("(" + "|".join(re.escape(p) for p in PLACEHOLDERS) + ")", line)
    return re.compile("".join(PLACEHOLDERS.get(part, re.escape(part)) for part in parts))


def matches(expected, actual):
    if not expected:
        return not actual
    if expected[0] == ANY_LINES:
        return any(matches(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and bool(pattern(expected[0]).fullmatch(actual[0])) and matches(expected[1:], actual[1:])


def updated(expected, actual):
    """`actual` with the placeholders of the expected lines that fit."""
    if matches(expected, actual):
        return expected
    left = [e for e in expected if e != ANY_LINES]
    out = []
    for line in actual:
        fit = next((i for i, e in enumerate(left) if pattern(e).fullmatch(line)), None)
        out.append(line if fit is None else left[fit])
        left = left if fit is None else left[fit + 1:]
    return out


def lines_of(raw, tmp):
    text = raw.decode("utf-8", "backslashreplace").replace(tmp, "[TMP]")
    text = text.replace(STUDENT, "[STUDENT]") if STUDENT else text
    text = text.replace("\x1b", "\\e").replace("\r", "\\r")
    if text and not text.endswith("\n"):
        text += "\\(no newline)\n"
    return text.split("\n")[:-1]


def environment(rsr, tmp):
    # The dequantised student, half a gigabyte, is shared with everything else; HOME is not.
    cache = os.environ.get("RSR_CACHE") or os.path.expanduser("~/.cache/rsr")
    env = {"PATH": f"{rsr.parent}:{HERE}:{os.environ['PATH']}", "HOME": tmp, "LC_ALL": "C.UTF-8", "TERM": "xterm",
           "RSR_CACHE": cache, "RSR_DEMO_STUDENT": STUDENT, "EXAMPLES": str(HERE.parents[1] / "examples")}
    # Sanitizer options and a forced CPU level are the caller's business.
    return env | {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k == "RSR_CPU"}


def run_file(path, rsr, update):
    steps, tail = parse(path)
    missing = [need for need in re.findall(r"^#! needs (\w+)", path.read_text(encoding="utf-8"), re.M)
               if not NEEDS[need]()]
    if missing:
        print(f"skipped {path.name}: needs {', '.join(missing)}")
        return None
    passed = True
    with tempfile.TemporaryDirectory(prefix="rsr-cli-") as tmp:
        tmp = os.path.realpath(tmp)
        for step in steps:
            done = subprocess.run(["bash", "-c", "\n".join(step.command)], cwd=tmp, env=environment(rsr, tmp),
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=STEP_SECONDS)
            actual = Step(step.command[0])
            actual.command, actual.comment, actual.exit = step.command, step.comment, done.returncode
            actual.stdout = updated(step.stdout, lines_of(done.stdout, tmp))
            actual.stderr = updated(step.stderr, lines_of(done.stderr, tmp))
            if actual.text() == step.text():
                continue
            passed = False
            print("\n".join(difflib.unified_diff(step.text(), actual.text(), f"{path.name} expected",
                                                 f"{path.name} actual", n=99, lineterm="")))
            step.exit, step.stdout, step.stderr = actual.exit, actual.stdout, actual.stderr
    if update and not passed:
        path.write_text("\n".join([line for s in steps for line in s.text()] + tail) + "\n", encoding="utf-8")
        print(f"rewrote {path}")
    else:
        print(f"{'passed' if passed else 'FAILED'} {path.name}")
    return passed


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    if not arguments:
        sys.exit(__doc__)
    rsr = pathlib.Path(arguments[0]).resolve()
    files = [pathlib.Path(a) for a in arguments[1:]] or sorted(HERE.rglob("*.test"))
    results = [run_file(path, rsr, "--update" in sys.argv) for path in files]
    if False in results:
        return 1
    return 0 if True in results else 77


if __name__ == "__main__":
    sys.exit(main())
