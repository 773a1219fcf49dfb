#!/usr/bin/env python3
"""Tiny random models of every family of the native engine and of its switches, and what transformers says of them.

  pip install torch transformers safetensors gguf    (made with the versions in golden.jsonl)
  make_families.py            (writes NAME/, NAME.gguf and golden.jsonl beside itself)

Each model twice: NAME/ as transformers saves it (config.json, safetensors, and a tokenizer of printable ASCII), NAME.gguf with
the tensor names and layouts of llama.cpp's convert_hf_to_gguf.py: query and key rows of families with rotation pairs side by
side are permuted, Gemma's norms have their 1 added. Weights are such as float16 and bfloat16 both hold exactly, so the two
are one model whatever type they are stored in; transformers computes in float32 with them.

A GGUF file cannot have qwen2-window's windows, so that one is a directory only.

golden.jsonl: one object a model, or one for each of several texts: token ids, and for ids[1:] the surprisal in nats, the entropy and the rank (1 + entries with
a strictly greater logit), from its float32 logits in double.
"""

import json
import math
import pathlib
import shutil

import gguf
import numpy
import torch
import transformers

HERE = pathlib.Path(__file__).parent
VOCAB, TOKENS, CONTEXT, WINDOW = 160, 300, 512, 32
SIZES = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=CONTEXT, bos_token_id=0, eos_token_id=1,
             pad_token_id=2, attn_implementation="eager")
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
PLAIN = dict(rope_type="default", rope_theta=10000.0)
# 6 of 8 values of a head are turned. Rows of up to 64 tokens take the short factors.
LONGROPE = dict(rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.75, short_factor=[1.0, 1.5, 2.0],
                long_factor=[1.25, 4.0, 8.0], original_max_position_embeddings=64)
LONGROPE_TEXTS = (TOKENS, 64, 65)
LONGROPE_SCALE = math.sqrt(1 + math.log(CONTEXT / 64) / math.log(64))


CHATML = ("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
          "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def families():
    """Name -> (GGUF architecture, type in safetensors, config, further integer and float keys of the GGUF header)."""
    t = transformers
    return {
        "llama": ("llama", "float32", t.LlamaConfig(**SIZES, num_hidden_layers=2, rope_parameters=LLAMA3), {}),
        "mistral": ("llama", "bfloat16", t.MistralConfig(**SIZES, num_hidden_layers=2, sliding_window=WINDOW,
                                                         rope_parameters=PLAIN), {"attention.sliding_window": WINDOW}),
        "smollm2": ("llama", "bfloat16", t.LlamaConfig(**SIZES, num_hidden_layers=2, tie_word_embeddings=True,
                                                       rope_parameters=dict(PLAIN, rope_theta=100000.0)),
                    {"rope.freq_base": 100000.0}),
        "qwen2": ("qwen2", "bfloat16", t.Qwen2Config(**SIZES, num_hidden_layers=2, rope_parameters=PLAIN), {}),
        "qwen3": ("qwen3", "float16", t.Qwen3Config(**SIZES, num_hidden_layers=2, head_dim=16, rope_parameters=PLAIN), {}),
        "smollm3": ("smollm3", "bfloat16", t.SmolLM3Config(**SIZES, num_hidden_layers=4, no_rope_layer_interval=4,
                                                           rope_parameters=PLAIN), {}),
        "gemma2": ("gemma2", "float16", t.Gemma2Config(**SIZES, num_hidden_layers=3, head_dim=16, query_pre_attn_scalar=16,
                                                       sliding_window=WINDOW, attn_logit_softcapping=5.0,
                                                       final_logit_softcapping=8.0, rope_parameters=PLAIN),
                   {"attention.sliding_window": WINDOW, "attn_logit_softcapping": 5.0, "final_logit_softcapping": 8.0}),
        "gemma3": ("gemma3", "bfloat16",
                   t.Gemma3TextConfig(**SIZES, num_hidden_layers=7, head_dim=16, query_pre_attn_scalar=16, sliding_window=WINDOW,
                                      rope_parameters={"sliding_attention": PLAIN,
                                                       "full_attention": dict(rope_type="linear", factor=8.0, rope_theta=1e6)}),
                   {"attention.sliding_window": WINDOW, "rope.freq_base": 1e6, "rope.scaling.factor": 8.0}),
        "phi3": ("phi3", "bfloat16", t.Phi3Config(**SIZES, num_hidden_layers=2, sliding_window=WINDOW, rope_parameters=PLAIN),
                 {"attention.sliding_window": WINDOW}),
        "olmo2": ("olmo2", "float16", t.Olmo2Config(**SIZES, num_hidden_layers=2, rope_parameters=PLAIN), {}),
        "granite": ("granite", "bfloat16",
                    t.GraniteConfig(**SIZES, num_hidden_layers=2, embedding_multiplier=3.0, residual_multiplier=0.3,
                                    attention_multiplier=0.2, logits_scaling=2.0, rope_parameters=PLAIN),
                    {"embedding_scale": 3.0, "residual_scale": 0.3, "attention.scale": 0.2, "logit_scale": 2.0}),
        # Switches that are rarer, or that a family has only in some sizes.
        "llama-biases": ("llama", "bfloat16", t.LlamaConfig(**SIZES, num_hidden_layers=2, attention_bias=True, mlp_bias=True,
                                                            head_dim=16,
                                                            rope_parameters=dict(PLAIN, rope_type="linear", factor=4.0)),
                         {"rope.scaling.factor": 4.0}),
        "qwen2-window": (None, "bfloat16", t.Qwen2Config(**SIZES, num_hidden_layers=3, use_sliding_window=True,
                                                         sliding_window=WINDOW, max_window_layers=2,
                                                         rope_parameters=dict(PLAIN, rope_type="dynamic", factor=2.0)), {}),
        "qwen3-yarn": ("qwen3", "bfloat16", t.Qwen3Config(**SIZES, num_hidden_layers=2, head_dim=16, tie_word_embeddings=True,
                                                          rope_parameters=dict(PLAIN, rope_type="yarn", factor=4.0,
                                                                               original_max_position_embeddings=128)),
                       {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 128}),
        "phi3-longrope": ("phi3", "bfloat16", t.Phi3Config(**SIZES, num_hidden_layers=2, sliding_window=2 * CONTEXT,
                                                           original_max_position_embeddings=64, rope_parameters=LONGROPE),
                          {"attention.sliding_window": 2 * CONTEXT, "rope.scaling.original_context_length": 64,
                           "rope.scaling.attn_factor": LONGROPE_SCALE}),
    }


def vocabulary():
    """GPT-2's names of the printable ASCII characters, space and newline, special tokens, and merges up to VOCAB."""
    special = ["<|im_start|>", "<|im_end|>", "<|pad|>"]
    letters = [chr(c) for c in range(33, 127)] + ["\u0120", "\u010a"]
    pairs = ["\u0120t", "he", "in", "re", "on", "\u0120a", "er", "at", "\u0120s", "nd", "or", "an", "is", "en", "it", "es", "\u0120w",
             "ou", "\u0120c", "ed", "\u0120f", "\u0120p", "st", "al", "ar", "\u0120b", "\u0120m", "ic", "\u0120d", "\u0120h", "us", "ea",
             "\u0120l", "ro", "le", "\u0120n", "om", "\u0120r", "ve", "ur", "\u0120g", "ti", "el", "ra", "\u0120e", "li", "th", "ch", "ne",
             "\u0120=", "\u01201", "\u01202", "\u0120+", "ss", "ll", "ee", "oo", "qu", "ly", "sh", "wh"]
    tokens = (special + letters + pairs)[:VOCAB]
    assert len(set(tokens)) == VOCAB
    return tokens, [(p[0], p[1]) for p in tokens[len(special) + len(letters):]], special


def write_tokenizer(folder):
    tokens, merges, special = vocabulary()
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    tokenizer = {"version": "1.0", "truncation": None, "padding": None,
                 "added_tokens": [dict(id=i, content=t, **flags) for i, t in enumerate(special)], "normalizer": None,
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
                 "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                                                     "use_regex": True},
                 "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                           "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                           "vocab": {t: i for i, t in enumerate(tokens)}, "merges": [" ".join(m) for m in merges]}}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": special[0], "eos_token": special[1],
              "pad_token": special[2], "chat_template": CHATML}
    for name, value in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def write_directory(model, kind, folder):
    """As save_pretrained leaves it; the one in float32 in shards."""
    shutil.rmtree(folder, ignore_errors=True)
    size = "30KB" if kind == "float32" else "1GB"
    model.to(getattr(torch, kind)).save_pretrained(folder, max_shard_size=size)
    write_tokenizer(folder)


def random_model(config, seed):
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    gemma = config.model_type.startswith("gemma")
    with torch.no_grad():
        for name, value in model.named_parameters():
            # Norms around 1 (Gemma keeps them less 1).
            mean = 1.0 if "norm" in name and not gemma else 0.0
            value.copy_((mean + 0.2 * torch.randn_like(value)).bfloat16().float())
            value[value.half().float() != value] = 0  # too small for float16
    return model


def gguf_name(name, norms_after):
    """convert_hf_to_gguf.py's name of a parameter."""
    fixed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    if name in fixed:
        return fixed[name]
    layer, rest = name.removeprefix("model.layers.").split(".", 1)
    parts = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
             "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv",
             "mlp.gate_up_proj": "ffn_up", "self_attn.q_norm": "attn_q_norm",
             "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
             "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
             "post_attention_layernorm": "post_attention_norm" if norms_after else "ffn_norm",
             "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm"}
    module, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{parts[module]}.{kind}"


def side_by_side(values, heads):
    """Rows of each head: pairs (i, i + half) become neighbours."""
    return values.reshape(heads, 2, values.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(values.shape)


def llama3_factors(config, head_width):
    p = config.rope_parameters
    frequencies = 1.0 / (p["rope_theta"] ** (numpy.arange(0, head_width, 2) / head_width))
    factors = []
    for f in frequencies:
        turns = p["original_max_position_embeddings"] * f / (2 * math.pi)
        smooth = (turns - p["low_freq_factor"]) / (p["high_freq_factor"] - p["low_freq_factor"])
        smooth = min(1.0, max(0.0, smooth))
        factors.append(1 / ((1 - smooth) / p["factor"] + smooth))
    return numpy.array(factors, dtype=numpy.float32)


def write_gguf(architecture, model, keys, path):
    config = model.config
    head_width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(CONTEXT)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_width)
    writer.add_value_length(head_width)
    rope = config.rope_parameters
    writer.add_rope_dimension_count(int(head_width * rope.get("partial_rotary_factor", 1)))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    add = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
    for key, value in keys.items():
        add[type(value)](f"{architecture}.{key}", value)
    tokens, merges, special = vocabulary()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if t in special else 1 for t in tokens])
    writer.add_token_merges([" ".join(m) for m in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(2)
    writer.add_chat_template(CHATML)
    names_after = architecture in ("gemma2", "gemma3", "olmo2")
    tied = config.tie_word_embeddings
    for name, value in model.state_dict().items():
        if name == "lm_head.weight" and tied:
            continue
        values = value.numpy()
        if architecture in ("llama", "smollm3", "granite"):  # pairs side by side
            for module, heads in (("q_proj", config.num_attention_heads), ("k_proj", config.num_key_value_heads)):
                if module in name:
                    values = side_by_side(values, heads)
        if "norm" in name:
            values = values + 1 if architecture.startswith("gemma") else values
            writer.add_tensor(gguf_name(name, names_after), values.astype(numpy.float32))
        elif name.endswith(".bias"):
            writer.add_tensor(gguf_name(name, names_after), values.astype(numpy.float32))
        else:
            writer.add_tensor(gguf_name(name, names_after), values.astype(numpy.float16))
    if rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config, head_width))
    for kind in ("long", "short") if rope.get("rope_type") == "longrope" else ():
        writer.add_tensor(f"rope_factors_{kind}.weight", numpy.array(rope[f"{kind}_factor"], dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def golden(name, model, ids):
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, :-1].double()
    log_p = torch.log_softmax(logits, -1)
    targets = torch.tensor(ids[1:])
    own = logits.gather(1, targets[:, None])
    return {"family": name, "ids": ids,
            "surprisal": [round(-x, 9) for x in log_p.gather(1, targets[:, None])[:, 0].tolist()],
            "entropy": [round(x, 9) for x in (-(log_p.exp() * log_p).sum(-1)).tolist()],
            "rank": (1 + (logits > own).sum(-1)).tolist(),
            "made_with": f"torch {torch.__version__}, transformers {transformers.__version__}, float32, eager"}


def main():
    with open(HERE / "golden.jsonl", "w") as out:
        for seed, (name, (architecture, kind, config, keys)) in enumerate(families().items()):
            model = random_model(config, seed)
            if architecture:
                write_gguf(architecture, model, keys, HERE / f"{name}.gguf")
            ids = numpy.random.default_rng(seed).integers(0, VOCAB, TOKENS).tolist()
            rows = [golden(name, model, ids[:n]) for n in (LONGROPE_TEXTS if name == "phi3-longrope" else (TOKENS,))]
            write_directory(model, kind, HERE / name)  # last: a change of type rounds more than weights
            for row in rows:
                spread = numpy.std(row["surprisal"])
                print(name, "mean surprisal", numpy.mean(row["surprisal"]), "deviation", spread)
                assert 0.3 < spread < 6, "such a model says too little or is all rounding"
                out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
