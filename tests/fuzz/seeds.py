#!/usr/bin/env python3
"""Writes the first files of tests/fuzz/corpus: small inputs of every format and dialect (needs pyarrow)."""
import gzip
import json
import pathlib
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
CHAT = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}
ROWS = {
    "messages": {"id": 1, "problem_id": "p", "teacher": "t", "source": {"a": 1}, "correct": True, "messages": CHAT},
    "tools": {"messages": [{"role": "developer", "content": [{"type": "text", "text": "x"}]},
                           {"role": "assistant", "content": None, "reasoning_content": "r", "tool_calls": [CALL]},
                           {"role": "tool", "tool_call_id": "1", "name": "f", "content": "1", "train": False},
                           {"role": "assistant", "content": "a", "weight": 1, "prefilled": False}],
              "tools": "[{\"name\": \"f\"}]", "meta": {"x": "a"}},
    "sharegpt": {"system": "s", "conversations": [{"from": "human", "value": "q"},
                                                  {"from": "function_call", "value": "{\"name\": \"f\"}"},
                                                  {"from": "observation", "value": "1"},
                                                  {"from": "gpt", "value": "\u00e9\U0001f600"}], "tools": [{"name": "f"}]},
    "alpaca": {"instruction": "i", "input": "j", "output": "o", "history": [["a", "b"]], "system": "s", "n": 3},
    "prompt": {"prompt": "q", "completion": "a"},
    "lists": {"prompt": CHAT, "response": [CHAT[1]], "correct": 0},
    "mapped": {"messages": [{"r": "user", "c": "q"}, {"r": "assistant", "c": "a"}]},
    "string": {"messages": json.dumps(CHAT)},
}


def write(name, data):
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def table(row):
    """Two such rows; nested values as JSON text where Arrow cannot give them one type."""
    try:
        return pa.Table.from_pylist([row, row | {"extra": 1}])
    except pa.ArrowInvalid:
        return table({k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()})


def main():
    lines = {name: (json.dumps(row) + "\n").encode() for name, row in ROWS.items()}
    lines["bad"] = b"{oops\n\xff\n[]\n\n{\"id\": \"x\"}\n{\"messages\": [{\"role\": \"asistant\"}]}\n" + lines["prompt"]
    lines["all"] = b"\xef\xbb\xbf" + b"".join(lines.values())
    lines["array"] = b" [" + b",\n".join(json.dumps(row).encode() for row in ROWS.values()) + b"]"
    lines["torn"] = lines["array"][:-40]
    for number, (name, data) in enumerate(lines.items()):
        # The first byte chooses the options (read_bytes.cc).
        write(f"json/{name}", bytes([6 if name == "mapped" else number * 12 % 96]) + data)
    for name in ("messages", "all", "array"):
        packed = gzip.compress(lines[name], mtime=0)
        write(f"gzip/{name}", packed[10:])
        write(f"gzip/{name}-twice", packed[10:] + gzip.compress(lines[name], mtime=0) + b"\0" * 20)
        zstd = pa.Codec("zstd").compress(lines[name], asbytes=True)
        write(f"zstd/{name}", zstd[4:])
        write(f"zstd/{name}-twice", zstd[4:] + zstd)
        streamed = subprocess.run(["zstd", "-q", "-c", "--check"], input=lines[name], capture_output=True, check=True)
        write(f"zstd/{name}-streamed", streamed.stdout[4:])
    tables = {name: table(row) for name, row in ROWS.items()}
    tables["types"] = pa.table({
        "messages": [CHAT, CHAT], "d": pa.array(["a", "b"]).dictionary_encode(), "f": pa.array([1.5, float("nan")]),
        "t": pa.array([0, 1], pa.timestamp("ms")), "b": pa.array([b"\xff", None]),
        "m": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())), "l": pa.array([[1, 2], [3, 4]], pa.list_(pa.int16(), 2))})
    for name, rows in tables.items():
        for codec in ("none", "snappy"):
            sink = pa.BufferOutputStream()
            pq.write_table(rows, sink, compression=codec, row_group_size=1, store_schema=name == "types")
            write(f"parquet/{name}-{codec}", sink.getvalue().to_pybytes()[4:])


main()
