"""CARZero's fusion in float64 and NumPy alone, whole or in parts."""

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def read_weights(folder: Path):
    """The weights of a model folder as stored: 8-bit ones are multiplied with their scales."""
    tensors = {}
    for path in sorted(folder.glob("weights-*.safetensors")):
        tensors |= load_file(path)
    weights = {}
    for name, values in tensors.items():
        if name.endswith(".scale"):
            continue
        values, scale = values.astype(np.float64), tensors.get(f"{name}.scale")
        if scale is not None:
            values *= scale.astype(np.float64).reshape(-1, *[1] * (values.ndim - 1))
        weights[name] = values
    return weights


def linear(weights, name, x):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def norm(weights, name, x, eps):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def heads(x, count):
    return x.reshape(*x.shape[:-1], count, -1).swapaxes(-2, -3)


def walk(weights, fusion, memory, query, keys=slice(None), off=()):
    """One query row over one memory, step by step: `attention` of every layer and head, the `row` that comes out, and
    what each layer of the `projector` makes of it; the last is the logit.

    `memory` is a global row and the local ones, of which `keys` can be attended to; `off` names the pairs of layer
    and head that pass on zeros.
    """
    decoder, eps, count = "fusion_module.decoder", fusion["norm_eps"], fusion["heads"]
    rows = norm(weights, f"{decoder}.norm", np.concatenate([memory[0][None], memory[1]]), eps)[keys]
    x, attention = norm(weights, f"{decoder}.norm", query, eps), []
    for index in range(fusion["layers"]):
        layer = f"{decoder}.layers.{index}"
        attend = f"{layer}.multihead_attn"
        q = heads(linear(weights, f"{attend}.query", norm(weights, f"{layer}.norm2", x, eps))[None], count)
        k, v = (heads(linear(weights, f"{attend}.{part}", rows), count) for part in ("key", "value"))
        shares = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]))
        context = shares @ v
        for head in range(count):
            if (index, head) in off:
                context[head] = 0
        x = x + linear(weights, f"{attend}.out_proj", context.reshape(-1))
        hidden = linear(weights, f"{layer}.linear1", norm(weights, f"{layer}.norm3", x, eps)).clip(0)
        x = x + linear(weights, f"{layer}.linear2", hidden)
        attention.append(shares[:, 0])
    row = norm(weights, f"{decoder}.norm", x, eps)
    projector, last = [row], len(fusion["projector"])
    for index in range(last + 1):
        x = linear(weights, f"fusion_module.mlp_head.{index}", projector[-1])
        projector.append(x if index == last else x.clip(0))
    return {"attention": np.array(attention), "row": row, "projector": projector[1:]}


def interact(weights, fusion, memory, query, keys=slice(None), off=()):
    """The logit of one query row over one memory, and the weights of the patches, averaged over heads and layers."""
    steps = walk(weights, fusion, memory, query, keys, off)
    return steps["projector"][-1][0], steps["attention"].mean((0, 1))[1:]
