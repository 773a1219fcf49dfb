"""Writes expected.tsv: coefficients of table.csv by scipy, p-values by walking all permutations of the teachers.

    python make.py        made with scipy 1.17.1 and numpy 2.4.6

The three students share teachers and have many ties; the p-value of a mean permutes the teachers of all students alike.
"""
import csv
import itertools
import pathlib

import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent
COEFFICIENTS = {
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
    "kendall": lambda x, y: stats.kendalltau(x, y, variant="b").statistic,
}

rows = list(csv.DictReader(open(HERE / "table.csv")))
students = list(dict.fromkeys(row["student"] for row in rows))
metrics = [name for name in rows[0] if name not in ("student", "teacher", "performance")]


def column(student, name):
    return np.array([float(row[name]) for row in rows if row["student"] == student])


with open(HERE / "expected.tsv", "w") as out:
    out.write("metric\tcoefficient\tstudent\tvalue\tp\n")
    for metric in metrics:
        for name, coefficient in COEFFICIENTS.items():
            def all_of(order):
                values = [coefficient(column(s, metric), column(s, "performance")[order]) for s in students]
                return np.array([*values, np.mean(values)])

            observed = all_of(np.arange(6))
            permuted = np.array([all_of(np.array(order)) for order in itertools.permutations(range(6))])
            p = (np.abs(permuted) >= np.abs(observed) - 1e-9).mean(axis=0)
            for student, value, share in zip([*students, ""], observed, p):
                out.write(f"{metric}\t{name}\t{student}\t{value:.12g}\t{share:.12g}\n")
