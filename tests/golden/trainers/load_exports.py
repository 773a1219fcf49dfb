#!/usr/bin/env python3
"""Loads an export of `rsr select` in a trainer, as its own training command would, and counts.

    load_exports.py llamafactory|trl|axolotl TOKENIZER EXPORT

TOKENIZER: a folder that tokenizers_from_gguf.py wrote (`smollm2`). EXPORT: of a run of that student with --mask turn.
Prints the rows in the file and those loaded, the tokens, and the labels beside the scored tokens of the `rsr` blocks.
Exit status 1 if rows are missing or a row's labels are not its scored tokens (and, with LLaMA-Factory, a line feed a turn).
"""

import importlib.metadata
import json
import os
import pathlib
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", DISABLE_VERSION_CHECK="1", TRL_EXPERIMENTAL_SILENCE="1",
                  AXOLOTL_DO_NOT_TRACK="1", HF_DATASETS_CACHE=tempfile.mkdtemp())
HERE = pathlib.Path(__file__).resolve().parent
CUTOFF = 8192


def llamafactory(tokenizer, export):
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from llamafactory.model import load_tokenizer

    model_args, data_args, training_args, _, _ = get_train_args({
        "model_name_or_path": tokenizer, "stage": "sft", "do_train": True, "finetuning_type": "full",
        "dataset_dir": str(export), "dataset": "rsr_selected", "template": "smollm2", "cutoff_len": CUTOFF,
        "output_dir": tempfile.mkdtemp(), "overwrite_cache": True, "use_cpu": True, "report_to": "none"})
    module = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(module["tokenizer"], data_args)
    return get_dataset(template, model_args, data_args, training_args, stage="sft", **module)["train_dataset"]


def trl(tokenizer, export):
    from datasets import load_dataset
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    processing = AutoTokenizer.from_pretrained(tokenizer)
    processing.chat_template = (HERE / "smollm2_training.jinja").read_text()
    rows = load_dataset("json", data_files=str(export / "selected.jsonl"), split="train")
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(processing), hidden_size=8, intermediate_size=8,
                                         num_hidden_layers=1, num_attention_heads=1))
    config = SFTConfig(output_dir=tempfile.mkdtemp(), assistant_only_loss=True, max_length=CUTOFF, use_cpu=True,
                       bf16=False, report_to="none", shuffle_dataset=False)
    return SFTTrainer(model, config, train_dataset=rows, processing_class=processing).train_dataset


def axolotl(tokenizer, export):
    import yaml
    from axolotl.utils.data.sft import _load_and_process_single_dataset
    from axolotl.utils.dict import DictDefault
    from axolotl.utils.schemas.datasets import SFTDataset
    from transformers import AutoTokenizer

    config = yaml.safe_load((export / "axolotl.yaml").read_text())
    for dataset in config["datasets"]:
        SFTDataset.model_validate(dataset)
    config = DictDefault({"sequence_len": CUTOFF, "train_on_inputs": False, "dataset_num_proc": 1, **config})
    rows, _ = _load_and_process_single_dataset(config.datasets[0], config, AutoTokenizer.from_pretrained(tokenizer),
                                               split="train", seed=1)
    return rows


def main(trainer, tokenizer, export):
    stdout, sys.stdout = sys.stdout, sys.stderr  # the trainers print, too
    loaded = {"llamafactory": llamafactory, "trl": trl, "axolotl": axolotl}[trainer](tokenizer, export)
    sys.stdout = stdout
    packages = [trainer, "transformers", "datasets", "torch"]
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages))
    blocks = [json.loads(line)["rsr"] for line in (export / "selected.jsonl").read_text().split("\n")[:-1]]
    print(f"rows in the file {len(blocks)}, loaded {len(loaded)}")
    labels = [sum(label != -100 for label in row["labels"]) for row in loaded]
    chats = [json.loads(block["record"])["messages"] for block in blocks]
    turns = [sum(message["role"] == "assistant" for message in chat) for chat in chats]
    scored = [block["scored_tokens"] for block in blocks]
    print(f"tokens {sum(len(row['input_ids']) for row in loaded)}, labels {sum(labels)}, "
          f"scored {sum(scored)}, turns {sum(turns)}")
    if trainer == "llamafactory":
        printed = [any("tool_calls" in message for message in chat) for chat in chats]
        print(f"rows with tool calls, which LLaMA-Factory prints for SmolLM2 and its own template does not: {sum(printed)}")
        expected = [label if calls else s + t for label, calls, s, t in zip(labels, printed, scored, turns)]
        print("the other rows' labels are their scored tokens and a line feed a turn:", labels == expected)
    else:
        expected = scored
        print("every row's labels are its scored tokens:", labels == expected)
    if len(loaded) != len(blocks) or labels != expected:
        sys.exit(f"expected labels {expected}, got {labels}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]))
