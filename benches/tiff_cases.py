"""TIFF: what a microscope or scanner writes, beside libtiff and tifffile with imagecodecs."""

import io

import numpy
import peers
from case import Case, same
from imageio_c import DEFAULT, empty

# Of the stack that is read beside the plain reading of its bytes.
STACK = (100, 2048, 2048)


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
        found = {"libtiff": compiled.decoder("libtiff", data, other)}
        if threads == 1:
            found["tifffile"] = peers.tifffile_read(data)
            found["memcpy*"] = compiled.decoder("memcpy", bytes(pixels.data), other)
        wanted = None if "JPEG" in kind else pixels
        goal = 1.0 if threads == 1 else 1 / 1.6
        opening = f'{{"threads": {threads}}}'
        return Case(library.reader(data, out, opening=opening), found, goal, same(library, data, out, wanted))

    def stack():
        path = inputs.folder / "stack.tif"
        if not path.exists():
            page = inputs.pixels("24MP")[:2048, :2048, 0].astype(numpy.uint16) * 250
            with peers.tifffile.TiffWriter(path) as tif:
                for i in range(STACK[0]):
                    tif.write(numpy.roll(page, i), contiguous=False, metadata=None)
        out = numpy.ones(STACK, numpy.uint16)
        other = numpy.ones(out.nbytes, numpy.uint8)
        name = str(path).encode()
        found = {"pread": compiled.decoder("pread", name, other), "libtiff*": compiled.decoder("libtiff_file", name, other),
                 "tifffile*": peers.tifffile_read(str(path))}
        return Case(library.path_reader(path, out), found, 1 / 0.9)

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
                 "imageio": peers.imageio_read(data, extension=".tif")}
        return Case(library.reader(data, out), found, 1 / 100)

    def write(options, ours, threads):
        pixels = inputs.pixels("6MP")
        found = {"tifffile": peers.tifffile_write(pixels, photometric="rgb", maxworkers=threads, **options)}
        return Case(library.writer(pixels, ".tif", ours, opening=f'{{"threads": {threads}}}'), found, 1.0)

    for kind in kinds:
        add(f"TIFF decode {kind} 6MP 1t", lambda kind=kind: decode(kind, 1))
        if not kind.startswith(("plain", "PackBits")):
            add(f"TIFF decode {kind} 6MP 2t", lambda kind=kind: decode(kind, 2))
    add("TIFF read a stack of 100 x 2048 x 2048 uint16", stack)
    add("TIFF props of 100 pages", lambda: props(100, None))
    add("TIFF props of 10000 pages", lambda: props(10_000, 1 / 50))
    add("TIFF decode 2000 pages of 64 x 64", tiny)
    for threads in (1, 2):
        add(f"TIFF encode deflate 6MP {threads}t",
            lambda threads=threads: write({"compression": "deflate"}, '{"compression": "deflate"}', threads))
        add(f"TIFF encode zstd 6MP {threads}t",
            lambda threads=threads: write({"compression": "zstd"}, '{"compression": "zstd"}', threads))
        add(f"TIFF encode LZW 6MP {threads}t",
            lambda threads=threads: write({"compression": "lzw"}, '{"compression": "lzw"}', threads))
