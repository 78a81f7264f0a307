#!/usr/bin/env python3
"""Writes the table of src/model/recolor/tests.rs: what Pillow's convert makes of a few pixels of each mode.

    python3 scripts/golden/recolor.py > src/model/recolor/golden.txt

A line is: mode, mode asked for, pixels in, pixels out; the pixels as hexadecimal bytes, little-endian.
"""
import random
import warnings

from PIL import Image

warnings.simplefilter("ignore")
random.seed(7)
SOURCES = {"1": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4, "YCbCr": 3, "HSV": 3, "LAB": 3, "I": 4, "F": 4, "RGBa": 4}
TARGETS = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F"]
WIDTH, HEIGHT = 9, 3


def source(mode, samples):
    count = WIDTH * HEIGHT
    if mode == "1":
        image = Image.new("1", (WIDTH, HEIGHT))
        image.putdata([255 * random.randrange(2) for _ in range(count)])
        return image
    if mode in ("I", "F"):
        image = Image.new(mode, (WIDTH, HEIGHT))
        values = [random.randrange(-100, 400) for _ in range(count)]
        image.putdata([v + 0.375 if mode == "F" else v for v in values])
        return image
    if mode == "LAB":
        # Colours that a screen can show; of others Little CMS takes its own nearest.
        return source("RGB", 3).convert("LAB")
    return Image.frombytes(mode, (WIDTH, HEIGHT), bytes(random.randrange(256) for _ in range(count * samples)))


def array(image):
    """The bytes as numpy sees them: a byte a pixel of mode 1."""
    if image.mode == "1":
        return bytes(1 if v else 0 for v in image.tobytes("raw", "L"))
    return image.tobytes()


for mode, samples in SOURCES.items():
    image = source(mode, samples)
    for target in TARGETS:
        # Pillow quantises colours with alpha to a palette of their own.
        if target == mode or mode in ("RGBA", "RGBa") and target in ("P", "PA"):
            continue
        # On these ways Pillow loses the alpha, which we keep.
        if mode == "RGBA" and target == "La" or mode == "RGBa" and target in ("LA", "La"):
            continue
        # The fourth byte means nothing; of LA it is what lay there.
        if (mode, target) == ("LA", "RGBX"):
            continue
        try:
            converted = image.convert(target)
        except ValueError:
            continue
        print(mode, target, array(image).hex(), array(converted).hex())
