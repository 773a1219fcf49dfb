#!/usr/bin/env python3
"""Checks every #include of src/, cli/ and include/rsr/ against the table in src/README.md: who may include whom; and that
include/rsr/rsr.h includes every public header.

    tools/check_layers.py [ROOT]       prints each violation as file:line; exit status 1 if there is one
    tools/check_layers.py --self-test  proves that every rule finds its violation
"""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'\s*#\s*include\s*["<]([^">]+)[">]')
TABLE_ROW = re.compile(r"\|\s*`(\w+)/`\s*\|[^|]*\|([^|]*)\|")
SUFFIXES = {".h", ".cc", ".cu"}


def read_table(readme):
    """{folder: the folders it may include}"""
    rows = filter(None, map(TABLE_ROW.match, readme.read_text().splitlines()))
    table = {row[1]: set(re.findall(r"`(\w+)`", row[2])) for row in rows}
    unknown = set().union(*table.values()) - table.keys()
    if not table or unknown:
        sys.exit(f"{readme}: expected a table of folders that may include each other; unknown: {sorted(unknown)}")
    return table


def broken_rule(root, path, target, table):
    """The rule that including `target` in `path` breaks, or None."""
    top, *inner = path.relative_to(root).parts
    folder, slash, _ = target.partition("/")
    if ".." in target.split("/"):
        return "headers are named from the root of their tree on, without .."
    if folder == "rsr" and slash:
        return None if (root / "include" / target).is_file() else "there is no such public header"
    if top == "include":
        # The standard library's headers have neither folder nor extension.
        return None if re.fullmatch(r"\w+", target) else "include/rsr may include only rsr/ and the standard library"
    if folder in table and slash:
        if top == "cli":
            return "cli/ may include only the public rsr/"
        if folder != inner[0] and folder not in table[inner[0]]:
            return f"{inner[0]}/ may include only {', '.join(sorted(table[inner[0]] | {inner[0], 'rsr'}))}"
    elif top == "src" and (path.parent / target).is_file():
        return "headers of src/ are named from src/ on"
    return None


def check(root):
    table = read_table(root / "src/README.md")
    problems = []
    for path in sorted(path for top in ("src", "cli", "include") for path in (root / top).rglob("*")):
        name = path.relative_to(root)
        if path.suffix not in SUFFIXES:
            continue
        if name.parts[0] == "src" and name.parts[1] not in table:
            problems.append(f"{name}:1: not in a folder of the table in src/README.md")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            rule = include and broken_rule(root, path, include[1], table)
            if rule:
                problems.append(f"{name}:{number}: includes {include[1]}: {rule}")
    headers = root / "include/rsr"
    included = set(INCLUDE.findall((headers / "rsr.h").read_text()))
    for header in sorted({f"rsr/{path.name}" for path in headers.glob("*.h")} - included - {"rsr/rsr.h"}):
        problems.append(f"include/rsr/rsr.h:1: does not include {header}, as a whole public interface would")
    return problems


def self_test(root):
    """Each file below breaks (or, where None, keeps) one rule in its second line."""
    cases = {
        "src/base/a.h": ('"data/reader.h"', "base/ may include only base, rsr"),
        "src/metrics/b.cc": ('"engine/engine.h"', "metrics/ may include only base, metrics, rsr, store"),
        "src/kernels/cpu/c.cu": ('<text/mask.h>', "kernels/ may include only base, kernels, rsr"),
        "src/data/d.cc": ('"../text/mask.h"', "without .."),
        "src/data/e_test.cc": ('"reader.h"', "named from src/ on"),
        "src/data/f.cc": ('"rsr/none.h"', "no such public header"),
        "src/data/reader.h": ('"base/file.h"', None),
        "src/score/h.cc": ('"store/run.h"', None),
        "src/kernels/i.cc": ('"hwy/highway.h"', None),
        "cli/j.cc": ('"metrics/metric.h"', "cli/ may include only the public rsr/"),
        "cli/k.cc": ('"cli/printer.h"', None),
        "cli/l.cc": ("<CLI/CLI.hpp>", None),
        "include/rsr/m.h": ('"base/file.h"', "only rsr/ and the standard library"),
        "include/rsr/n.h": ("<fmt/format.h>", "only rsr/ and the standard library"),
        "include/rsr/o.h": ('"rsr/m.h"', None),
        "include/rsr/rsr.h": ('"rsr/o.h"', "does not include rsr/p.h"),
        "include/rsr/p.h": ("<cstdint>", None),
    }
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory)
        for name, (target, _) in cases.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(f"// A comment.\n#include {target}\n")
        (copy / "src/README.md").write_bytes((root / "src/README.md").read_bytes())
        (copy / "src/elsewhere").mkdir()
        (copy / "src/elsewhere/q.cc").write_text("")
        cases["src/elsewhere/q.cc"] = (None, "not in a folder of the table")
        found = {problem.split(":")[0]: problem for problem in check(copy)}
    failures = 0
    for name, (target, rule) in cases.items():
        problem = found.get(name)
        if (problem is None) != (rule is None) or (rule and rule not in problem):
            print(f"self-test: {name} with {target}: expected {rule}, got {problem}")
            failures += 1
    return failures


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test(root) else 0
    problems = check(pathlib.Path(sys.argv[1]).resolve() if sys.argv[1:] else root)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
