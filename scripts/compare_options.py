#!/usr/bin/env python3
"""Compares the options of the read calls with Pillow, over files that Pillow writes: every mode, region, reduce, rotate,
background and apply_gamma.

    python3 scripts/compare_options.py target/debug/libimageio.so PATH_TO_iio_native

The second argument is a folder with a module `iio_native` that gives imageio.v3's calls over the C ABI.
"""
import io
import itertools
import sys
import warnings

import numpy as np
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[2])
import iio_native  # noqa: E402

native = iio_native.load(sys.argv[1])
rng = np.random.default_rng(5)
HEIGHT, WIDTH = 37, 53
MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F"]
failed = checked = 0


def smooth(samples):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [(127 + 120 * np.sin(x / (5 + k) + k) * np.cos(y / (7 - k))).astype(np.uint8) for k in range(samples)]
    return np.stack(planes, -1)


def encode(image, name, **options):
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def sources():
    noise = rng.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
    for label, pixels in (("noise", noise), ("smooth", smooth(4))):
        pixels = np.ascontiguousarray(pixels)
        rgb, rgba = Image.fromarray(pixels[..., :3].copy()), Image.fromarray(pixels)
        gray = Image.fromarray(pixels[..., 0].copy())
        yield f"L png {label}", encode(gray, "PNG"), ".png"
        yield f"1 png {label}", encode(gray.point(lambda v: v > 127 and 255).convert("1"), "PNG"), ".png"
        yield f"LA png {label}", encode(Image.fromarray(pixels[..., :2].copy()), "PNG"), ".png"
        yield f"RGB png {label}", encode(rgb, "PNG", gamma=0.45), ".png"
        yield f"RGBA png {label}", encode(rgba, "PNG"), ".png"
        yield f"P png {label}", encode(rgb.quantize(200), "PNG"), ".png"
        yield f"P4 png {label}", encode(rgb.quantize(13), "PNG", bits=4), ".png"
        yield f"P bmp {label}", encode(rgb.quantize(99), "BMP"), ".bmp"
        yield f"P tga {label}", encode(rgb.quantize(99), "TGA"), ".tga"
        yield f"P pcx {label}", encode(rgb.quantize(99), "PCX"), ".pcx"
        yield f"P gif {label}", encode(rgb.quantize(60), "GIF"), ".gif"
        yield f"RGB bmp {label}", encode(rgb, "BMP"), ".bmp"
        yield f"RGB ppm {label}", encode(rgb, "PPM"), ".ppm"
        for sampling in (0, 1, 2):
            yield f"RGB jpeg {sampling} {label}", encode(rgb, "JPEG", subsampling=sampling, quality=90), ".jpg"
        yield f"RGB jpeg progressive {label}", encode(rgb, "JPEG", progressive=True), ".jpg"
        yield f"L jpeg {label}", encode(gray, "JPEG"), ".jpg"
        yield f"CMYK jpeg {label}", encode(rgba.convert("RGB").convert("CMYK"), "JPEG"), ".jpg"
        for turn in (2, 3, 4, 5, 6, 7, 8):
            exif = Image.Exif()
            exif[0x0112] = turn
            yield f"RGB jpeg turned {turn} {label}", encode(rgb, "JPEG", exif=exif), ".jpg"


def check(what, got, expected, slack=0):
    global failed, checked
    checked += 1
    if got.shape != expected.shape or got.dtype != expected.dtype:
        failed += 1
        print(f"{what}: {got.dtype} {got.shape}, not {expected.dtype} {expected.shape}")
        return
    off = np.abs(got.astype(np.float64) - expected.astype(np.float64))
    if off.size and off.max() > slack:
        failed += 1
        print(f"{what}: {np.count_nonzero(off > slack)} of {off.size} differ, by up to {off.max()}")


def read(data, extension, **options):
    got = np.asarray(native.imread(data, extension=extension, index=0, **options))
    props = native.improps(data, extension=extension, index=0, **options)
    assert tuple(props.shape) == got.shape and props.dtype == got.dtype, (props, got.shape, got.dtype, options)
    return got


def modes(name, data, extension):
    for mode in MODES:
        image = Image.open(io.BytesIO(data))
        image.load()
        kept = mode in ("P", "PA") and image.mode in ("RGBA", "P") and mode != image.mode
        lost = mode == "La" or mode == "RGBa" and image.mode in ("L", "LA", "1", "P", "CMYK")
        # Pillow knows that the colours of a palette are few, and takes the nearer of black and white.
        few = image.mode == "P" and mode == "1"
        if kept or lost or few or image.mode == "LA" and mode in ("RGBX",):
            continue
        try:
            expected = np.asarray(image if image.mode == mode else image.convert(mode))
        except ValueError:
            continue
        if mode == "LAB":
            # Signed and unsigned samples, both near in a circle of 256.
            got = (read(data, extension, mode=mode) - expected).astype(np.int8)
            check(f"{name} mode {mode}", got, np.zeros_like(got), 2)
            continue
        check(f"{name} mode {mode}", read(data, extension, mode=mode), expected)


def parts(name, data, extension):
    image = Image.open(io.BytesIO(data))
    image.load()
    for options in ({}, {"rotate": True}, {"reduce": 2}, {"reduce": 8, "rotate": True}, {"mode": "1"}, {"mode": "P"}):
        whole = read(data, extension, **options)
        height, width = whole.shape[:2]
        for x, y, w, h in ((0, 0, width, height), (0, 0, 1, 1), (width - 1, height - 1, 1, 1), (width // 3, height // 4, width // 2, height // 2)):
            if w and h:
                got = read(data, extension, region=[x, y, w, h], **options)
                check(f"{name} region {x, y, w, h} {options}", got, whole[y : y + h, x : x + w])
    turned = ImageOps.exif_transpose(image)
    if turned.mode not in ("P",):
        check(f"{name} rotate", read(data, extension, rotate=True), np.asarray(turned))
    for by in (2, 4, 8):
        if "jpeg" in name:
            small = Image.open(io.BytesIO(data))
            small.draft(None, (WIDTH // by, HEIGHT // by))
            check(f"{name} reduce {by}", read(data, extension, reduce=by), np.asarray(small))
        elif image.mode in ("L", "LA", "RGB", "RGBA"):
            check(f"{name} reduce {by}", read(data, extension, reduce=by), np.asarray(image.reduce(by)))
            check(f"{name} scale {by}", read(data, extension, scale=1 / by), np.asarray(image.reduce(by)))
    if image.mode == "RGBA":
        behind = Image.new("RGBA", image.size, (10, 200, 30, 255))
        laid = np.asarray(Image.alpha_composite(behind, image).convert("RGB"))
        check(f"{name} background", read(data, extension, background=[10, 200, 30]), laid)
    if "gamma" in image.info:
        lit = ((np.asarray(image) / 255.0) ** image.info["gamma"]) * 255.0 + 0.4999
        check(f"{name} apply_gamma", read(data, extension, apply_gamma=True), np.round(lit).astype(np.uint8))


for name, data, extension in sources():
    modes(name, data, extension)
    parts(name, data, extension)
print(f"{checked} comparisons, {failed} failed")
sys.exit(failed > 0)
