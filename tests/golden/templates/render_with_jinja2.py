#!/usr/bin/env python3
"""Renders conversations.jsonl under every template with Jinja2, set up as transformers' apply_chat_template does it, and
writes jinja2.tsv: template, conversation, XXH3-128 of the text, or `error` where Jinja2 refuses.

    render_with_jinja2.py TEMPLATES_FOLDER > jinja2.tsv        (jinja2 3.1, xxhash; see the file's first line)

Templates want tool-call arguments as an object or as its JSON, none or an empty string beside a call, and reasoning under
one of three names: the hashes of all shapes are listed, and rsr has to make one of them.
"""
import datetime
import itertools
import json
import os
import sys

import jinja2
import jinja2.ext
import xxhash
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2023, 11, 14, 22, 13, 20)  # 1700000000


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def shaped(conversation, as_object, null, key):
    messages = json.loads(json.dumps(conversation["messages"]))
    for m in messages:
        if "reasoning_content" in m:
            m[key] = m.pop("reasoning_content")
        for call in m.get("tool_calls", []):
            arguments = call["function"]["arguments"]
            if as_object and isinstance(arguments, str):
                call["function"]["arguments"] = json.loads(arguments)
            elif not as_object and not isinstance(arguments, str):
                call["function"]["arguments"] = json.dumps(arguments, ensure_ascii=False)
        if null and not m.get("content") and m.get("tool_calls"):
            m["content"] = None
    return messages


def main():
    folder = sys.argv[1]
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "conversations.jsonl"), encoding="utf-8") as lines:
        conversations = [json.loads(line) for line in lines]
    print(f"# render_with_jinja2.py with jinja2 {jinja2.__version__}; one line a shape of the input")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".jinja"):
            continue
        env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                            extensions=[Generation, jinja2.ext.loopcontrols])
        env.filters["tojson"] = tojson
        env.globals["raise_exception"] = raise_exception
        env.globals["strftime_now"] = NOW.strftime
        with open(os.path.join(folder, name), encoding="utf-8") as source:
            template = env.from_string(source.read())
        for c in conversations:
            results = set()
            for shape in itertools.product((True, False), (False, True), ("reasoning_content", "reasoning", "thinking")):
                try:
                    text = template.render(messages=shaped(c, *shape), tools=c.get("tools"), documents=None,
                                           add_generation_prompt=False, bos_token="<s>", eos_token="</s>")
                    results.add(xxhash.xxh3_128_hexdigest(text.encode()))
                except Exception as e:  # whatever a template can raise
                    results.add("error")
            print(name, c["id"], ",".join(sorted(results)), sep="\t")


main()
