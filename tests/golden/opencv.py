"""Checksums of what OpenCV makes of pictures and colours.

    pip install opencv-python-headless==5.0.0.93    # 4.14 gives the same
    python tests/golden/opencv.py > tests/fixtures/opencv.csv

A line has a picture's width and height, the side of the square that the official code makes of it (`resize_img`:
INTER_AREA, black around), and the CRC-32 of its pixels. The first line has the CRC-32 of the luma of all 2^24 colours,
in the order of their RGB numbers.
"""

from zlib import crc32

import cv2
import numpy as np


def picture(width, height):
    """Noise that `tests/pictures.rs` repeats: a hash of each pixel's index."""
    index = np.arange(width * height, dtype=np.uint32)
    bits = index * np.uint32(0x9E3779B9)
    bits = (bits ^ (bits >> 15)) * np.uint32(0x85EBCA6B)
    return (bits >> 24).astype(np.uint8).reshape(height, width)


def square(grey, size):
    height, width = grey.shape
    if height > width:
        new_width, new_height = max(int(width * (size / height)), 1), size
    else:
        new_width, new_height = size, max(int(height * (size / width)), 1)
    resized = cv2.resize(grey, (new_width, new_height), interpolation=cv2.INTER_AREA)
    square = np.zeros((size, size), np.uint8)
    left, top = (size - new_width) // 2, (size - new_height) // 2
    square[top : top + new_height, left : left + new_width] = resized
    return square


def luma():
    numbers = np.arange(1 << 24, dtype=np.uint32)
    colours = np.stack([numbers >> shift & 255 for shift in (16, 8, 0)], -1).astype(np.uint8)
    return cv2.cvtColor(colours.reshape(4096, 4096, 3), cv2.COLOR_RGB2GRAY)


sizes = [(width, height, size) for size in (31, 64) for width in range(1, 140, 6) for height in range(1, 140, 9)]
# One pixel more or less than the square, whole multiples (2, and 49, whose inverse is not exact), and real sizes.
sizes += [(256 + x, height, 256) for x in (-2, -1, 0, 1, 2) for height in (180, 255, 256, 257)]
sizes += [(512, 512, 256), (512, 256, 256), (768, 512, 256), (1519, 1519, 31), (1519, 98, 31), (1024, 899, 256), (899, 1024, 256)]
print(f"luma,,,{crc32(luma().tobytes())}")
for width, height, size in sizes:
    print(f"{width},{height},{size},{crc32(square(picture(width, height), size).tobytes())}")
