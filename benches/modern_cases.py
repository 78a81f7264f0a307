"""OpenEXR, JPEG XL, JPEG 2000 and AVIF, beside what programs read them with."""

import io

import numpy
import peers
from case import Case, same
from imageio_c import empty
from inputs import encoded


def modern_cases(add, library, inputs, compiled):
    def decode(data, found, goal, threads, wanted=None, most=0):
        if data is None:
            return None
        try:
            out = empty(library.props(data))
        except RuntimeError:  # a module that is not installed
            return None
        other = numpy.ones(out.nbytes, numpy.uint8)
        runs = {}
        for name, peer in found(data, out).items():
            runs[name] = compiled.decoder(peer, data, other) if isinstance(peer, str) else peer
        opening = f'{{"threads": {threads}}}'
        return Case(library.reader(data, out, opening=opening), runs, goal, same(library, data, out, wanted, most))

    def exr(kind, threads):
        dtype, compression = kind.split()
        made = inputs.pixels("6MP").astype(numpy.float32)
        grain = numpy.random.default_rng(5).random(made.shape, numpy.float32)
        pixels = (((made + grain) / 128) ** 2).astype(numpy.float16 if dtype == "half" else numpy.float32)
        data = peers.OpenEXR and inputs.file(f"6MP-{dtype}-{compression}.exr", lambda: exr_file(pixels, compression))
        crate = "image_exr" if threads == 1 else None

        def found(data, out):
            return {"OpenEXR": peers.openexr(data, threads), "image crate": crate}

        return decode(data, found, 1.5, threads, pixels.astype(numpy.float32))

    def exr_write(threads):
        pixels = (inputs.pixels("6MP").astype(numpy.float32) / 128) ** 2
        half = pixels.astype(numpy.float16)
        found = {"OpenEXR": peers.openexr_write(half, "ZIP", threads)}
        return Case(library.writer(half, ".exr", opening=f'{{"threads": {threads}}}'), found, 1.0)

    def jxl(is_lossless, threads):
        pixels, codecs = inputs.pixels("6MP"), peers.imagecodecs
        how = dict(lossless=True, effort=4) if is_lossless else dict(distance=1.0, effort=6)
        name = "lossless" if is_lossless else "lossy"
        data = codecs and inputs.file(f"6MP-{name}.jxl", lambda: codecs.jpegxl_encode(pixels, numthreads=2, **how))

        def found(data, out):
            other = numpy.ones_like(out)
            return {"jxl crate": "jxl" if threads == 1 else "jxl_threads",
                    "libjxl": peers.codec("jpegxl_decode", data, other, numthreads=threads)}

        return decode(data, found, 1.0, threads, pixels if is_lossless else None)

    def jp2(is_lossless, threads):
        pixels = inputs.pixels("6MP")
        how = dict(irreversible=False) if is_lossless else dict(irreversible=True, quality_mode="rates", quality_layers=[12])
        from PIL import Image
        name = "lossless" if is_lossless else "lossy"
        data = inputs.file(f"6MP-{name}.jp2", lambda: encoded(Image.fromarray(pixels), "JPEG2000", **how))

        def found(data, out):
            other = numpy.ones_like(out)
            return {"OpenJPEG": "openjpeg" if threads == 1 else "openjpeg_threads",
                    "imagecodecs": peers.codec("jpeg2k_decode", data, other, numthreads=threads),
                    "Pillow": peers.pillow(data) if threads == 1 else None}

        return decode(data, found, 1.0, threads, pixels if is_lossless else None)

    def avif(threads):
        from PIL import Image
        pixels = inputs.pixels("6MP")
        make = lambda: encoded(Image.fromarray(pixels), "AVIF", quality=75, speed=8)
        data = inputs.file("6MP.avif", make)

        def found(data, out):
            other = numpy.ones_like(out)
            return {"libavif": "avif" if threads == 1 else "avif_threads",
                    "imagecodecs*": peers.codec("avif_decode", data, other, numthreads=threads)}

        return decode(data, found, 1.0, threads)

    for kind in ("half ZIP", "float ZIP", "half PIZ", "float PIZ", "half NO", "half RLE"):
        for threads in (1, 2):
            add(f"EXR decode {kind} 6MP {threads}t", lambda k=kind, t=threads: exr(k, t))
    for threads in (1, 2):
        add(f"EXR encode half ZIP 6MP {threads}t", lambda t=threads: exr_write(t))
        add(f"JPEG XL decode lossy 6MP {threads}t", lambda t=threads: jxl(False, t))
        add(f"JPEG XL decode lossless 6MP {threads}t", lambda t=threads: jxl(True, t))
        add(f"JPEG 2000 decode lossy 6MP {threads}t", lambda t=threads: jp2(False, t))
        add(f"JPEG 2000 decode lossless 6MP {threads}t", lambda t=threads: jp2(True, t))
        add(f"AVIF decode 6MP {threads}t", lambda t=threads: avif(t))


def exr_file(pixels, compression):
    """A file of OpenEXR's own."""
    to = io.BytesIO()
    peers.exr_of(pixels, compression).write(to)
    return to.getvalue()
