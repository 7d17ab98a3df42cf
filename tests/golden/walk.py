"""Golden numbers of every step from a sentence to its score, on the micro model, computed in float64 by NumPy alone.

    pip install numpy safetensors
    cargo run -- convert tests/fixtures/carzero-micro/carzero.ckpt --tokenizer tests/fixtures/carzero-micro/tokenizer.json \\
        --precision f32 --vision-heads 4 --text-heads 4 --out micro
    python tests/golden/walk.py micro tests/fixtures/carzero-micro

It takes the official implementation's tokens of the first image and the first prompt, and writes walk.safetensors: the
vectors that the fusion takes, the weights of every layer and head over all keys, the two rows that come out of it, and
what each layer of the projector makes of them.
"""

import json
import sys
from pathlib import Path

import numpy as np
from fusion import norm, read_weights, walk
from safetensors.numpy import load_file, save_file

MODEL, FIXTURE = Path(sys.argv[1]), Path(sys.argv[2])
WORDS = 5  # [CLS] there is atelectasis [SEP]


def main():
    weights, fusion = read_weights(MODEL), json.loads((MODEL / "config.json").read_text())["fusion"]
    tokens = load_file(FIXTURE / "expected.safetensors")
    image, text = (
        [tokens[f"{side}_{part}"][0].astype(np.float64) for part in ("global", "local")] for side in ("image", "text")
    )
    take = lambda rows: norm(weights, "fusion_module.decoder.norm", rows, fusion["norm_eps"])
    i2t, t2i = walk(weights, fusion, image, text[0]), walk(weights, fusion, text, image[0])
    words = [np.mean(walk(weights, fusion, image, row)["attention"], (0, 1))[1:] for row in text[1][:WORDS]]
    steps = {
        "word_vectors": take(text[1][:WORDS]),
        "text_vector": take(text[0]),
        "image_vector": take(image[0]),
        "patches": i2t["attention"][..., 1:],
        "attended_words": t2i["attention"][..., 1 : 1 + WORDS],
        "attended_text": t2i["attention"][..., 0],
        "word_patches": np.array(words),
        "fused": np.stack([i2t["row"], t2i["row"]]),
    }
    for index, layers in enumerate(zip(i2t["projector"], t2i["projector"])):
        steps[f"projector_{index}"] = np.stack(layers)
    save_file({name: values.astype(np.float32) for name, values in steps.items()}, FIXTURE / "walk.safetensors")


main()
