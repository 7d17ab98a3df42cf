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


def test_picture():
    """A square that needs no resizing, from whole numbers alone; what the model sees of it."""
    image = CONFIG["image"]
    y, x = np.mgrid[0 : image["size"], 0 : image["size"]]
    start, crop = (image["size"] - image["crop"]) // 2, image["crop"]
    grey = ((x * x // 97 + y * y // 61 + x * y // 53) % 256)[start : start + crop, start : start + crop]
    return (grey / 255 - image["mean"]) / image["std"]


def covers(plane, cell):
    crop, reach = len(plane), 2 * cell
    blurred = np.empty_like(plane)
    for y in range(crop):
        for x in range(crop):
            around = np.ix_(range(max(0, y - reach), min(crop, y + reach + 1)), range(max(0, x - reach), min(crop, x + reach + 1)))
            blurred[y, x] = plane[around].mean()
    return {"mean": np.full_like(plane, plane.mean()), "blur": blurred, "mirror": plane[:, ::-1]}


def audit(text):
    """Logits of the test picture as it is; covered; with each control covered; all else covered; shuffled."""
    plane = test_picture()

    def look(plane):
        image = image_tokens(plane)
        (i2t, map), (t2i, _) = interact(image, text[0]), interact(text, image[0])
        return (i2t + t2i) / 2, map

    whole, map = look(plane)
    side = int(np.sqrt(len(map)))
    cell, count = len(plane) // side, side * side
    region = sorted(range(count), key=lambda patch: (-map[patch], patch))[: -(-count // 10)]
    others = [patch for patch in range(count) if patch not in region]

    def is_lung(patch):
        x, y = (patch % side + 0.5) / side, (patch // side + 0.5) / side
        return ((abs(x - 0.5) - 0.22) / 0.17) ** 2 + ((y - 0.47) / 0.30) ** 2 <= 1

    def around(centre):
        distance = lambda patch: (patch % side - centre % side) ** 2 + (patch // side - centre // side) ** 2
        return sorted(others, key=distance)[: len(region)]

    lungs = [patch for patch in others if is_lung(patch)]
    controls = [around(lungs[index * len(lungs) // 20]) for index in range(20)]

    def mixed(patches, inside, outside):
        mask = np.isin(np.arange(count), patches).reshape(side, side).repeat(cell, 0).repeat(cell, 1)
        return look(np.where(mask, inside, outside))[0]

    step = next(step for step in range(3 * count // 8, count) if np.gcd(step, count) == 1)
    cells = plane.reshape(side, cell, side, cell).swapaxes(1, 2).reshape(count, cell, cell)
    shuffled = cells[np.arange(count) * step % count].reshape(side, side, cell, cell).swapaxes(1, 2)
    covered = covers(plane, cell)
    logits = [whole, mixed(region, covered["mean"], plane)]
    logits += [mixed(control, covered["mean"], plane) for control in controls]
    logits += [mixed(region, plane, covered["mean"]), look(shuffled.reshape(plane.shape))[0]]
    return logits, [mixed(region, covered[name], plane) for name in ("blur", "mirror")]


def curves(text):
    """Logits while the map's strongest patches are covered, and while they are uncovered on a blurred picture; areas."""
    plane = test_picture()

    def look(plane):
        image = image_tokens(plane)
        (i2t, map), (t2i, _) = interact(image, text[0]), interact(text, image[0])
        return (i2t + t2i) / 2, map

    _, map = look(plane)
    side, steps = int(np.sqrt(len(map))), 14
    cell = len(plane) // side
    order, covered = np.argsort(-map, kind="stable"), covers(plane, cell)

    def mixed(count, inside, outside):
        mask = np.isin(np.arange(len(map)), order[:count]).reshape(side, side).repeat(cell, 0).repeat(cell, 1)
        return look(np.where(mask, inside, outside))[0]

    counts = [step * len(map) // steps for step in range(steps + 1)]
    deletion = [mixed(count, covered["mean"], plane) for count in counts]
    insertion = [mixed(count, plane, covered["blur"]) for count in counts]
    shares = np.linspace(0, 1, steps + 1)
    return deletion, insertion, [np.trapezoid(curve, shares) for curve in (deletion, insertion)]


def main():
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.no_padding()
    planes = [pixels(FIXTURES / f"carzero-micro/img{i}.png") for i in range(3)]
    images = [image_tokens(plane) for plane in planes]
    texts = [text_tokens(prompt, tokenizer) for prompt in PROMPTS]
    i2t = [[interact(image, text[0]) for text in texts] for image in images]
    t2i = [[interact(text, image[0])[0] for text in texts] for image in images]
    audited, otherwise_covered = audit(texts[0])
    deletion, insertion, areas = curves(texts[0])
    expected = {
        "pixels": np.stack(planes)[:, None],
        "image_global": np.stack([image[0] for image in images]),
        "image_local": np.stack([image[1] for image in images]),
        "text_global": np.stack([text[0] for text in texts]),
        "i2t": np.array([[logit for logit, _ in row] for row in i2t]),
        "t2i": np.array(t2i),
        "attention": np.array([[map for _, map in row] for row in i2t]),
        "audit": np.array(audited),
        "audit_blur_mirror": np.array(otherwise_covered),
        "deletion": np.array(deletion),
        "insertion": np.array(insertion),
        "areas": np.array(areas),
    }
    out = FIXTURES / "default"
    save_file({name: values.astype(np.float32) for name, values in expected.items()}, out / "expected.safetensors")
    (out / "prompts.json").write_text(json.dumps(PROMPTS, indent=1) + "\n")


main()
