"""Golden logits of parts of the micro model's fusion, computed in float64 by NumPy alone.

    pip install numpy safetensors
    cargo run -- convert tests/fixtures/carzero-micro/carzero.ckpt --tokenizer tests/fixtures/carzero-micro/tokenizer.json \\
        --precision f32 --vision-heads 4 --text-heads 4 --out micro
    python tests/golden/ablation.py micro tests/fixtures/carzero-micro

It takes the official implementation's tokens, and writes ablation.safetensors: `logits`, images by prompts by parts,
in the order of `Part::all` in src/engine/ablation.rs.
"""

import json
import sys
from pathlib import Path

import numpy as np
from fusion import interact, read_weights
from safetensors.numpy import load_file, save_file

MODEL, FIXTURE = Path(sys.argv[1]), Path(sys.argv[2])


def main():
    weights, fusion = read_weights(MODEL), json.loads((MODEL / "config.json").read_text())["fusion"]
    tokens = load_file(FIXTURE / "expected.safetensors")
    tokens = {name: tokens[name].astype(np.float64) for name in tokens if name.startswith(("image_", "text_"))}
    images = list(zip(tokens["image_global"], tokens["image_local"]))
    texts = list(zip(tokens["text_global"], tokens["text_local"]))

    def both(image, text, **part):
        i2t, _ = interact(weights, fusion, image, text[0], **part)
        t2i, _ = interact(weights, fusion, text, image[0], **part)
        return i2t, t2i

    def parts(image, text):
        whole = both(image, text)
        layers, heads = range(fusion["layers"]), range(fusion["heads"])
        switched_off = [{(layer, head) for head in heads} for layer in layers]
        switched_off += [{(layer, head)} for layer in layers for head in heads]
        return [
            np.mean(whole),
            np.mean(both(image, text, keys=slice(0, 1))),
            np.mean(both(image, text, keys=slice(1, None))),
            *whole,
            *(np.mean(both(image, text, off=off)) for off in switched_off),
        ]

    logits = np.array([[parts(image, text) for text in texts] for image in images])
    save_file({"logits": logits.astype(np.float32)}, FIXTURE / "ablation.safetensors")


main()
