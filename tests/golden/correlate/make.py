"""Writes expected.tsv: coefficients of table.csv by scipy, p-values by walking all permutations of the teachers, and
intervals by walking all 6^6 resamples of them, as docs/correlate.md says.

    python make.py        made with scipy 1.17.1 and numpy 2.4.6

The three students share teachers and have many ties; the p-value of a mean permutes the teachers of all students alike.
"""
import csv
import itertools
import pathlib
import warnings

import numpy as np
from scipy import stats

HERE = pathlib.Path(__file__).parent
COEFFICIENTS = {
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
    "kendall": lambda x, y: stats.kendalltau(x, y, variant="b").statistic,
}

rows = list(csv.DictReader(open(HERE / "table.csv")))
TEACHERS = 6
RESAMPLES = np.array(list(itertools.product(range(TEACHERS), repeat=TEACHERS)))
MOST = 1 - 6 / (TEACHERS * (TEACHERS**2 - 1))  # half a step of Spearman's coefficient below 1
students = list(dict.fromkeys(row["student"] for row in rows))
metrics = [name for name in rows[0] if name not in ("student", "teacher", "performance")]


def column(student, name):
    return np.array([float(row[name]) for row in rows if row["student"] == student])


def of_resamples(name, x, y):
    """The coefficient of every resample; nan where one side is constant. Some of them are compared with scipy's."""
    x, y = x[RESAMPLES], y[RESAMPLES]
    if name == "spearman":
        x, y = stats.rankdata(x, axis=1), stats.rankdata(y, axis=1)
    if name == "kendall":  # Pearson's of the signs of all pairs, which have mean 0
        pairs = np.array([(i, j) for i in range(TEACHERS) for j in range(TEACHERS) if i != j]).T
        x, y = (np.sign(v[:, pairs[0]] - v[:, pairs[1]]) for v in (x, y))
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    constant = (np.ptp(x, axis=1) == 0) | (np.ptp(y, axis=1) == 0)
    with np.errstate(invalid="ignore"):
        values = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.where(constant, np.nan, values)


def interval(value, resampled):
    z = np.arctanh(np.clip(resampled[~np.isnan(resampled)], -MOST, MOST))
    half = stats.t.ppf(0.975, TEACHERS - 1) * z.std()
    middle = np.arctanh(np.clip(value, -MOST, MOST))
    return np.tanh(middle - half), np.tanh(middle + half)


with open(HERE / "expected.tsv", "w") as out:
    out.write("metric\tcoefficient\tstudent\tvalue\tp\tlow\thigh\n")
    for metric in metrics:
        for name, coefficient in COEFFICIENTS.items():
            def all_of(order):
                values = [coefficient(column(s, metric), column(s, "performance")[order]) for s in students]
                return np.array([*values, np.mean(values)])

            observed = all_of(np.arange(6))
            permuted = np.array([all_of(np.array(order)) for order in itertools.permutations(range(6))])
            p = (np.abs(permuted) >= np.abs(observed) - 1e-9).mean(axis=0)
            resampled = [of_resamples(name, column(s, metric), column(s, "performance")) for s in students]
            for k in range(0, len(RESAMPLES), 997):
                for s, values in zip(students, resampled):
                    with warnings.catch_warnings(action="ignore"):
                        scipys = coefficient(column(s, metric)[RESAMPLES[k]], column(s, "performance")[RESAMPLES[k]])
                    assert np.isclose(scipys, values[k], atol=1e-12, equal_nan=True), (metric, name, s, RESAMPLES[k])
            resampled.append(np.mean(resampled, axis=0))
            for student, value, share, values in zip([*students, ""], observed, p, resampled):
                low, high = interval(value, values)
                numbers = "\t".join(f"{number:.12g}" for number in (value, share, low, high))
                out.write(f"{metric}\t{name}\t{student}\t{numbers}\n")
