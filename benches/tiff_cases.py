"""TIFF: what a microscope or scanner writes, beside libtiff, OpenImageIO and tifffile with imagecodecs."""

import io
import os
import struct
import subprocess
import sys

import numpy
import peers
from case import Case, same
from imageio_c import aligned, empty

# Of the stack that is read beside the plain reading of its bytes.
STACK = (100, 2048, 2048)
# Of a file of 10 GB: pages, rows, columns.
LARGE = (20, 16384, 32768)

# What a process takes that goes through a file page by page, above its one page.
PEAK = """
import sys; sys.path.insert(0, sys.argv[1])
import numpy, imageio_c
def memory(of): return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith(of)) / 1024
library, page = imageio_c.Library(sys.argv[2]), numpy.ones((2048, 2048), numpy.uint16)
before = memory("VmRSS")
library.iterator(sys.argv[3], page, '{"pages": true}')()
print(f"{max(0, memory('VmHWM') - before):.1f}")
"""


def lay_sparse(path, tile=512):
    """A BigTIFF of LARGE pages of tiles, in which nothing is stored but directories and their tables."""
    pages, rows, columns = LARGE
    tiles = (rows // tile) * (columns // tile)
    at = 16
    with open(path, "wb") as to:
        to.write(b"II" + struct.pack("<HHHQ", 43, 8, 0, at))
        for page in range(pages):
            tables = at + 8 + 20 * 9 + 8
            pixels = tables + 16 * tiles
            tags = [(256, 4, 1, columns), (257, 4, 1, rows), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (322, 4, 1, tile),
                    (323, 4, 1, tile), (324, 16, tiles, tables), (325, 16, tiles, tables + 8 * tiles)]
            after = pixels + tiles * tile * tile
            to.seek(at)
            to.write(struct.pack("<Q", 9) + b"".join(struct.pack("<HHQQ", *tag) for tag in tags))
            to.write(struct.pack("<Q", after if page + 1 < pages else 0))
            to.write(struct.pack(f"<{tiles}Q", *range(pixels, after, tile * tile)))
            to.write(struct.pack(f"<{tiles}Q", *[tile * tile] * tiles))
            at = after
        to.truncate(at)


def bytes_read(run):
    """How many bytes a call asks the system for."""
    asked = lambda: int(next(line for line in open("/proc/self/io") if line.startswith("rchar")).split()[1])
    before, itself = asked(), -asked() + asked()
    run()
    return asked() - before - itself


def file(inputs, name, pixels, **options):
    """A file of tifffile's."""

    def make():
        to = io.BytesIO()
        peers.tifffile.imwrite(to, pixels(), **options)
        return to.getvalue()

    return inputs.file(name, make) if peers.tifffile else None


def tiff_cases(add, library, inputs, compiled):
    kinds = {
        "LZW strips": dict(compression="lzw"), "LZW predictor tiles": dict(compression="lzw", predictor=True, tile=(256, 256)),
        "deflate strips": dict(compression="deflate"),
        "deflate predictor tiles": dict(compression="deflate", predictor=True, tile=(256, 256)),
        "zstd strips": dict(compression="zstd"), "zstd predictor tiles": dict(compression="zstd", predictor=True, tile=(256, 256)),
        "JPEG tiles": dict(compression="jpeg", compressionargs={"level": 90}, tile=(256, 256)),
        "JPEG strips": dict(compression="jpeg", compressionargs={"level": 90}, rowsperstrip=128),
        "PackBits strips": dict(compression="packbits"), "plain strips": dict(rowsperstrip=64),
        "plain tiles": dict(tile=(256, 256)),
    }

    def decode(kind, threads):
        pixels = inputs.pixels("6MP")
        name = f"6MP-{kind.replace(' ', '-')}.tif"
        data = file(inputs, name, lambda: pixels, photometric="rgb", metadata=None, **kinds[kind])
        if data is None:
            return None
        out = empty(library.props(data))
        other = numpy.ones(out.nbytes, numpy.uint8)
        found = {"libtiff": compiled.decoder("libtiff", data, other),
                 "OpenImageIO": peers.openimageio_read(inputs.folder / name, threads)}
        if threads == 1:
            found["tifffile"] = peers.tifffile_read(data)
            found["memcpy*"] = compiled.decoder("memcpy", bytes(pixels.data), other)
        wanted = None if "JPEG" in kind else pixels
        goal = 1.0 if threads == 1 else 1 / 1.6
        opening = f'{{"threads": {threads}}}'
        return Case(library.reader(data, out, opening=opening), found, goal, same(library, data, out, wanted))

    def stack_file():
        path = inputs.folder / "stack.tif"
        if not path.exists():
            page = inputs.pixels("24MP")[:2048, :2048, 0].astype(numpy.uint16) * 250
            with peers.tifffile.TiffWriter(path) as tif:
                for i in range(STACK[0]):
                    tif.write(numpy.roll(page, i), contiguous=False, metadata=None)
        return path

    def stack():
        path = stack_file()
        out, other = aligned(STACK, numpy.uint16), aligned(STACK, numpy.uint16)
        name = str(path).encode()
        found = {"pread": compiled.decoder("pread", name, other), "libtiff*": compiled.decoder("libtiff_file", name, other),
                 "tifffile*": peers.tifffile_read(str(path))}
        return Case(library.path_reader(path, out), found, 1 / 0.9)

    def iterated():
        path = stack_file()
        run = library.iterator(path, aligned(STACK[1:], numpy.uint16), '{"pages": true}')
        peak = lambda: subprocess.run([sys.executable, "-c", PEAK, os.path.dirname(__file__), library.lib._name, str(path)],
                                      check=True, capture_output=True, text=True).stdout.strip()
        return Case(run, {"pread*": compiled.decoder("pread", str(path).encode(), aligned(STACK, numpy.uint16))},
                    note=lambda: f"takes {peak()} MB above the page")

    def large(options, size):
        path = inputs.folder / "large.tif"
        if not path.exists():
            lay_sparse(path)
        out = numpy.ones(size, numpy.uint8)
        run = library.path_reader(path, out, options)
        return Case(run, {}, note=lambda: f"{out.nbytes} bytes, reads {bytes_read(run)} of {path.stat().st_size}")

    def pages(count, size=64):
        page = lambda: numpy.arange(size * size, dtype=numpy.uint16).reshape(size, size)

        def make():
            to = io.BytesIO()
            with peers.tifffile.TiffWriter(to) as tif:
                for i in range(count):
                    tif.write(page() + i, contiguous=False, metadata=None)
            return to.getvalue()

        return inputs.file(f"{count}-pages.tif", make) if peers.tifffile else None

    def props(count, goal):
        data = pages(count)
        if data is None:
            return None
        found = {"libtiff*": compiled.decoder("libtiff_header", data, numpy.ones(64, numpy.uint8)),
                 "tifffile": peers.tifffile_props(data)}
        return Case(library.properties(data), found, goal)

    def tiny():
        data = pages(2000)
        if data is None:
            return None
        out = empty(library.props(data))
        found = {"libtiff*": compiled.decoder("libtiff", data, numpy.ones(out.nbytes, numpy.uint8)),
                 "imageio": peers.imageio_read(data, extension=".tif"),
                 "memcpy*": compiled.decoder("memcpy", data, numpy.ones(out.nbytes, numpy.uint8))}
        return Case(library.reader(data, out), found, 1 / 100)

    def write(codec, level, threads):
        pixels = inputs.pixels("6MP")
        how = {"level": level} if level else {}
        theirs = peers.tifffile_write(pixels, photometric="rgb", maxworkers=threads, compression=codec, compressionargs=how)
        args = f', "compressionargs": {{"level": {level}}}' if level else ""
        ours = library.writer(pixels, ".tif", f'{{"compression": "{codec}"{args}}}', opening=f'{{"threads": {threads}}}')
        return Case(ours, {"tifffile": theirs}, 1.0, note=lambda: f"{ours()} bytes to {theirs()}")

    for kind in kinds:
        add(f"TIFF decode {kind} 6MP 1t", lambda kind=kind: decode(kind, 1))
        if not kind.startswith(("plain", "PackBits")):
            add(f"TIFF decode {kind} 6MP 2t", lambda kind=kind: decode(kind, 2))
    add("TIFF read a stack of 100 x 2048 x 2048 uint16", stack)
    add("TIFF props of 100 pages", lambda: props(100, None))
    add("TIFF props of 10000 pages", lambda: props(10_000, 1 / 50))
    add("TIFF decode 2000 pages of 64 x 64", tiny)
    add("TIFF iterate over a stack of 100 x 2048 x 2048 uint16", iterated)
    add("TIFF a page of 10 GB", lambda: large('{"page": 7}', LARGE[1:]))
    add("TIFF a region of 10 GB", lambda: large('{"page": 7, "region": [5000, 7000, 300, 200]}', (200, 300)))
    for threads in (1, 2):
        for codec, level in (("deflate", 6), ("zstd", 3), ("lzw", None)):
            add(f"TIFF encode {codec} 6MP {threads}t",
                lambda codec=codec, level=level, threads=threads: write(codec, level, threads))
