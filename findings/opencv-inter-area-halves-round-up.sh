#!/usr/bin/env bash
# OpenCV's INTER_AREA rounds halves up when it halves an 8-bit image, and to even when it divides by 4 or 6.
#
# opencv-python-headless 4.12.0.88. `cv2.resize(…, interpolation=cv2.INTER_AREA)` is how CARZero and many other
# radiograph pipelines shrink films. The mean of 2 x 2 pixels is taken in whole numbers, (sum + 2) >> 2, so that a
# half goes up; larger blocks are averaged in floating point and rounded to even. Noise that is halved therefore gets
# brighter by 1/8 of a grey level on average, once for each level of a pyramid; the same noise divided by 4 in one
# step does not. A port that rounds in one way only is off by one level in an eighth of all pixels.
#
# Seen:
#   by 2: means 0.5 1.5 2.5 3.5 become 1 2 3 4, noise gains +0.125
#   by 4: means 0.5 1.5 2.5 3.5 become 0 2 2 4, noise gains -0.002
#   by 6: means 0.5 1.5 2.5 3.5 become 0 2 2 4, noise gains +0.002
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet opencv-python-headless==4.12.0.88 numpy==2.2.6
"$folder/env/bin/python" - <<'PYTHON'
import cv2
import numpy as np


noise = np.random.default_rng(1).integers(0, 256, (1536, 1536), dtype=np.uint8)


def shrink(image, times):
    size = (image.shape[1] // times, image.shape[0] // times)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def block(times, half):
    """Pixels whose mean is `half` + 0.5."""
    pixels = np.full(times * times, half, dtype=np.uint8)
    pixels[: times * times // 2] += 1
    return pixels.reshape(times, times)


for times, expected, gain in [(2, [1, 2, 3, 4], 0.125), (4, [0, 2, 2, 4], 0.0), (6, [0, 2, 2, 4], 0.0)]:
    means = [int(shrink(np.tile(block(times, half), (8, 8)), times)[0, 0]) for half in range(4)]
    exact = noise.reshape(1536 // times, times, 1536 // times, times).mean((1, 3))
    gained = float((shrink(noise, times) - exact).mean())
    print(f"by {times}: means 0.5 1.5 2.5 3.5 become {' '.join(map(str, means))}, noise gains {gained:+.3f}")
    assert means == expected, means
    assert abs(gained - gain) < 0.004, gained
PYTHON
