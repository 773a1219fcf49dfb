#!/usr/bin/env python3
"""Writes the first files of tests/fuzz/corpus: small inputs of every format and dialect (needs pyarrow)."""
import gzip
import json
import pathlib
import struct
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


LLAMA = {"model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
         "num_key_value_heads": 1, "vocab_size": 5, "max_position_embeddings": 64, "tie_word_embeddings": False}
GEMMA3 = LLAMA | {"model_type": "gemma3_text", "head_dim": 4, "sliding_window": 4, "layer_types": ["sliding_attention"],
                  "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8, "rope_theta": 1e6},
                                      "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}}
PHI3 = LLAMA | {"model_type": "phi3", "sliding_window": 4, "partial_rotary_factor": 0.5}
LLAMA3 = LLAMA | {"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
                                   "original_max_position_embeddings": 16}}
# Hugging Face's name, GGUF's, shape.
MODEL = [("model.embed_tokens", "token_embd", [5, 8]), ("lm_head", "output", [5, 8]), ("model.norm", "output_norm", [8])]
NORMS = [("input_layernorm", "attn_norm", [8]), ("post_attention_layernorm", "ffn_norm", [8])]
PARTS = [("self_attn.q_proj", "attn_q", [8, 8]), ("self_attn.k_proj", "attn_k", [4, 8]), ("self_attn.v_proj", "attn_v", [4, 8]),
         ("mlp.gate_proj", "ffn_gate", [12, 8]), ("mlp.up_proj", "ffn_up", [12, 8])]
FUSED = [("self_attn.qkv_proj", "attn_qkv", [16, 8]), ("mlp.gate_up_proj", "ffn_up", [24, 8])]
REST = [("self_attn.o_proj", "attn_output", [8, 8]), ("mlp.down_proj", "ffn_down", [8, 12])]
AFTER = [("pre_feedforward_layernorm", "", [8]), ("post_feedforward_layernorm", "", [8]), ("self_attn.q_norm", "", [4]),
         ("self_attn.k_norm", "", [4])]


def tensors_of(layer):
    return MODEL + [("model.layers.0." + hf, "blk.0." + gguf, shape) for hf, gguf, shape in layer]


def safetensors(tensors, kind):
    header, data = {}, b""
    for name, _, shape in tensors:
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        begin = len(data)
        data += {"F32": struct.pack("<f", 0.25), "F16": struct.pack("<e", 0.25), "BF16": b"\x80\x3e"}[kind] * count
        header[name + ".weight"] = {"dtype": kind, "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def directory(config, index, weights):
    return b"\n=====\n".join([json.dumps(config).encode(), json.dumps(index).encode() if index else b"", weights])


def gguf(architecture, tensors, more):
    """Version 3, F32 and alignment 32; keys by the type of their value."""
    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    def field(key, value):
        if isinstance(value, str):
            return text(key) + struct.pack("<I", 8) + text(value)
        if isinstance(value, list):
            return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
        return text(key) + (struct.pack("<If", 6, value) if isinstance(value, float)
                            else struct.pack("<II", 4, value))

    sizes = {"block_count": 1, "context_length": 64, "embedding_length": 8, "feed_forward_length": 12, "attention.head_count": 2,
             "attention.head_count_kv": 1, "attention.layer_norm_rms_epsilon": 1e-5} | more
    keys = {"general.architecture": architecture, "tokenizer.ggml.tokens": list("abcde")}
    keys |= {f"{architecture}.{key}": value for key, value in sizes.items()}
    infos, data = b"", b""
    for _, name, shape in tensors:
        data += b"\0" * (-len(data) % 32)
        infos += text(name + ".weight") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), 0, len(data))
        data += struct.pack("<f", 0.25) * (shape[0] * (shape[1] if len(shape) > 1 else 1))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(field(k, v) for k, v in keys.items()) + infos
    return head + b"\0" * (-len(head) % 32) + data + b"\0" * (-len(data) % 32)


def students():
    llama, phi3 = tensors_of(NORMS + PARTS + REST), tensors_of(NORMS + FUSED + REST)
    one = safetensors(llama, "F32")
    write("safetensors/llama", directory(LLAMA, None, one))
    write("safetensors/llama3-bf16", directory(LLAMA3, None, safetensors(llama, "BF16")))
    write("safetensors/phi3-f16", directory(PHI3, None, safetensors(phi3, "F16")))
    write("safetensors/gemma3", directory(GEMMA3, None, safetensors(tensors_of(NORMS + PARTS + REST + AFTER), "BF16")))
    index = {"metadata": {"total_size": 1}, "weight_map": {name + ".weight": "a.safetensors" for name, _, _ in llama}}
    write("safetensors/shards", directory(LLAMA, index, one))
    write("safetensors/torn", directory(LLAMA, None, one[:-400]))
    write("gguf/llama", gguf("llama", llama, {"attention.sliding_window": 4})[4:])
    write("gguf/phi3", gguf("phi3", phi3, {"rope.dimension_count": 2, "rope.freq_base": 1e6})[4:])
    write("gguf/qwen2", gguf("qwen2", llama, {"attention.key_length": 4, "attention.value_length": 4})[4:])
    write("gguf/torn", gguf("llama", llama, {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0})[4:-400])


def main():
    students()
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
