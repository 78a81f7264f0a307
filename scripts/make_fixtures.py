#!/usr/bin/env python3
"""Writes tests/data: small images of every kind, and expected.txt, which says what a default read of each must give.

PNG, GIF, BMP, PNM, farbfeld and HDR files are put together here byte by byte, so that what they hold is known without
any decoder; Pillow writes the JPEG, WebP, TGA and QOI files. Where Pillow can read a file as we mean to, it is asked for a second opinion.

    python3 scripts/make_fixtures.py [FOLDER]
"""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "tests" / "data"
EXPECTED = []


def fnv1a(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def keep(name, data, array, images=1, default="0", tolerance=None):
    """One fixture and its line. `array` is the default read; `tolerance` makes it a comparison of channel means."""
    assert len(data) < 20_000, (name, len(data))
    (OUT / name).write_bytes(data)
    array = np.ascontiguousarray(array)
    shape = "x".join(map(str, array.shape))
    if tolerance is None:
        how = f"exact {fnv1a(array.tobytes()):016x}"
    else:
        flat = array.reshape(-1, array.shape[-1]) if array.ndim > 2 else array.reshape(-1, 1)
        how = f"mean {tolerance} " + " ".join(f"{m:.3f}" for m in flat.mean(axis=0, dtype=float))
    EXPECTED.append(f"{name} {shape} {array.dtype} {images} {default} {int(default == 'all')} {how}")


def second_opinion(name, data, array, mode):
    image = Image.open(io.BytesIO(data))
    assert np.array_equal(np.asarray(image.convert(mode)), array), f"{name}: Pillow sees another picture"


# Pictures: gradients with a shape in them, of odd sizes, so that packing, filters and padding all matter.


def ramp(h, w, channels, top=255, seed=0):
    y, x = np.mgrid[0:h, 0:w].astype(float)
    planes = []
    for c in range(channels):
        p = (x * (3 + c) / w + y * (5 - c) / h + seed * 0.37 + c * 0.21) % 1.0
        p[h // 4 : h // 2, w // 4 : w // 2] = (0.9 - 0.2 * c + seed * 0.1) % 1.0
        planes.append(np.round(p * top))
    a = np.stack(planes, axis=-1) if channels > 1 else planes[0]
    return a.astype(np.uint8 if top <= 255 else np.uint16)


# PNG


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def pack_rows(samples, depth):
    """(h, w, c) samples → one bytes object a row."""
    h = samples.shape[0]
    flat = samples.reshape(h, -1)
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in flat]
    if depth == 8:
        return [row.astype(np.uint8).tobytes() for row in flat]
    rows = []
    for row in flat:
        bits = "".join(format(int(v), f"0{depth}b") for v in row)
        bits += "0" * (-len(bits) % 8)
        rows.append(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)))
    return rows


def filtered(rows, bpp):
    """All five filter types in turn."""
    out, before = b"", None
    for n, row in enumerate(rows):
        kind = n % 5
        up = before or bytes(len(row))
        line = bytearray()
        for i, v in enumerate(row):
            a = row[i - bpp] if i >= bpp else 0
            b = up[i]
            c = up[i - bpp] if i >= bpp else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((v - (0, a, b, (a + b) // 2, paeth)[kind]) & 255)
        out += bytes([kind]) + bytes(line)
        before = row
    return out


ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def png(samples, depth, color, interlace=False, before=(), pieces=1, after=()):
    if samples.ndim == 2:
        samples = samples[:, :, None]
    h, w, c = samples.shape
    bpp = max(1, c * depth // 8)
    if interlace:
        raw = b""
        for y, x, dy, dx in ADAM7:
            part = samples[y::dy, x::dx]
            if part.size:
                raw += filtered(pack_rows(part, depth), bpp)
    else:
        raw = filtered(pack_rows(samples, depth), bpp)
    packed = zlib.compress(raw, 9)
    step = -(-len(packed) // pieces)
    idat = b"".join(chunk(b"IDAT", packed[i : i + step]) for i in range(0, len(packed), step))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, int(interlace)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + idat + b"".join(after) + chunk(b"IEND", b"")


def palette(n, seed=0):
    return np.array([[(i * 37 + seed * 91) % 256, (i * 91 + 40) % 256, (255 - i * 13) % 256] for i in range(n)], np.uint8)


def pngs():
    h, w = 11, 13
    for interlace, tail in ((False, ""), (True, "_adam7")):
        bits = ramp(h, w, 1, 1)
        keep(f"gray1{tail}.png", png(bits, 1, 0, interlace), bits.astype(bool))
        rgb = ramp(h, w, 3)
        data = png(rgb, 8, 2, interlace)
        keep(f"rgb8{tail}.png", data, rgb)
        second_opinion("rgb8", data, rgb, "RGB")
        rgba16 = ramp(h, w, 4, 65535)
        keep(f"rgba16{tail}.png", png(rgba16, 16, 6, interlace), rgba16)
        table = palette(16)
        index = ramp(h, w, 1, 15)
        data = png(index, 4, 3, interlace, [chunk(b"PLTE", table.tobytes())])
        keep(f"palette4{tail}.png", data, table[index])
        second_opinion("palette4", data, table[index], "RGB")
    for depth in (2, 4, 8):
        gray = ramp(h, w, 1, 2**depth - 1)
        keep(f"gray{depth}.png", png(gray, depth, 0), gray * np.uint8(255 // (2**depth - 1)))
    gray16 = ramp(h, w, 1, 65535)
    keep("gray16.png", png(gray16, 16, 0), gray16)
    keep("la8.png", png(ramp(h, w, 2), 8, 4), ramp(h, w, 2))
    keep("la16.png", png(ramp(h, w, 2, 65535), 16, 4), ramp(h, w, 2, 65535))
    keep("rgb16.png", png(ramp(h, w, 3, 65535), 16, 2), ramp(h, w, 3, 65535))
    keep("rgba8.png", png(ramp(h, w, 4), 8, 6), ramp(h, w, 4))
    for depth in (1, 2, 8):
        n = 2**depth
        index = ramp(h, w, 1, n - 1)
        keep(f"palette{depth}.png", png(index, depth, 3, False, [chunk(b"PLTE", palette(n, 3).tobytes())]), palette(n, 3)[index])
    table, index = palette(256, 1), ramp(h, w, 1, 255)
    alpha = np.array([(i * 29) % 256 for i in range(200)] + [255] * 56, np.uint8)
    shown = np.concatenate([table[index], alpha[index][:, :, None]], axis=-1)
    data = png(index, 8, 3, False, [chunk(b"PLTE", table.tobytes()), chunk(b"tRNS", alpha[:200].tobytes())])
    keep("palette8_alpha.png", data, shown)
    second_opinion("palette8_alpha", data, shown, "RGBA")
    rgb = ramp(h, w, 3)
    keep("rgb8_key.png", png(rgb, 8, 2, False, [chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0])))]), rgb)
    keep("one.png", png(np.array([[[9, 8, 7]]], np.uint8), 8, 2), np.array([[[9, 8, 7]]], np.uint8))
    keep("pieces.png", png(rgb, 8, 2, pieces=9), rgb)
    words = [
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1)),
        chunk(b"tEXt", b"Title\0made by a script"),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a longer word " * 20)),
        chunk(b"iTXt", b"Author\0\0\0de\0Autor\0" + "näme".encode()),
    ]
    keep("text.png", png(rgb, 8, 2, False, words), rgb)
    apng()


def apng():
    frames = [ramp(16, 20, 4, seed=s) for s in range(3)]
    for f in frames:
        f[:, :, 3] = 255
    control = lambda n: chunk(b"fcTL", struct.pack(">IIIIIHHBB", n, 20, 16, 0, 0, 1, 10, 0, 0))
    pixels = lambda f: zlib.compress(filtered(pack_rows(f, 8), 4), 9)
    after = []
    for i, f in enumerate(frames[1:]):
        after += [control(1 + 2 * i), chunk(b"fdAT", struct.pack(">I", 2 + 2 * i) + pixels(f))]
    data = png(frames[0], 8, 6, False, [chunk(b"acTL", struct.pack(">II", 3, 0)), control(0)], after=after)
    keep("animated.png", data, np.stack(frames), 3, "all")


# GIF


def lzw(indices, depth):
    size = max(2, depth)
    clear, end = 1 << size, (1 << size) + 1
    table = {(i,): i for i in range(clear)}
    width, out, acc, filled = size + 1, bytearray(), 0, 0

    def put(code):
        nonlocal acc, filled
        acc |= code << filled
        filled += width
        while filled >= 8:
            out.append(acc & 255)
            acc >>= 8
            filled -= 8

    put(clear)
    word, following = (), end + 1
    for v in map(int, indices):
        longer = word + (v,)
        if longer in table:
            word = longer
            continue
        put(table[word])
        if following < 4096:
            table[longer] = following
            if following == 1 << width and width < 12:
                width += 1
            following += 1
        word = (v,)
    put(table[word])
    put(end)
    if filled:
        out.append(acc & 255)
    blocks = b"".join(bytes([len(out[i : i + 255])]) + bytes(out[i : i + 255]) for i in range(0, len(out), 255))
    return bytes([size]) + blocks + b"\0"


class Frame:
    def __init__(self, index, at=(0, 0), disposal=0, transparent=None, local=None, delay=10, interlace=False):
        self.index, self.at, self.disposal, self.transparent = index, at, disposal, transparent
        self.local, self.delay, self.interlace = local, delay, interlace


def gif(size, table, frames, background=0, loop=0):
    depth = max(1, int(len(table) - 1).bit_length())
    out = b"GIF89a" + struct.pack("<HHBBB", size[1], size[0], 0x80 | 0x70 | (depth - 1), background, 0) + table.tobytes()
    if loop is not None:
        out += b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", loop) + b"\0"
    for f in frames:
        shows = f.transparent is not None
        out += b"\x21\xf9\x04" + struct.pack("<BHB", f.disposal << 2 | shows, f.delay, f.transparent or 0) + b"\0"
        h, w = f.index.shape
        flags = 0x40 if f.interlace else 0
        if f.local is not None:
            flags |= 0x80 | (int(len(f.local) - 1).bit_length() - 1)
        out += b"\x2c" + struct.pack("<HHHHB", f.at[1], f.at[0], w, h, flags)
        out += f.local.tobytes() if f.local is not None else b""
        rows = [*range(0, h, 8), *range(4, h, 8), *range(2, h, 4), *range(1, h, 2)] if f.interlace else range(h)
        out += lzw(np.concatenate([f.index[r] for r in rows]), depth)
    return out + b";"


def composed(size, table, frames, background=0):
    """What is on the screen at each frame: RGBA if the first frame names a transparent colour, else RGB."""
    alpha = frames[0].transparent is not None
    empty = [0, 0, 0, 0] if alpha else [*table[background], 255]
    screen = np.empty((*size, 4), np.uint8)
    screen[:] = empty
    shown = []
    for f in frames:
        (y, x), (h, w) = f.at, f.index.shape
        before = screen.copy()
        colours = (f.local if f.local is not None else table)[f.index]
        visible = f.index != f.transparent if f.transparent is not None else np.ones((h, w), bool)
        screen[y : y + h, x : x + w][visible] = np.dstack([colours, np.full((h, w), 255, np.uint8)])[visible]
        shown.append(screen.copy())
        if f.disposal == 2:
            screen[y : y + h, x : x + w] = empty
        elif f.disposal == 3:
            screen = before
    stack = np.stack(shown)
    return stack if alpha else stack[:, :, :, :3]


def keep_gif(name, size, table, frames, background=0, loop=0):
    data = gif(size, table, frames, background, loop)
    stack = composed(size, table, frames, background)
    keep(name, data, stack, len(frames), "all")
    mode = "RGBA" if stack.shape[-1] == 4 else "RGB"
    pillow = [np.asarray(f.convert(mode)) for f in ImageSequence.Iterator(Image.open(io.BytesIO(data)))]
    for i, (ours, theirs) in enumerate(zip(stack, pillow, strict=True)):
        if not np.array_equal(ours, theirs):
            sys.exit(f"{name}: Pillow sees another frame {i}: {np.argwhere(ours != theirs)[:3].tolist()}")


def gifs():
    size = (17, 23)
    table = palette(16, 2)
    table[0] = 0  # background and transparent colour are black wherever it does not matter, so that it cannot matter
    full = lambda seed: ramp(*size, 1, 14, seed) + np.uint8(1)
    part = lambda seed: ramp(7, 9, 1, 14, seed) + np.uint8(1)
    ringed = part(5)
    ringed[2:5, 3:6] = 0
    holed = full(1)
    holed[3:9, 4:15] = 0
    keep_gif("single.gif", size, table, [Frame(full(0))], loop=None)
    keep_gif("interlaced.gif", size, table, [Frame(full(2), interlace=True)], loop=None)
    gray = np.repeat((np.arange(16, dtype=np.uint8) * 17)[:, None], 3, axis=1)
    keep_gif("gray.gif", size, gray, [Frame(full(3))], loop=None)
    keep_gif("see_through.gif", size, table, [Frame(holed, transparent=0)], loop=None)
    keep_gif("keep.gif", size, table, [Frame(full(0), disposal=1), Frame(part(1), (3, 4), 1), Frame(part(2), (9, 13), 0)])
    keep_gif("skip.gif", size, table, [Frame(full(0), disposal=1), Frame(ringed, (3, 4), 1, 0), Frame(ringed, (8, 2), 1, 0)])
    keep_gif("background.gif", size, table, [Frame(holed, disposal=2, transparent=0), Frame(ringed, (3, 4), 2, 0), Frame(part(2), (6, 8), 1, 0)])
    keep_gif("previous.gif", size, table, [Frame(full(0), disposal=1), Frame(part(1), (3, 4), 3), Frame(part(2), (8, 9), 3), Frame(part(3), (1, 1), 1)])
    keep_gif("previous_alpha.gif", size, table, [Frame(holed, disposal=1, transparent=0), Frame(ringed, (3, 4), 3, 0), Frame(part(2), (8, 9), 1, 0)])
    other = [palette(16, 7), palette(16, 11)]
    keep_gif("local.gif", size, table, [Frame(full(0), disposal=1), Frame(full(1), disposal=1, local=other[0]), Frame(part(1), (3, 4), 1, None, other[1])])
    keep_gif("backdrop.gif", size, table, [Frame(full(0), disposal=1), Frame(part(1), (3, 4), 2), Frame(part(2), (9, 10), 1)], background=5)
    many = palette(256, 5)
    noise = np.random.RandomState(7).randint(0, 256, (72, 96)).astype(np.uint8)
    keep_gif("codes.gif", (72, 96), many, [Frame(noise)], loop=None)


# BMP


def bmp(rows, size, depth, table=b"", compression=0, header=40, masks=b"", top_down=False):
    h, w = size
    tail = masks if header == 40 else masks.ljust(header - 40, b"\0")
    offset = 14 + 40 + len(tail) + len(table)
    info = struct.pack("<IiiHHIIiiII", header, w, -h if top_down else h, 1, depth, compression, len(rows), 2835, 2835, len(table) // 4, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + info + tail + table + rows


def bmp_rows(samples, depth, top_down=False):
    order = samples if top_down else samples[::-1]
    return b"".join(r + b"\0" * (-len(r) % 4) for r in pack_rows(order.reshape(order.shape[0], -1), depth))


def runs(index, depth):
    """RLE8 or RLE4: runs where values repeat, absolute pieces where they do not, bottom row first."""
    out = b""
    for row in index[::-1]:
        row, x = [int(v) for v in row], 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x] and n < 255:
                n += 1
            m = 1
            while n < 3 and x + m + 1 < len(row) and row[x + m] != row[x + m + 1] and m < 20:
                m += 1
            if n < 3 and m >= 3:
                piece = row[x : x + m]
                body = bytes(piece) if depth == 8 else bytes((piece + [0])[i] << 4 | (piece + [0])[i + 1] for i in range(0, m, 2))
                out += bytes([0, m]) + body + b"\0" * (len(body) % 2)
                x += m
            else:
                out += bytes([n, row[x] if depth == 8 else row[x] * 17])
                x += n
        out += b"\0\0"
    return out + b"\0\1"


def bmps():
    size = h, w = 11, 13
    quads = lambda t: np.concatenate([t[:, ::-1], np.zeros((len(t), 1), np.uint8)], axis=1).tobytes()

    def tell(name, data, array, mode=None):
        keep(name, data, array)
        if mode:
            second_opinion(name, data, array, mode)

    bits = ramp(h, w, 1, 1)
    ink = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    tell("mono.bmp", bmp(bmp_rows(bits, 1), size, 1, quads(ink)), bits.astype(bool))
    tell("palette1.bmp", bmp(bmp_rows(bits, 1), size, 1, quads(palette(2, 3))), palette(2, 3)[bits], "RGB")
    four, eight = ramp(h, w, 1, 15), ramp(h, w, 1, 255)
    tell("palette4.bmp", bmp(bmp_rows(four, 4), size, 4, quads(palette(16))), palette(16)[four], "RGB")
    tell("palette8.bmp", bmp(bmp_rows(eight, 8), size, 8, quads(palette(256))), palette(256)[eight], "RGB")
    stairs = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    tell("gray8.bmp", bmp(bmp_rows(eight, 8), size, 8, quads(stairs)), eight, "L")
    rgb = ramp(h, w, 3)
    tell("rgb24.bmp", bmp(bmp_rows(rgb[:, :, ::-1], 8), size, 24), rgb, "RGB")
    tell("top_down.bmp", bmp(bmp_rows(rgb[:, :, ::-1], 8, True), size, 24, top_down=True), rgb, "RGB")
    padded = np.dstack([rgb[:, :, ::-1], np.zeros((h, w), np.uint8)])
    tell("rgb32.bmp", bmp(bmp_rows(padded, 8), size, 32), rgb, "RGB")
    rgba = ramp(h, w, 4)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs"
    tell("rgba32.bmp", bmp(bmp_rows(rgba[:, :, [2, 1, 0, 3]], 8), size, 32, compression=3, header=108, masks=masks), rgba, "RGBA")
    blocks = np.kron(ramp(4, 5, 1, 15), np.ones((3, 5), np.uint8)).astype(np.uint8)
    blocks[5, 3:15] = np.arange(12)
    for depth, name in ((4, "rle4.bmp"), (8, "rle8.bmp")):
        data = bmp(runs(blocks, depth), blocks.shape, depth, quads(palette(2**depth)), compression=3 - depth // 4 if depth == 8 else 2)
        tell(name, data, palette(2**depth)[blocks], "RGB")


# JPEG and WebP, by Pillow


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def smooth(h, w, channels, seed=0):
    y, x = np.mgrid[0:h, 0:w].astype(float)
    planes = [127 + 110 * np.sin(x / (7 + c) + seed) * np.cos(y / (6 + c) - c) for c in range(channels)]
    a = np.stack(planes, axis=-1) if channels > 1 else planes[0]
    return a.astype(np.uint8)


def jpegs():
    rgb = Image.fromarray(smooth(29, 37, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    for name, image, options in (
        ("rgb444.jpg", rgb, {"subsampling": 0, "quality": 90}),
        ("rgb420.jpg", rgb, {"subsampling": 2, "quality": 90}),
        ("gray.jpg", Image.fromarray(smooth(29, 37, 1)), {"quality": 90}),
        ("progressive.jpg", rgb, {"progressive": True, "quality": 85}),
        ("restart.jpg", rgb, {"restart_marker_blocks": 1, "quality": 80}),
        ("cmyk.jpg", Image.fromarray(smooth(29, 37, 4), "CMYK"), {"quality": 90}),
        ("orientation6.jpg", rgb, {"exif": exif, "quality": 90}),
    ):
        data = encoded(image, "JPEG", **options)
        keep(name, data, decoded(data), tolerance=2.0)


def webps():
    rgb = Image.fromarray(smooth(29, 37, 3))
    data = encoded(rgb, "WEBP", quality=80)
    keep("lossy.webp", data, decoded(data), tolerance=2.0)
    keep("lossless.webp", encoded(rgb, "WEBP", lossless=True), np.asarray(rgb))
    rgba = ramp(29, 37, 4)
    keep("lossless_alpha.webp", encoded(Image.fromarray(rgba), "WEBP", lossless=True, exact=True), rgba)
    see = smooth(29, 37, 4)
    see[:, :, 3] = np.maximum(see[:, :, 3], 60)
    data = encoded(Image.fromarray(see), "WEBP", quality=80)
    keep("lossy_alpha.webp", data, decoded(data), tolerance=2.0)
    frames = [ramp(16, 20, 4, seed=s) for s in range(4)]
    for s, f in enumerate(frames):
        f[:, :, 3] = 255
        f[s : s + 3, 2:9] = 0
    pictures = [Image.fromarray(f) for f in frames]
    data = encoded(pictures[0], "WEBP", save_all=True, append_images=pictures[1:], duration=100, lossless=True, exact=True, loop=0)
    for ours, theirs in zip(frames, ImageSequence.Iterator(Image.open(io.BytesIO(data))), strict=True):
        assert np.array_equal(ours, np.asarray(theirs.convert("RGBA"))), "animated.webp: Pillow sees another frame"
    keep("animated.webp", data, frames[0], 4, "0")


# Small formats: icons, and the pictures of old systems


def runs_of(data, most, same, other):
    """`same(n, byte)` for what repeats, `other(byte)` for what does not."""
    out, i = b"", 0
    while i < len(data):
        n = 1
        while i + n < len(data) and data[i + n] == data[i] and n < most:
            n += 1
        out += same(n, data[i]) if n > 2 else other(data[i]) * n
        i += n
    return out


def icons():
    def entry(size, bits, body, at, spot=None):
        h, w = size
        planes, bits = spot or (1, bits)
        return struct.pack("<BBBBHHII", w, h, 0, 0, planes, bits, len(body), at)

    def bitmap(samples, depth, table, mask):
        h, w = mask.shape
        rows = bmp_rows(samples, 8 if depth > 8 else depth) + bmp_rows(mask, 1)
        return struct.pack("<IiiHHIIiiII", 40, w, 2 * h, 1, depth, 0, len(rows), 0, 0, len(table) // 4, 0) + table + rows

    h, w = 11, 13
    mask, index, table = ramp(h, w, 1, 1, 4), ramp(h, w, 1, 15), palette(16)
    quads = np.concatenate([table[:, ::-1], np.zeros((16, 1), np.uint8)], axis=1).tobytes()
    masked = np.dstack([table[index], np.where(mask, 0, 255).astype(np.uint8)])
    body = bitmap(index, 4, quads, mask)
    data = struct.pack("<HHH", 0, 1, 1) + entry((h, w), 4, body, 22) + body
    keep("masked.ico", data, masked)
    second_opinion("masked.ico", data, masked, "RGBA")
    rgba = ramp(h, w, 4)
    body = bitmap(rgba[:, :, [2, 1, 0, 3]], 32, b"", np.zeros((h, w), np.uint8))
    data = struct.pack("<HHH", 0, 1, 1) + entry((h, w), 32, body, 22) + body
    keep("alpha.ico", data, rgba)
    second_opinion("alpha.ico", data, rgba, "RGBA")
    keep("arrow.cur", struct.pack("<HHH", 0, 2, 1) + entry((h, w), 0, body, 22, (3, 4)) + body, rgba)
    body = png(rgba, 8, 6)
    data = struct.pack("<HHH", 0, 1, 1) + entry((h, w), 32, body, 22) + body
    keep("png.ico", data, rgba)
    second_opinion("png.ico", data, rgba, "RGBA")
    rgb, alpha = ramp(16, 16, 3), ramp(16, 16, 1)
    packed = b"".join(runs_of(rgb[:, :, c].tobytes(), 130, lambda n, v: bytes([n + 125, v]), lambda v: bytes([0, v])) for c in range(3))
    body = b"".join(k + struct.pack(">I", len(b) + 8) + b for k, b in ((b"is32", packed), (b"s8mk", alpha.tobytes())))
    keep("planes.icns", b"icns" + struct.pack(">I", len(body) + 8) + body, np.dstack([rgb, alpha]))


def sgis():
    w = 13
    for depth in (8, 16):
        for rle in (0, 1):
            h = 7 if depth == 16 else 11  # so that the files stay small
            rgb = ramp(h, w, 3, 2**depth - 1)
            lines = [rgb[y, :, c] for c in range(3) for y in range(h - 1, -1, -1)]
            head = struct.pack(">HBBHHHHII", 474, rle, depth // 8, 3, w, h, 3, 0, 2**depth - 1).ljust(512, b"\0")
            if rle:
                word = ">B" if depth == 8 else ">H"
                cell = lambda v: struct.pack(word, v)
                rows = [runs_of([int(v) for v in r], 127, lambda n, v: cell(n) + cell(v), lambda v: cell(0x81) + cell(v)) + cell(0) for r in lines]
                starts = 512 + 8 * len(rows) + np.cumsum([0] + [len(r) for r in rows[:-1]])
                body = struct.pack(f">{2 * len(rows)}I", *map(int, starts), *map(len, rows)) + b"".join(rows)
            else:
                body = b"".join(r.astype(f">u{depth // 8}").tobytes() for r in lines)
            name = f"rgb{depth}{'_rle' if rle else ''}.sgi"
            keep(name, head + body, rgb)
            if depth == 8:
                second_opinion(name, head + body, rgb, "RGB")


def pcxs():
    h, w = 11, 13
    bits, index, eight, rgb = ramp(h, w, 1, 1), ramp(h, w, 1, 15), ramp(h, w, 1), ramp(h, w, 3)
    planes = lambda rows: b"".join(r + b"\0" * (len(r) % 2) for r in rows)

    def pcx(lines, depth, count, table=b""):
        stride = (w * depth + 7) // 8 // 2 * 2 + 2 if (w * depth + 7) // 8 % 2 else (w * depth + 7) // 8
        head = bytes([10, 5, 1, depth]) + struct.pack("<6H", 0, 0, w - 1, h - 1, 72, 72) + table.ljust(48, b"\0")
        head += bytes([0, count]) + struct.pack("<H", stride)
        run = lambda n, v: bytes([0xC0 | n, v])
        return head.ljust(128, b"\0") + b"".join(runs_of(x, 63, run, lambda v: run(1, v) if v >= 0xC0 else bytes([v])) for x in lines)

    mono = pcx([planes([r]) for r in pack_rows(bits, 1)], 1, 1)
    keep("mono.pcx", mono, bits.astype(bool))
    four = pcx([planes([pack_rows(index[y : y + 1] >> k & 1, 1)[0] for k in range(4)]) for y in range(h)], 1, 4, palette(16).tobytes())
    keep("planes4.pcx", four, palette(16)[index])
    second_opinion("planes4.pcx", four, palette(16)[index], "RGB")
    true = pcx([planes([rgb[y, :, c].tobytes() for c in range(3)]) for y in range(h)], 8, 3)
    keep("rgb8.pcx", true, rgb)
    second_opinion("rgb8.pcx", true, rgb, "RGB")
    keep("gray8.pcx", pcx([planes([r.tobytes()]) for r in eight], 8, 1), eight)
    files = [true, true]
    starts = [16, 16 + len(true)]
    keep("two.dcx", struct.pack("<4I", 0x3ADE68B1, *starts, 0) + b"".join(files), rgb, 2)


def rasters():
    h, w = 11, 13
    bits, eight, rgb, table = ramp(h, w, 1, 1), ramp(h, w, 1, 15), ramp(h, w, 3), palette(16)
    sun = lambda depth, kind, body, map=b"": struct.pack(">8I", 0x59A66A95, w, h, depth, len(body), kind, bool(map), len(map)) + map + body
    even = lambda rows: b"".join(r + b"\0" * (len(r) % 2) for r in rows)
    runs = lambda b: runs_of(b, 256, lambda n, v: bytes([0x80, n - 1, v]), lambda v: b"\x80\0" if v == 0x80 else bytes([v]))
    keep("mono.ras", sun(1, 1, even(pack_rows(1 - bits, 1))), bits.astype(bool))
    data = sun(24, 1, even(pack_rows(rgb[:, :, ::-1], 8)))
    keep("rgb24.ras", data, rgb)
    second_opinion("rgb24.ras", data, rgb, "RGB")
    keep("rle8.ras", sun(8, 2, runs(even(pack_rows(eight, 8))), table.T.tobytes()), table[eight])
    body = ",\n".join(", ".join(f"0x{int(f'{b:08b}'[::-1], 2):02x}" for b in row) for row in pack_rows(bits, 1))
    data = f"#define im_width {w}\n#define im_height {h}\nstatic char im_bits[] = {{\n{body}\n}};\n".encode()
    keep("bits.xbm", data, bits.astype(bool))
    lines = [f"{w} {h} 16 1"] + [f"{'ABCDEFGHIJKLMNOP'[i]} c #{r:02x}{g:02x}{b:02x}" for i, (r, g, b) in enumerate(table.tolist())]
    lines += ["".join("ABCDEFGHIJKLMNOP"[v] for v in row) for row in eight]
    data = ("/* XPM */\nstatic char *im[] = {\n" + ",\n".join(f'"{x}"' for x in lines) + "\n};\n").encode()
    keep("colors.xpm", data, table[eight])
    second_opinion("colors.xpm", data, table[eight], "RGB")
    words = [*struct.unpack("<2H", b"DanM"), w, h, 1, 1, 1, 1, w, h]
    words += [0, 0, int(np.bitwise_xor.reduce(words)), 0, 0, 0]
    keep("mono.msp", struct.pack("<16H", *words) + b"".join(pack_rows(bits, 1)), bits.astype(bool))
    text = f"Image type: RGB image\r\nImage size (x*y): {w}*{h}\r\nFile size (no of images): 1\r\n".encode()
    body = b"".join(rgb[y, :, c].tobytes() for y in range(h - 1, -1, -1) for c in range(3))
    keep("rgb.im", text.ljust(511, b"\0") + b"\x1a" + body, rgb)
    head = bytearray(1024)
    head[:4], head[416:420], head[424:428] = b"\x80\xe8\0\0", struct.pack("<2H", h, w), struct.pack("<2H", 14, 2)
    keep("rgb.pxr", bytes(head) + rgb.tobytes(), rgb)
    stairs = np.array([[r * 255 // 7, g * 255 // 7, b * 85] for r in range(8) for g in range(8) for b in range(4)], np.uint8)
    index = ramp(h, w, 1)
    keep("small.xv", f"P7 332\n#END_OF_COMMENTS\n{w} {h} 255\n".encode() + index.tobytes(), stairs[index])


# PNM, PAM, PFM, farbfeld


def netpbm(mark, array, maxval=None, tail=b""):
    h, w = array.shape[:2]
    head = f"{mark}\n# made here\n{w} {h}\n" + (f"{maxval}\n" if maxval else "")
    return head.encode() + tail


def pam(array, maxval, kind):
    h, w, c = array.shape
    head = f"P7\nWIDTH {w}\nHEIGHT {h}\nDEPTH {c}\nMAXVAL {maxval}\nTUPLTYPE {kind}\nENDHDR\n".encode()
    return head + array.astype(">u2" if maxval > 255 else np.uint8).tobytes()


def text(samples):
    """One sample a line; the last of one digit, so that no cut makes another number of it."""
    return "\n".join(str(int(v)) for v in samples.ravel()).encode() + b"\n"


def netpbms():
    h, w = 11, 13
    bits = ramp(h, w, 1, 1)
    raw = b"".join(pack_rows((1 - bits)[:, :, None], 1))
    data = netpbm("P4", bits, tail=raw)
    keep("raw.pbm", data, bits.astype(bool))
    second_opinion("raw.pbm", data, bits.astype(bool), "1")
    keep("plain.pbm", netpbm("P1", bits, tail=text(1 - bits)), bits.astype(bool))
    gray, rgb = ramp(h, w, 1), ramp(h, w, 3)
    gray[-1, -1] = rgb[-1, -1] = 7
    data = netpbm("P5", gray, 255, gray.tobytes())
    keep("raw.pgm", data, gray)
    second_opinion("raw.pgm", data, gray, "L")
    data = netpbm("P2", gray, 255, text(gray))
    keep("plain.pgm", data, gray)
    second_opinion("plain.pgm", data, gray, "L")
    data = netpbm("P6", rgb, 255, rgb.tobytes())
    keep("raw.ppm", data, rgb)
    second_opinion("raw.ppm", data, rgb, "RGB")
    few = ramp(h, w, 3, 100)
    data = netpbm("P6", few, 100, few.tobytes())
    scaled = np.round(few / 100 * 255).astype(np.uint8)
    keep("to100.ppm", data, scaled)
    second_opinion("to100.ppm", data, scaled, "RGB")
    deep = ramp(h, w, 3, 65535)
    keep("raw16.pgm", netpbm("P5", deep, 65535, deep[:, :, 0].astype(">u2").tobytes()), deep[:, :, 0])
    keep("raw16.ppm", netpbm("P6", deep, 65535, deep.astype(">u2").tobytes()), deep)
    rgba, rgba16 = ramp(h, w, 4), ramp(h, w, 4, 65535)
    keep("rgba8.pam", pam(rgba, 255, "RGB_ALPHA"), rgba)
    keep("la16.pam", pam(rgba16[:, :, :2], 65535, "GRAYSCALE_ALPHA"), rgba16[:, :, :2])
    keep("bits.pam", pam(bits[:, :, None], 1, "BLACKANDWHITE"), bits.astype(bool))
    floats = deep.astype(np.float32) / 1000 - 9
    keep("rgb.pfm", f"PF\n{w} {h}\n1.0\n".encode() + floats[::-1].astype(">f4").tobytes(), floats)
    keep("gray.pfm", f"Pf\n{w} {h}\n-2.5\n".encode() + floats[::-1, :, 0].astype("<f4").tobytes(), floats[:, :, 0])
    data = b"farbfeld" + struct.pack(">II", w, h) + rgba16.astype(">u2").tobytes()
    keep("rgba16.ff", data, rgba16)


# TGA, QOI


def encoded_as(name, pixels, kind, **options):
    data = encoded(Image.fromarray(pixels), kind, **options)
    assert np.array_equal(decoded(data), pixels), name
    keep(name, data, pixels)


def tgas():
    h, w = 11, 13
    encoded_as("gray.tga", ramp(h, w, 1), "TGA")
    encoded_as("la.tga", ramp(h, w, 2), "TGA", orientation=1)
    encoded_as("rgb_rle.tga", ramp(h, w, 3), "TGA", rle=True)
    encoded_as("rgba_rle.tga", ramp(h, w, 4), "TGA", rle=True, orientation=1, id_section=b"made here")
    colors, index = palette(16), ramp(h, w, 1, 15)
    head = struct.pack("<BBBHHBHHHHBB", 0, 1, 1, 0, 16, 24, 0, 0, w, h, 8, 0x30)
    data = head + colors[:, ::-1].tobytes() + index[:, ::-1].tobytes() + bytes(8) + b"TRUEVISION-XFILE.\0"
    keep("palette_turned.tga", data, colors[index])
    second_opinion("palette_turned.tga", data, colors[index], "RGB")


def qois():
    encoded_as("rgb.qoi", ramp(11, 13, 3), "QOI")
    encoded_as("rgba.qoi", ramp(11, 13, 4), "QOI")


# HDR


def hdr_row(row):
    """A row by component: runs of three and more, and the values between them."""
    out = struct.pack(">BBH", 2, 2, len(row))
    for part in row.T:
        values, at = part.tobytes(), 0
        while at < len(values):
            run = next((n for n in range(1, len(values) - at) if values[at + n] != values[at]), len(values) - at)
            out += bytes([128 + run, values[at]] if run > 2 else [1, values[at]])
            at += run if run > 2 else 1
    return out


def hdrs():
    h, w = 11, 13
    stored = ramp(h, w, 4)
    stored[:, :, 0] |= 128
    stored[:, :, 3] = 120 + stored[:, :, 3] // 16
    floats = (stored[:, :, :3] * np.exp2(stored[:, :, 3:].astype(float) - 136)).astype(np.float32)
    head = b"#?RADIANCE\n# made here\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=2\n\n"
    keep("runs.hdr", head + f"-Y {h} +X {w}\n".encode() + b"".join(hdr_row(row) for row in stored), floats)
    keep("flat.hdr", head + f"+Y {h} +X {w}\n".encode() + stored[::-1].tobytes(), floats)


README = """# Test images

Made from nothing by `scripts/make_fixtures.py`; no picture of anyone else's is among them. MIT OR Apache-2.0, as the
rest of the project. To make them again: `python3 scripts/make_fixtures.py` (needs numpy and Pillow).

A folder is a family of formats, with a script of its own, `scripts/fixtures/FAMILY.py`, and a list of its own.

`expected.txt` says what a default read of each file gives, one file a line:

    file  shape  dtype  images  default-index  is_batch  exact FNV-1a-64      of the C-contiguous native (little-endian) bytes
    file  shape  dtype  images  default-index  is_batch  mean TOLERANCE m…    of each channel, for lossy formats

`images` is how many images the file holds, with a `v` behind it if they differ in shape (and so cannot be one stack),
and a `b` if the file wants others beside it; `default-index` is `0` or `all`.
"""


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    pngs()
    gifs()
    bmps()
    jpegs()
    webps()
    icons()
    sgis()
    pcxs()
    rasters()
    netpbms()
    tgas()
    qois()
    hdrs()
    head = "# file shape dtype images default-index is_batch how… (see README.md; written by scripts/make_fixtures.py)\n"
    (OUT / "expected.txt").write_text(head + "\n".join(EXPECTED) + "\n")
    (OUT / "README.md").write_text(README)


main()
