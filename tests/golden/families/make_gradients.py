#!/usr/bin/env python3
"""Head gradients of the tiny models of make_families.py, by autograd.

  pip install torch transformers safetensors gguf    (made with the versions in gradients.jsonl)
  make_gradients.py    (writes gradients.jsonl beside itself; the models are made anew)

The loss is the mean surprisal of ids[1:], in double. gradients.jsonl: one object a family: the norm of
the gradient of the loss with respect to the output matrix (where that is also the embedding, of its use
as output alone), the mean norm of the gradients of the tokens' own surprisal with respect to the hidden
states behind the output norm, and every 16th row of either gradient.
"""

import json

import numpy
import torch
import transformers

from make_families import HERE, TOKENS, VOCAB, families, random_model


def gradients(name, model, ids):
    model = model.double()
    weight = model.lm_head.weight.detach().clone().requires_grad_()
    states = []

    def keep(module, arguments):
        state = arguments[0].detach().requires_grad_()
        states.append(state)
        return (state,)

    hook = model.lm_head.register_forward_pre_hook(keep)
    logits = torch.func.functional_call(model, {"lm_head.weight": weight}, (torch.tensor([ids]),),
                                        tie_weights=False).logits[0, :-1]
    hook.remove()
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:]))
    loss.backward()
    of_weights = weight.grad
    of_states = states[0].grad[0, :-1] * (len(ids) - 1)  # of the sum, so of each row's own surprisal
    return {"family": name, "loss": loss.item(), "weight_norm": of_weights.norm().item(),
            "hidden_norm": of_states.norm(dim=1).mean().item(),
            "weights": of_weights[::16].tolist(), "hidden": of_states[::16].tolist(),
            "made_with": f"torch {torch.__version__}, transformers {transformers.__version__}, float64, eager"}


def rounded(value):
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def main():
    with open(HERE / "gradients.jsonl", "w") as out:
        for seed, (name, (_, _, config, _)) in enumerate(families().items()):
            model = random_model(config, seed)
            ids = numpy.random.default_rng(seed).integers(0, VOCAB, TOKENS).tolist()  # as make_families.py
            row = gradients(name, model, ids)
            print(name, row["loss"], row["weight_norm"], row["hidden_norm"])
            out.write(json.dumps({key: rounded(value) for key, value in row.items()}) + "\n")


if __name__ == "__main__":
    main()
