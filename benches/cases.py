"""What is measured: a case is our call, those of the peers, and the goal for the ratio."""

import peers
from case import Case, same
from imageio_c import ALL, DEFAULT, empty
from inputs import animation, colours, encoded, interlaced, zlib_stream
from modern_cases import modern_cases
from tiff_cases import tiff_cases

import numpy


def cases(library, inputs, folder):
    """Names, and functions that make the cases."""
    compiled = peers.Compiled(folder)
    made = []

    def add(name, make):
        made.append((name, make))

    png_cases(add, library, inputs, compiled)
    jpeg_cases(add, library, inputs, compiled)
    other_cases(add, library, inputs, compiled)
    modern_cases(add, library, inputs, compiled)
    tiff_cases(add, library, inputs, compiled)
    latency_cases(add, library, inputs, compiled)
    return made


def image(pixels):
    from PIL import Image

    if pixels.dtype == numpy.uint16:
        raise ValueError("Pillow has no 16-bit colours")
    return Image.fromarray(pixels)


def png_file(inputs, size, kind):
    def make():
        if kind == "drawing":
            return encoded(image(inputs.pixels(size, "drawing")), "PNG")
        pixels = inputs.pixels(size)
        if kind == "rgb":
            return encoded(image(pixels), "PNG")
        if kind == "rgba":
            alpha = numpy.full(pixels.shape[:2] + (1,), 255, numpy.uint8)
            alpha[: len(alpha) // 3] = pixels[: len(alpha) // 3, :, :1]
            return encoded(image(numpy.concatenate([pixels, alpha], 2)), "PNG")
        if kind == "gray":
            return encoded(image(numpy.ascontiguousarray(pixels[..., 1])), "PNG")
        if kind == "rgb16":
            grain = numpy.random.default_rng(3).integers(0, 256, pixels.shape, dtype=numpy.uint16)
            return peers.imagecodecs.png_encode(pixels.astype(numpy.uint16) << 8 | grain, level=6)
        if kind == "palette":
            return encoded(colours(pixels), "PNG")
        if kind == "interlaced":
            return interlaced(pixels)
        raise ValueError(kind)

    return inputs.file(f"{kind}-{size}.png", make)


def png_cases(add, library, inputs, compiled):
    def decode(size, kind, threads, goal):
        data = png_file(inputs, size, kind)
        out = empty(library.props(data))
        stream, raw = zlib_stream(data), numpy.ones(out.nbytes + 65536, numpy.uint8)
        other = numpy.ones_like(out)
        found = {
            "png crate": compiled.decoder("png_crate", data, other),
            "libspng": compiled.decoder("spng", data, other) if kind != "palette" else None,
            "libpng": compiled.decoder("libpng", data, other),
            "stb": compiled.decoder("stb", data, other) if kind != "rgb16" else None,
            "imagecodecs": peers.codec("png_decode", data, other) if kind != "palette" else None,
            "Pillow": peers.pillow(data) if kind != "rgb16" else None,
            "opencv": peers.opencv(data, other),
            "imageio": peers.imageio_read(data) if kind != "rgb16" and size == "0.4MP" else None,
            "inflate by ISA-L*": compiled.decoder("isal_inflate", stream, raw),
            "by libdeflate*": compiled.decoder("libdeflate_inflate", stream, raw),
            "by fdeflate*": compiled.decoder("fdeflate_inflate", stream, raw),
            "by zlib-rs*": compiled.decoder("zlib_rs_inflate", stream, raw),
        }
        wanted = {"rgb": lambda: inputs.pixels(size), "interlaced": lambda: inputs.pixels(size),
                  "drawing": lambda: inputs.pixels(size, "drawing")}.get(kind, lambda: None)()
        opening = f'{{"threads": {threads}}}'
        return Case(library.reader(data, out, opening=opening), found, goal, same(library, data, out, wanted))

    kinds = [("64", "rgb"), ("0.4MP", "rgb"), ("0.4MP", "drawing"), ("6MP", "drawing"), ("6MP", "rgb16"),
             ("6MP", "interlaced"), ("6MP", "palette"), ("24MP", "gray"), ("24MP", "rgba"), ("24MP", "rgb")]
    for size, kind in kinds:
        for threads in (1, 2) if size in ("6MP", "24MP") else (1,):
            goal = 1.0 if threads == 1 else 0.9
            add(f"PNG decode {kind} {size} {threads}t", lambda s=size, k=kind, t=threads, g=goal: decode(s, k, t, g))

    def encode(size, kind, level, threads, goal):
        pixels = inputs.pixels(size, kind)
        how = f'{{"compress_level": {level}}}'
        ours = library.writer(pixels, ".png", how, f'{{"threads": {threads}}}')
        runs = {
            "Pillow": peers.pillow_write(pixels, "PNG", compress_level=level),
            "png crate": compiled.encoder("png_crate_encode_fast" if level == 1 else "png_crate_encode", pixels),
            "opencv": peers.opencv_write(pixels, ".png", [16, level]) if kind == "photo" else None,
        }
        if level != 1:
            # The goal is one of Pillow's size and time.
            runs = {name + ("" if name == "Pillow" else "*"): run for name, run in runs.items()}

        def note():
            sizes = {"ours": ours(), **{n: r() for n, r in runs.items() if r}}
            return "sizes " + ", ".join(f"{n} {b / 1e6:.3f}" for n, b in sizes.items()) + " MB"

        def check():
            import io

            from PIL import Image
            back = numpy.asarray(Image.open(io.BytesIO(ours(keep=True))))
            assert (back == pixels).all(), "not what was written"

        return Case(ours, runs, goal, check, note)

    for size, kind in (("0.4MP", "photo"), ("6MP", "photo"), ("6MP", "drawing")):
        for level, threads, goal in ((6, 1, 1 / 1.4), (6, 2, 1 / 2.5), (1, 1, 1.0), (1, 2, 1.0)):
            add(f"PNG encode {kind} {size} level {level} {threads}t",
                lambda s=size, k=kind, l=level, t=threads, g=goal: encode(s, k, l, t, g))
    add("PNG encode photo 64 level 6 1t", lambda: encode("64", "photo", 6, 1, 1.0))


def jpeg_file(inputs, size, kind):
    def make():
        pixels = inputs.pixels(size)
        how = {
            "420": dict(quality=90, subsampling=2), "444": dict(quality=90, subsampling=0),
            "progressive": dict(quality=90, subsampling=2, progressive=True), "gray": dict(quality=90),
            "restarts": dict(quality=90, subsampling=2, restart_marker_rows=1),
            "restarts-444": dict(quality=90, subsampling=0, restart_marker_rows=1),
        }[kind]
        return encoded(image(numpy.ascontiguousarray(pixels[..., 1]) if kind == "gray" else pixels), "JPEG", **how)

    return inputs.file(f"{kind}-{size}.jpg", make)


def jpeg_cases(add, library, inputs, compiled):
    def decode(size, kind, threads, goal):
        data = jpeg_file(inputs, size, kind)
        out = empty(library.props(data))
        other = numpy.ones_like(out)
        found = {
            "libjpeg-turbo": compiled.decoder("turbojpeg", data, other),
            "imagecodecs": peers.codec("jpeg8_decode", data, other),
            "Pillow": peers.pillow(data),
            "opencv": peers.opencv(data, other),
        }
        from PIL import Image
        import io
        wanted = numpy.asarray(Image.open(io.BytesIO(data)))
        opening = f'{{"threads": {threads}}}'
        return Case(library.reader(data, out, opening=opening), found, goal, same(library, data, out, wanted))

    kinds = [("64", "420", 1), ("0.4MP", "420", 1), ("24MP", "420", 1), ("24MP", "444", 1), ("24MP", "progressive", 1),
             ("24MP", "gray", 1), ("24MP", "restarts", 1), ("24MP", "restarts", 2), ("24MP", "restarts-444", 2)]
    for size, kind, threads in kinds:
        goal = 1.0 if threads == 1 else 1 / 1.25
        add(f"JPEG decode {kind} {size} {threads}t", lambda s=size, k=kind, t=threads, g=goal: decode(s, k, t, g))

    def encode(size, quality, how, threads, goal):
        pixels = inputs.pixels(size)
        options = f'{{"quality": {quality}{how}}}'
        ours = library.writer(pixels, ".jpg", options, f'{{"threads": {threads}}}')
        runs = {
            "libjpeg-turbo": compiled.encoder("turbojpeg_encode", pixels, quality),
            "Pillow": peers.pillow_write(pixels, "JPEG", quality=quality),
            "opencv": peers.opencv_write(pixels, ".jpg", [1, quality]),
        }

        def note():
            sizes = {"ours": ours(), **{n: r() for n, r in runs.items() if r}}
            return "sizes " + ", ".join(f"{n} {b / 1e6:.3f}" for n, b in sizes.items()) + " MB"

        return Case(ours, runs, goal, None, note)

    add("JPEG encode q75 24MP 1t", lambda: encode("24MP", 75, "", 1, 1.0))
    add("JPEG encode q90 24MP 1t", lambda: encode("24MP", 90, "", 1, 1.0))
    add("JPEG encode q90 24MP with restarts 2t", lambda: encode("24MP", 90, ', "restart_marker_rows": 1', 2, 1 / 1.3))


def other_cases(add, library, inputs, compiled):
    def decode(data, found, goal, index=DEFAULT, wanted=None, most=0, opening=""):
        out = empty(library.props(data, index))
        other = numpy.ones(out.nbytes, numpy.uint8)
        runs = {}
        for name, peer in found.items():
            runs[name] = peer if callable(peer) or peer is None else compiled.decoder(peer[0], data, other)
        check = same(library, data, out, wanted, most) if index == DEFAULT else None
        return Case(library.reader(data, out, index=index, opening=opening), runs, goal, check)

    def gif():
        def make():
            first, *rest = animation()
            return encoded(first, "GIF", save_all=True, append_images=rest, duration=40, loop=0)

        data = inputs.file("animation.gif", make)
        found = {"image crate": ["image_gif"], "Pillow": peers.pillow_frames(data), "gif crate*": ["gif_crate"]}
        return decode(data, found, 1.0, ALL)

    def webp(lossless, threads):
        name, how = ("lossless", dict(lossless=True)) if lossless else ("lossy", dict(quality=80))
        size = "6MP" if lossless else "24MP"
        data = inputs.file(f"{name}-{size}.webp", lambda: encoded(image(inputs.pixels(size)), "WEBP", method=2, **how))
        peer = "libwebp_threads" if threads > 1 else "libwebp"
        found = {"libwebp": [peer], "Pillow": peers.pillow(data), "opencv": peers.opencv(data, None)}
        return decode(data, found, 1.0, opening=f'{{"threads": {threads}}}', wanted=inputs.pixels(size) if lossless else None)

    def raw(format, extension):
        pixels = inputs.pixels("24MP")
        data = inputs.file(f"24MP{extension}", lambda: encoded(image(pixels), format))
        found = {"memcpy": ["memcpy"], "stb*": ["stb"], "image crate*": ["image_bmp" if format == "BMP" else "image_pnm"],
                 "Pillow*": peers.pillow(data), "opencv*": peers.opencv(data, None)}
        return decode(data, found, 1.5, wanted=pixels)

    def raw_write(extension):
        pixels = inputs.pixels("24MP")
        ours = library.writer(pixels, extension)
        name = "BMP" if extension == ".bmp" else "PPM"
        to = numpy.ones(pixels.nbytes, numpy.uint8)
        found = {"memcpy": compiled.decoder("memcpy", bytes(pixels.data), to), "Pillow*": peers.pillow_write(pixels, name),
                 "opencv*": peers.opencv_write(pixels, extension)}
        return Case(ours, found, None)

    def qoi():
        pixels = inputs.pixels("6MP")
        if not peers.imagecodecs:
            return None
        data = inputs.file("6MP.qoi", lambda: peers.imagecodecs.qoi_encode(pixels))
        other = numpy.ones_like(pixels)
        found = {"image crate": ["image_qoi"], "imagecodecs": peers.codec("qoi_decode", data, other)}
        return decode(data, found, 1.0, wanted=pixels)

    def qoi_write():
        pixels = inputs.pixels("6MP")
        found = {"image crate": compiled.encoder("image_qoi_encode", pixels),
                 "imagecodecs": peers.imagecodecs and (lambda: peers.imagecodecs.qoi_encode(pixels))}
        return Case(library.writer(pixels, ".qoi"), found, 1.0)

    def floats():
        return (inputs.pixels("6MP").astype(numpy.float32) / 128) ** 2

    def hdr():
        data = inputs.file("6MP.hdr", lambda: library.writer(floats(), ".hdr")(keep=True))
        found = {"image crate": ["image_hdr"], "stb": ["stb_hdr"], "opencv": peers.opencv(data, None)}
        return decode(data, found, 1.0)

    def hdr_write():
        pixels = floats()
        found = {"image crate": compiled.encoder("image_hdr_encode", pixels), "opencv": peers.opencv_write(pixels, ".hdr")}
        return Case(library.writer(pixels, ".hdr"), found, 1.0)

    add("GIF decode 100 frames 640x360", gif)
    add("WebP decode lossy 24MP 1t", lambda: webp(False, 1))
    add("WebP decode lossy 24MP 2t", lambda: webp(False, 2))
    add("WebP decode lossless 6MP 1t", lambda: webp(True, 1))
    add("BMP decode 24MP", lambda: raw("BMP", ".bmp"))
    add("PPM decode 24MP", lambda: raw("PPM", ".ppm"))
    add("BMP encode 24MP", lambda: raw_write(".bmp"))
    add("PPM encode 24MP", lambda: raw_write(".ppm"))
    add("QOI decode 6MP", qoi)
    add("QOI encode 6MP", qoi_write)
    add("HDR decode 6MP", hdr)
    add("HDR encode 6MP", hdr_write)


def latency_cases(add, library, inputs, compiled):
    word = numpy.ones(64, numpy.uint8)

    def props(data, peer):
        found = {"codec's header": compiled.decoder(peer, data, word), "imageio": peers.imageio_props(data)}
        return Case(library.properties(data), found, None)

    def path():
        data = png_file(inputs, "64", "rgb")
        name = inputs.folder / "rgb-64.png"
        out = empty(library.props(data))
        found = {"libspng": compiled.decoder("spng_file", str(name).encode(), numpy.ones_like(out)),
                 "png crate from memory": compiled.decoder("png_crate", data, numpy.ones_like(out))}
        return Case(library.path_reader(name, out), found, 2.0)

    add("props PNG 24MP", lambda: props(png_file(inputs, "24MP", "rgb"), "spng_header"))
    add("props PNG 64", lambda: props(png_file(inputs, "64", "rgb"), "spng_header"))
    add("props JPEG 24MP", lambda: props(jpeg_file(inputs, "24MP", "420"), "turbojpeg_header"))
    add("read PNG 64 from a path", path)
