"""Runs the python examples of docs/formats.md against a run directory and compares what they find.

usage: formats_doc_test.py docs/formats.md RUN     (RUN from write_sample_run; packages: python-test-requirements.txt)
"""
import math
import os
import re
import sys
import tempfile
from glob import glob

import pyarrow.parquet as pq


def python_blocks(document):
    with open(document) as file:
        return re.findall(r"^```python\n(.*?)^```$", file.read(), re.S | re.M)


def run_example(block, run):
    """The names that the block defines, with "RUN" replaced by the run directory."""
    assert 'run = "RUN"' in block, block
    scope = {"RUN": run}
    exec(block.replace('run = "RUN"', "run = RUN"), scope)
    return scope


def plain(run):
    """The same figures by loops over plain Python lists."""
    rsr, sums, tokens = {}, {}, []
    for path in sorted(glob(f"{run}/shards/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            clipped = [min(rank, 100) for rank in row["rank"]]
            rsr[row["id"]] = sum(clipped) / sum(row["surprisal"])
            mean = sums.setdefault(row["teacher"], [0.0, 0.0])
            mean[0] += sum(clipped) / len(clipped)
            mean[1] += sum(row["surprisal"]) / len(clipped)
            tokens += zip([row["id"]] * len(clipped), row["token_id"], row["surprisal"], row["rank"])
    return rsr, {teacher: a / b for teacher, (a, b) in sums.items()}, sorted(tokens)


def same(a, b, what):
    assert a.keys() == b.keys(), f"{what}: {sorted(a)} and {sorted(b)}"
    for key in a:
        assert math.isclose(a[key], b[key], rel_tol=1e-9), f"{what} of {key}: {a[key]} and {b[key]}"


def check_encoding(run):
    for path in glob(f"{run}/shards/*.parquet"):
        metadata = pq.ParquetFile(path).metadata
        for i in range(metadata.num_columns):
            column = metadata.row_group(0).column(i)
            name = column.path_in_schema.split(".")[0]
            plain = name in ("surprisal", "sum_p2")
            compression = "ZSTD" if name == "record" else "UNCOMPRESSED" if plain else "LZ4"
            assert column.compression == compression, column
            assert ("PLAIN" in column.encodings and not column.has_dictionary_page) or not plain, column
            if name == "entropy":
                assert "BYTE_STREAM_SPLIT" in column.encodings, column
            if name == "token_id":
                assert "RLE_DICTIONARY" in column.encodings, column
        schema = pq.ParquetFile(path).schema
        for i in range(len(schema)):
            column = schema.column(i)
            is_list = column.path.endswith(".list.element")
            nullable = column.path in ("correct", "domain")  # domain: a kept column
            assert column.max_repetition_level == int(is_list), column
            assert column.max_definition_level == int(is_list or nullable), column


def check_torn_stream(example, run, count):
    """Cut in its last batch, the stream still gives the ones before."""
    with tempfile.TemporaryDirectory() as copy:
        os.mkdir(f"{copy}/shards")
        (path,) = glob(f"{run}/shards/*.arrows")
        with open(path, "rb") as whole, open(f"{copy}/shards/00000.arrows", "wb") as torn:
            torn.write(whole.read()[:-1000])
        assert len(run_example(example, copy)["in_flight"]) == count - 1


def main(document, run):
    expected_rsr, expected_teachers, expected_tokens = plain(run)
    assert len(expected_rsr) > 50 and len(expected_teachers) == 3
    blocks = python_blocks(document)
    pandas, polars, duckdb, stream = [run_example(block, run) for block in blocks]

    rows = pandas["rows"]
    same(dict(zip(rows.id, rows.rsr)), expected_rsr, "pandas: rsr")
    same(dict(pandas["teachers"]), expected_teachers, "pandas: rsr")
    assert sorted(pandas["tokens"].itertuples(index=False, name=None)) == expected_tokens

    same(dict(polars["rows"].select("id", "rsr").collect().iter_rows()), expected_rsr, "polars: rsr")
    same(dict(polars["teachers"].iter_rows()), expected_teachers, "polars: rsr")
    assert sorted(polars["tokens"].iter_rows()) == expected_tokens

    same(dict(duckdb["rows"].project("id, rsr").fetchall()), expected_rsr, "duckdb: rsr")
    same(dict(duckdb["teachers"].fetchall()), expected_teachers, "duckdb: rsr")
    assert sorted(duckdb["tokens"].fetchall()) == expected_tokens

    in_flight = [batch.column("id")[0].as_py() for batch in stream["in_flight"]]
    assert in_flight and not set(in_flight) & set(expected_rsr), in_flight
    check_torn_stream(blocks[3], run, len(in_flight))
    check_encoding(run)
    print(f"{len(expected_rsr)} trajectories, {len(expected_tokens)} tokens, "
          f"{len(in_flight)} trajectories in flight: pandas, polars, duckdb and pyarrow agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
