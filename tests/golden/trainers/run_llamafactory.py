#!/usr/bin/env python3
"""LLaMA-Factory's own token ids and labels of an export, for every student of students.jsonl.

    run_llamafactory.py TOKENIZERS EXPORT > llamafactory.jsonl

TOKENIZERS: what tokenizers_from_gguf.py wrote. EXPORT: a folder that `rsr select --format llamafactory` wrote.
Each row is read as `llamafactory-cli train` reads a data set (dataset_dir, dataset, template, cutoff_len; stage sft),
one at a time, because one that a template refuses ends the reading.
"""

import importlib.metadata
import json
import logging
import os
import pathlib
import sys
import tempfile

from golden import header, line, refusal, students

os.environ.update(HF_HUB_OFFLINE="1", DISABLE_VERSION_CHECK="1", HF_DATASETS_CACHE=tempfile.mkdtemp())

from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer


def read(arguments, tokenizer, folder):
    """The one row of the data set in `folder` as LLaMA-Factory trains on it."""
    model_args, data_args, training_args, _, _ = get_train_args({**arguments, "dataset_dir": str(folder)})
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    rows = get_dataset(template, model_args, data_args, training_args, stage="sft", tokenizer=tokenizer)["train_dataset"]
    assert len(rows) == 1, len(rows)
    return rows[0]


def main(tokenizers, export):
    header(**{name: importlib.metadata.version(name) for name in ["llamafactory", "transformers", "datasets"]})
    info = (export / "dataset_info.json").read_text()
    one = pathlib.Path(tempfile.mkdtemp())
    (one / "dataset_info.json").write_text(info)
    for student in students():
        arguments = {"model_name_or_path": str(tokenizers / student["name"]), "stage": "sft", "do_train": True,
                     "finetuning_type": "full", "dataset": next(iter(json.loads(info))), "cutoff_len": 4096,
                     "template": student["llamafactory"], "output_dir": str(one / "out"), "overwrite_cache": True,
                     "use_cpu": True, "report_to": "none", "dataset_dir": str(one)}
        tokenizer = load_tokenizer(get_train_args(arguments)[0])["tokenizer"]
        for record in (export / "selected.jsonl").read_text().split("\n")[:-1]:
            (one / "selected.jsonl").write_text(record + "\n")
            id = json.loads(record)["rsr"]["id"]
            try:
                row = read(arguments, tokenizer, one)
            except Exception as error:
                refusal(student["name"], id, error)
            else:
                line(student["name"], id, row["input_ids"], [label != -100 for label in row["labels"]])


if __name__ == "__main__":
    logging.disable(logging.INFO)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
