"""The pictures that bench.py works on, made from nothing and kept in a folder: noise of all sizes with edges and the
grain of a sensor, which compresses as photographs do, and flat drawings, which compress as screenshots do."""

import io
import struct
import zlib
from pathlib import Path

import numpy
from PIL import Image

SIZES = {"64": (64, 64), "0.4MP": (768, 512), "6MP": (3000, 2000), "24MP": (6000, 4000)}


def _noise(rng, width, height, cell):
    """Noise that is smooth over `cell` pixels."""
    small = rng.random((height // cell + 3, width // cell + 3), dtype=numpy.float32)
    image = Image.fromarray(small, "F").resize((width, height), Image.Resampling.BICUBIC)
    return numpy.asarray(image)


def photo(size, seed=1):
    """(height, width, 3) bytes like a photograph's."""
    width, height = SIZES[size]
    rng = numpy.random.default_rng(seed)
    light = numpy.zeros((height, width), numpy.float32)
    for cell, weight in ((max(width // 3, 2), 150), (max(width // 12, 2), 70), (60, 46), (16, 36), (5, 34), (2, 34)):
        light += weight * (_noise(rng, width, height, cell) - 0.5)
    # Edges: things before other things, each of another tone.
    for level in (0.45, 0.6, 0.7):
        shape = _noise(rng, width, height, max(width // 8, 2)) > level
        light += numpy.where(shape, 38, 0)
    out = numpy.empty((height, width, 3), numpy.uint8)
    for channel, tone in enumerate((1.0, 0.93, 0.8)):
        tint = 50 * (_noise(rng, width, height, max(width // 5, 2)) - 0.5)
        # A sensor's grain, smoothed as demosaicing does it.
        grain = rng.normal(0, 3.6, (height, width)).astype(numpy.float32)
        grain = (grain + numpy.roll(grain, 1, 1) + numpy.roll(grain, 1, 0)) / 1.7
        out[..., channel] = numpy.clip(light * tone + tint + 110 + grain, 0, 255)
    return out


def drawing(size, seed=2):
    """(height, width, 4) bytes like a screenshot's: boxes, lines of small marks, a soft ramp."""
    width, height = SIZES[size]
    rng = numpy.random.default_rng(seed)
    out = numpy.full((height, width, 4), 255, numpy.uint8)
    out[: height // 6, :, 2] = numpy.linspace(120, 250, width).astype(numpy.uint8)
    marks = [rng.random((11, 7)) > 0.55 for _ in range(40)]
    for _ in range(max(width * height // 20000, 3)):
        y, x = rng.integers(0, height), rng.integers(0, width)
        h, w = rng.integers(20, height // 4 + 21), rng.integers(20, width // 4 + 21)
        out[y : y + h, x : x + w, :3] = rng.integers(0, 256, 3)
        for line in range(y + 6, min(y + h, height) - 16, 18):
            for at in range(x + 6, min(x + w, width) - 16, 9):
                if rng.random() < 0.8:
                    out[line : line + 11, at : at + 7][marks[rng.integers(0, 40)]] = (20, 20, 20, 255)
    return out


def colours(pixels, count=256):
    """The pixels as numbers of a palette, and the palette."""
    image = Image.fromarray(pixels).quantize(count, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return image


def animation(frames=100, width=640, height=360):
    """Frames of colours over a still ground."""
    ground = Image.fromarray(photo("6MP")).resize((width, height)).quantize(200)
    things = []
    for i in range(frames):
        frame = ground.copy()
        frame.paste(i % 200, (5 * i % width, 40, 5 * i % width + 90, 170))
        noise = numpy.random.default_rng(i).integers(0, 200, (60, 200), dtype=numpy.uint8)
        frame.paste(Image.fromarray(noise, "P"), (200, 200))
        things.append(frame)
    return things


def encoded(image, format, **options):
    to = io.BytesIO()
    image.save(to, format, **options)
    return to.getvalue()


def zlib_stream(png):
    """The bytes of a PNG's IDAT chunks, joined."""
    at, parts = 8, []
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            parts.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return b"".join(parts)


def interlaced(pixels):
    """A PNG in Adam7's order, filtered by Paeth, which Pillow does not write."""
    height, width, samples = pixels.shape
    rows = []
    for y0, x0, dy, dx in ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)):
        part = pixels[y0::dy, x0::dx].astype(numpy.int16)
        a, b, c = (numpy.zeros_like(part) for _ in range(3))
        a[:, 1:], b[1:], c[1:, 1:] = part[:, :-1], part[:-1], part[:-1, :-1]
        p = a + b - c
        pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
        best = numpy.where((pa <= pb) & (pa <= pc), a, numpy.where(pb <= pc, b, c))
        filtered = ((part - best) & 255).astype(numpy.uint8).reshape(len(part), -1)
        rows.append(numpy.hstack([numpy.full((len(part), 1), 4, numpy.uint8), filtered]).tobytes())

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[samples], 0, 0, 1)
    body = zlib.compress(b"".join(rows), 6)
    chunks = [body[i : i + 65536] for i in range(0, len(body), 65536)]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(b"IDAT", c) for c in chunks) + chunk(b"IEND", b"")


class Inputs:
    """Makes each file once."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._pixels = {}

    def pixels(self, size, kind="photo"):
        key = (size, kind)
        if key not in self._pixels:
            kept = self.folder / f"{kind}-{size}.npy"
            if not kept.exists():
                numpy.save(kept, photo(size) if kind == "photo" else drawing(size))
            self._pixels[key] = numpy.load(kept)
        return self._pixels[key]

    def file(self, name, make):
        path = self.folder / name
        if not path.exists():
            path.write_bytes(make())
        return path.read_bytes()
