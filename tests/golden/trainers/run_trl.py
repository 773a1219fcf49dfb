#!/usr/bin/env python3
"""TRL's own token ids and labels (assistant_only_loss) of an export, for the students of students.jsonl.

    run_trl.py TOKENIZERS EXPORT > trl.jsonl

TOKENIZERS: what tokenizers_from_gguf.py wrote. EXPORT: a folder that `rsr select --format trl` wrote.
TRL masks by {% generation %} blocks. It ships patched training templates for some models; a student whose "trl" names
one of those (copied beside this file) is run with it. The other students' templates it refuses: its words are kept.
"""

import json
import os
import pathlib
import sys
import tempfile

from golden import HERE, header, line, refusal, students

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_CACHE=tempfile.mkdtemp())

import datasets
import transformers
import trl
from datasets import load_dataset
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer
from trl.chat_template_utils import get_training_chat_template


def main(tokenizers, export):
    header(trl=trl.__version__, transformers=transformers.__version__, datasets=datasets.__version__)
    rows = load_dataset("json", data_files=str(export / "selected.jsonl"), split="train")
    for student in students():
        tokenizer = AutoTokenizer.from_pretrained(tokenizers / student["name"])
        if not student["trl"]:
            try:
                get_training_chat_template(tokenizer)
            except ValueError as error:
                refusal(student["name"], "", error)
            continue
        tokenizer.chat_template = (HERE / student["trl"]).read_text()
        model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                                             num_attention_heads=1, pad_token_id=tokenizer.pad_token_id))
        for row in rows:
            config = SFTConfig(output_dir=tempfile.mkdtemp(), assistant_only_loss=True, max_length=None, use_cpu=True,
                               report_to="none", bf16=False, shuffle_dataset=False)
            try:
                trainer = SFTTrainer(model, config, train_dataset=rows.filter(lambda r: r["rsr"]["id"] == row["rsr"]["id"]),
                                     processing_class=tokenizer)
            except Exception as error:
                refusal(student["name"], row["rsr"]["id"], error)
                continue
            done = trainer.train_dataset[0]
            line(student["name"], row["rsr"]["id"], done["input_ids"], [label != -100 for label in done["labels"]])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
