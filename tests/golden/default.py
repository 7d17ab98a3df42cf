"""Golden outputs of models/default, computed in float64 by NumPy alone.

    pip install numpy pillow safetensors tokenizers
    python tests/golden/default.py models/default tests/fixtures

An implementation of its own, from the paper and the model folder's documentation, to compare the Rust one
with: it reads the folder's weights as stored, the pictures of fixtures/carzero-micro, and writes
fixtures/default/expected.safetensors.
"""

import json
import re
import sys
from math import erf
from pathlib import Path

import fusion
import numpy as np
from fusion import heads, read_weights, softmax
from PIL import Image
from safetensors.numpy import save_file
from tokenizers import Tokenizer

MODEL, FIXTURES = Path(sys.argv[1]), Path(sys.argv[2])
PROMPTS = [
    "There is Pneumothorax",
    "There is Pleural Effusion",
    "There is no Cardiomegaly",
    "There is consolidation in the left lower lobe",
    "There is a large hiatus hernia",
]
CONFIG = json.loads((MODEL / "config.json").read_text())


W = read_weights(MODEL)


def linear(name, x):
    return fusion.linear(W, name, x)


def norm(name, x, eps):
    return fusion.norm(W, name, x, eps)


def pixels(path):
    """Grey; the central square, then `size` by a triangle filter; the central `crop`; normalised."""
    image = CONFIG["image"]
    grey = Image.open(path).convert("L")
    side = min(grey.size)
    left, top = (grey.width - side) // 2, (grey.height - side) // 2
    grey = grey.crop((left, top, left + side, top + side))
    grey = grey.resize((image["size"],) * 2, Image.Resampling.BILINEAR)
    start, crop = (image["size"] - image["crop"]) // 2, image["crop"]
    square = np.asarray(grey, dtype=np.float64)[start : start + crop, start : start + crop]
    return (square / 255 - image["mean"]) / image["std"]


def convolution(name, x, stride=1, depthwise=False):
    """`x` is channels x height x width; 3 x 3 kernels are padded by one."""
    weight, bias = W[f"{name}.weight"], W[f"{name}.bias"]
    if weight.shape[-1] == 1:
        return np.tensordot(weight[:, :, 0, 0], x, 1) + bias[:, None, None]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    height, width = ((n - 1) // stride + 1 for n in x.shape[1:])
    out = np.zeros((weight.shape[0], height, width))
    for i in range(3):
        for j in range(3):
            part = padded[:, i : i + stride * height : stride, j : j + stride * width : stride][:, :height, :width]
            tap = weight[:, :, i, j]
            out += tap[:, 0, None, None] * part if depthwise else np.tensordot(tap, part, 1)
    return out + bias[:, None, None]


def relu6(x):
    return x.clip(0, 6)


def image_tokens(x):
    net = CONFIG["image_encoder"]
    x = relu6(convolution("img_encoder.model.stem", x[None], stride=2))
    for index, block in enumerate(net["blocks"]):
        name, before = f"img_encoder.model.blocks.{index}", x
        hidden = relu6(convolution(f"{name}.expand", x)) if block["hidden"] != x.shape[0] else x
        hidden = relu6(convolution(f"{name}.depthwise", hidden, block["stride"], depthwise=True))
        x = convolution(f"{name}.project", hidden)
        if block["stride"] == 1 and x.shape == before.shape:
            x = x + before
        if index == net["mid"]:
            middle = x
    high = relu6(convolution("img_encoder.model.head", x))
    fine = linear("img_encoder.local_mid", middle.reshape(len(middle), -1).T)
    coarse = linear("img_encoder.local_high", high.reshape(len(high), -1).T)
    side = high.shape[-1]
    coarse = coarse.reshape(side, side, -1).repeat(2, 0).repeat(2, 1).reshape(4 * side * side, -1)
    return linear("img_encoder.global_embedder", high.mean((1, 2))), fine + coarse


def attention(name, x, count):
    q, k, v = (heads(linear(f"{name}.{part}", x), count) for part in ("query", "key", "value"))
    weights = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]))
    return (weights @ v).swapaxes(0, 1).reshape(len(x), -1)


def text_tokens(prompt, tokenizer):
    text = CONFIG["text_encoder"]
    encoding = tokenizer.encode(" ".join(re.findall(r"\w+", prompt.lower())))
    bert, eps = "text_encoder.model", text["norm_eps"]
    x = W[f"{bert}.embeddings.word_embeddings.weight"][encoding.ids]
    x = x + W[f"{bert}.embeddings.position_embeddings.weight"][: len(x)]
    x = norm(f"{bert}.embeddings.layer_norm", x + W[f"{bert}.embeddings.token_type_embeddings.weight"][0], eps)
    states = [x]
    for index in range(text["layers"]):
        layer = f"{bert}.encoder.layer.{index}"
        attended = linear(f"{layer}.attention.output.dense", attention(f"{layer}.attention", x, text["heads"]))
        x = norm(f"{layer}.attention.output.layer_norm", attended + x, eps)
        hidden = linear(f"{layer}.intermediate.dense", x)
        hidden = hidden * 0.5 * (1 + np.vectorize(erf)(hidden / np.sqrt(2)))
        x = norm(f"{layer}.output.layer_norm", linear(f"{layer}.output.dense", hidden) + x, eps)
        states.append(x)
    rows, row = np.zeros((text["rows"], text["dim"])), -1
    for piece, state in zip(encoding.tokens, sum(states[-text["last_layers"] :])):
        row += not piece.startswith("##")
        rows[row] += state
    return linear("text_encoder.global_embedder", rows.mean(0)), linear("text_encoder.local_embedder", rows)


def interact(memory, query):
    return fusion.interact(W, CONFIG["fusion"], memory, query)


def main():
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    planes = [pixels(FIXTURES / f"carzero-micro/img{i}.png") for i in range(3)]
    images = [image_tokens(plane) for plane in planes]
    texts = [text_tokens(prompt, tokenizer) for prompt in PROMPTS]
    i2t = [[interact(image, text[0]) for text in texts] for image in images]
    t2i = [[interact(text, image[0])[0] for text in texts] for image in images]
    expected = {
        "pixels": np.stack(planes)[:, None],
        "image_global": np.stack([image[0] for image in images]),
        "image_local": np.stack([image[1] for image in images]),
        "text_global": np.stack([text[0] for text in texts]),
        "i2t": np.array([[logit for logit, _ in row] for row in i2t]),
        "t2i": np.array(t2i),
        "attention": np.array([[map for _, map in row] for row in i2t]),
    }
    out = FIXTURES / "default"
    save_file({name: values.astype(np.float32) for name, values in expected.items()}, out / "expected.safetensors")
    (out / "prompts.json").write_text(json.dumps(PROMPTS, indent=1) + "\n")


main()
