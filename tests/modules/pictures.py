#!/usr/bin/env python3
"""The modules avif, heif and jxl: what they write, read back by other programs too, and files that mean harm.

    tests/modules/pictures.py LIBRARY FOLDER avif|heif|jxl

LIBRARY finds the module (beside it, or in IMAGEIO_PLUGIN_PATH); FOLDER takes what is written. avifdec, heif-convert and
djxl are asked what they read, where they are installed. Needs Python's own library only.
"""
import array
import base64
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from library import *  # noqa: F403

module = sys.argv[3]
data = Path(__file__).resolve().parents[1] / "data"
U8, U16, F32 = 2, 3, 11
CODES = {U8: "B", U16: "H", F32: "f"}


def ramp(w, h, n, most=255, seed=0):
    """Rows of a smooth picture with a square in it."""
    out = []
    for y in range(h):
        for x in range(w):
            for c in range(n):
                inside = h // 4 <= y < h // 2 and w // 4 <= x < w // 2
                level = (0.2 + 0.2 * c) if inside else (x * (1 + c * 0.3) / w + y * (1 - c * 0.2) / h + seed * 0.1) / 2.5
                out.append(min(most, round(level * most)))
    return out


def packed(items, dtype=U8):
    return array.array(CODES[dtype], items).tobytes()


def items(raw, dtype=U8):
    return array.array(CODES[dtype], raw).tolist()


def save(name, rows, shape, dtype=U8, **values):
    with File(path(name), "w", plugin=module) as f:
        f.write(packed(rows, dtype), shape, dtype, **values)
    return path(name)


def load(name, index=DEFAULT, **values):
    """Shape, code of the dtype, and samples."""
    with File(str(name)) as f:
        props = f.props(index, **values)
        return list(props.shape[:props.ndim]), props.dtype, items(f.read(index, **values), props.dtype)


def meta(name, index=DEFAULT, **values):
    with File(str(name)) as f:
        return f.meta(index, **values)


def far(a, b):
    """The mean and the greatest distance."""
    d = [abs(x - y) for x, y in zip(a, b)]
    return sum(d) / len(d), max(d)


def close(what, got, wanted, mean, most):
    ok = len(got) == len(wanted)
    d = far(got, wanted) if ok else "of other length"
    expect(ok and d[0] <= mean and d[1] <= most, f"{what}: {d} from what was written")


def peer(what, command, target):
    """Whether another program reads a file, into a picture."""
    if not shutil.which(command[0]):
        print(f"SKIPPED: {what} by {command[0]}, which is not installed")
        return False
    tool(*command)
    expect(os.path.exists(target), f"{command[0]} reads {what}")
    return os.path.exists(target)


def bytes_of(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) and "base64" in value else value


def given(raw):
    return {"base64": base64.b64encode(raw).decode()}


# EXIF with a maker; and a profile as short as libraries take, by its header.
EXIF = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x08\0\0\0\x1a\0\0\0\0\0\0\0a maker\0"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
READS = {"avif": ("avifdec", ".png"), "heif": ("heif-convert", ".png"), "jxl": ("djxl", ".png")}
ENDING = {"avif": ".avif", "heif": ".heic", "jxl": ".jxl"}[module]


def by_peer(name, shape, rows, most=0):
    """Compares with what the library's own tool reads."""
    command, ending = READS[module]
    target = path(name + ending)
    if os.path.exists(target):
        os.remove(target)
    if peer(name, [command, path(name), target], target):
        got = load(target)
        if got[0] != shape and shape[-1] == 1:
            shape = shape[:-1]
        if got[0][:2] == shape[:2] and len(got[0]) == 3 and len(shape) == 2:   # gray as colours
            rows = [v for v in rows for _ in range(3)]
        close(f"{name} by {command}", got[2], rows, most, most)


def lossless():
    for n in (1, 2, 3, 4):
        rows, shape = ramp(38, 22, n), [22, 38] if n == 1 else [22, 38, n]
        if module == "heif" and n == 2:
            continue
        name = f"lossless{n}{ENDING}"
        save(name, rows, shape, lossless=True)
        got = load(path(name))[2]
        # AVIF and HEIF give gray as what Pillow's plugins make of it.
        wanted = rows
        if module == "avif" and n < 3:
            wanted = [v for p in range(22 * 38) for v in ([rows[p * n]] * 3 + rows[p * n + 1:p * n + n])]
        close(f"lossless {n}", got, wanted, 0, 0)
        if n != 2:
            by_peer(name, shape, rows)


def deep():
    if module == "jxl":
        for dtype, most in ((U16, 65535), (F32, 1)):
            rows = ramp(20, 10, 3, most)
            if dtype == F32:
                rows = [v / 700 - 0.25 for v in ramp(20, 10, 3, 1000)]
            save("deep.jxl", rows, [10, 20, 3], dtype, lossless=True)
            shape, code, got = load(path("deep.jxl"))
            expect((shape, code) == ([10, 20, 3], dtype), f"deep: {shape} {code}")
            close(f"deep {dtype}", got, items(packed(rows, dtype), dtype), 0, 0)
        return
    for bits in (10, 12):
        for n in (1, 3, 4):
            rows = ramp(38, 22, n, (1 << bits) - 1)
            shape, name = [22, 38] if n == 1 else [22, 38, n], f"deep{bits}_{n}{ENDING}"
            try:
                save(name, rows, shape, U16, lossless=True, bit_depth=bits)
            except Failed as e:
                if module == "heif" and "bit" in str(e):
                    print(f"SKIPPED: {bits} bits, which this libheif's encoder does not have: {e}")
                    continue
                raise
            got = load(path(name), convert_hdr_to_8bit=False)
            expect(got[1] == U16, f"{name}: {got[1]}")
            wanted = [v for v in rows for _ in range(3)] if n == 1 and len(got[0]) == 3 else rows
            close(name, got[2], wanted, 0, 0)
            narrow = load(path(name))
            expect(narrow[1] == U8, f"{name} as uint8: {narrow[1]}")
            most = (1 << bits) - 1
            close(f"{name} as uint8", narrow[2], [v * 255 / most for v in wanted], 1, 1.5)
            with File(path(name)) as f:
                expect(f.props(DEFAULT, convert_hdr_to_8bit=False).bits == bits, f"{name}: bits")
    refused(lambda: save("a" + ENDING, ramp(8, 8, 1), [8, 8], U16), OPTION, "bit_depth")
    refused(lambda: save("a" + ENDING, [1024] * 64, [8, 8], U16, bit_depth=10), OPTION, "1023")


def lossy():
    rows = ramp(96, 64, 3)
    sizes = []
    for quality in (30, 60, 90):
        name = save(f"q{quality}{ENDING}", rows, [64, 96, 3], quality=quality)
        sizes.append(os.path.getsize(name))
        close(f"quality {quality}", load(name)[2], rows, 6, 80)
    expect(sizes[0] < sizes[2], f"sizes by quality: {sizes}")
    by_peer(f"q90{ENDING}", [64, 96, 3], load(path(f"q90{ENDING}"))[2], 2 if module == "avif" else 1.5)
    again = save("again" + ENDING, rows, [64, 96, 3], quality=60)
    expect(Path(again).read_bytes() == Path(path(f"q60{ENDING}")).read_bytes(), "the same bytes twice")
    for threads in (1, 3):
        with File(path(f"t{threads}{ENDING}"), "w", plugin=module, threads=threads) as f:
            f.write(packed(rows), [64, 96, 3], quality=60)
    one, three = (Path(path(f"t{n}{ENDING}")).read_bytes() for n in (1, 3))
    expect(one == three, "the same bytes with any number of threads")


def several():
    films = [ramp(40, 24, 3, seed=i) for i in range(3)]
    name = path("several" + ENDING)
    timing = {} if module == "heif" else {"duration": [100, 150, 50]}
    with File(name, "w", plugin=module) as f:
        for film in films[:1]:
            f.write(packed(film), [24, 40, 3], lossless=True, **timing)
        f.write(packed(films[1] + films[2]), [2, 24, 40, 3], is_batch=True, lossless=True, **timing)
    with File(name) as f:
        expect(f.count() == 3, f"several: {f.count()}")
        got = [(items(raw), about) for raw, about in f.iter()]
    expect([g[0] for g in got] == films, "several images come back")
    expect(load(name, 2)[2] == films[2] and load(name, 0)[2] == films[0], "by index")
    refused(lambda: load(name, 3), INDEX)
    if module != "heif":
        expect([round(g[1]["duration_s"] * 1000) for g in got] == [100, 150, 50], f"durations: {[g[1] for g in got]}")


def metadata():
    rows = ramp(24, 16, 3)
    icc = bytes_of(meta(str(data / "avif" / "metadata.avif"))["icc_profile"]) if module != "heif" else \
        bytes_of(meta(str(data / "heif" / "metadata.heic"))["icc_profile"])
    save("meta" + ENDING, rows, [16, 24, 3], lossless=True, exif=given(EXIF), xmp=given(XMP), icc_profile=given(icc))
    about = meta(path("meta" + ENDING))
    expect(bytes_of(about["exif"]) == EXIF and about.get("Make") == "a maker", f"EXIF: {about.get('exif')}")
    expect(bytes_of(about["xmp"]) == XMP, "XMP")
    expect(bytes_of(about["icc_profile"]) == icc, "the profile")
    # As a reader gives it.
    save("copy" + ENDING, rows, [16, 24, 3], lossless=True, metadata=about)
    again = meta(path("copy" + ENDING))
    expect(all(again.get(key) == about.get(key) for key in ("exif", "xmp", "icc_profile", "Make")), "metadata survive a copy")


def turned():
    """What the boxes say is applied by `rotate` (AVIF) or has been (HEIF)."""
    if module == "avif":
        plain = load(data / "avif" / "lossless.avif")
        for name, orientation in (("turned.avif", 6), ("mirrored.avif", 7)):
            file = str(data / "avif" / name)
            expect(load(file) == plain, f"{name} as stored")
            expect(meta(file)["Orientation"] == orientation, f"{name}: {meta(file).get('Orientation')}")
            shape, _, got = load(file, rotate=True)
            h, w = plain[0][:2]
            expect(shape == [w, h, 3], f"{name} turned: {shape}")
            at = lambda y, x: plain[2][(y * w + x) * 3:][:3]
            wanted = [v for y in range(w) for x in range(h) for v in (at(h - 1 - x, y) if orientation == 6 else at(h - 1 - x, w - 1 - y))]
            expect(got == wanted, f"{name}: pixels")
            expect("Orientation" not in meta(file, rotate=True), f"{name}: applied")
    if module == "heif":
        for name, shape in (("turned.heic", [70, 66, 3]), ("mirrored.heic", [66, 70, 3])):
            with File(str(data / "heif" / name)) as f:
                props = f.props()
                expect(list(props.shape[:3]) == shape and props.flags & 2, f"{name} has been turned")
                expect("Orientation" not in f.meta(), f"{name}: what was applied is not told")
                expect(f.meta()["original_orientation"] in (2, 6), f"{name}: the original orientation")


def harm():
    """No file ends the program, takes more than it may, or succeeds where it is cut off."""
    if module == "jxl":
        return
    folder_ = data / module
    for name in sorted(os.listdir(folder_)):
        if name == "expected.txt":
            continue
        whole = (folder_ / name).read_bytes()
        cut = path("cut" + ENDING)
        for end in sorted({*range(0, len(whole), max(1, len(whole) // 17)), len(whole) - 1, len(whole) - 9}):
            Path(cut).write_bytes(whole[:end])
            try:
                with File(cut) as f:
                    f.count()
                    f.meta()
                    for i in range(min(f.count(), 6)):
                        f.read(i)
            except Failed as e:
                expect(e.status in (CORRUPT, UNSUPPORTED, -6, -7), f"{name} cut at {end}: {e}")
            else:
                expect(end > len(whole) - 9 or name == "three.heic" or end > len(whole) * 0.9, f"{name} cut at {end} is read as if whole")
        rng = random.Random(name)
        for _ in range(60):
            hurt = bytearray(whole)
            for _ in range(rng.choice((1, 1, 2, 6))):
                hurt[rng.randrange(min(len(hurt), 700) if rng.random() < 0.7 else len(hurt))] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
            Path(cut).write_bytes(hurt)
            try:
                with File(cut, max_pixels=1 << 22, max_bytes=1 << 26) as f:
                    f.meta()
                    for i in range(min(f.count(), 4)):
                        # Newer libheifs tell any size that the file says; more than the limit is not decoded.
                        if f.props(i).nbytes <= 1 << 26:
                            f.read(i)
                        else:
                            refused(lambda: f.read(i, room=1 << 10), LIMIT)
            except Failed:
                pass
    refused(lambda: load_limited(folder_), LIMIT)
    some = folder_ / ("rgb.avif" if module == "avif" else "rgb.heic")
    Path(path("p" + ENDING)).write_bytes(some.read_bytes()[:-40])
    refused(lambda: load(path("p" + ENDING)), CORRUPT)
    if module == "avif":   # libheif opens no file that is cut off
        expect(not any(load(path("p.avif"), allow_partial=True)[2]), "of a file that is cut off what is missing is zero")


def load_limited(folder_):
    with File(str(folder_ / ("rgb.avif" if module == "avif" else "rgb.heic")), max_pixels=100) as f:
        f.read()


def refusals():
    refused(lambda: save("a" + ENDING, [0.5] * 64, [8, 8], F32), SHAPE) if module != "jxl" else None
    refused(lambda: save("a" + ENDING, ramp(8, 8, 3), [8, 8, 3], nothing=1), (-12, OPTION))
    if module != "heif":
        def sizes():
            with File(path("sizes" + ENDING), "w", plugin=module) as f:
                f.write(packed(ramp(8, 8, 3)), [8, 8, 3])
                f.write(packed(ramp(16, 8, 3)), [8, 16, 3])
        refused(sizes, SHAPE)
        expect(not os.path.exists(path("sizes" + ENDING)), "half a file is not published")


def chosen():
    """Without naming the module: by the extension, and for JPEG XL by what is asked for."""
    rows = packed(ramp(40, 40, 3))
    array_ = Array(struct_size=C.sizeof(Array), dtype=U8, ndim=3)
    array_.shape[:3] = [40, 40, 3]
    buffer = C.create_string_buffer(rows, len(rows))
    array_.data = C.cast(buffer, P)
    lib.iio_imwrite.argtypes = [C.c_char_p, C.POINTER(Array), P]
    check(lib.iio_imwrite(path("chosen" + ENDING).encode(), C.byref(array_), options({"quality": 50})))
    close("chosen", load(path("chosen" + ENDING))[2], items(rows), 5, 90)
    if module == "jxl":
        check(lib.iio_imwrite(path("plain.jxl").encode(), C.byref(array_), None))
        expect(load(path("plain.jxl"))[2] == items(rows), "without options JPEG XL is lossless")


def beside_films():
    """A picture without an extension is no film, also where the module for films was loaded before."""
    if module == "jxl":
        return
    whole = data / module / ("rgb.avif" if module == "avif" else "rgb.heic")
    shutil.copy(whole, path("plain"))
    try:
        with File(str(data / "rgb8.png"), plugin="ffmpeg"):
            pass
    except Failed as e:
        if e.status == -7:
            print(f"SKIPPED: {module} beside films: {e}")
            return
    expect(load(path("plain")) == load(whole), "a picture without an extension is one")


def missing():
    """Without the module its files are told from others, and what is missing is named."""
    alone = os.path.join(folder, "alone")
    os.makedirs(alone, exist_ok=True)
    shutil.copy(os.path.realpath(sys.argv[1]), os.path.join(alone, "libimageio.so"))
    reading = {"avif": str(data / "avif" / "rgb.avif"), "heif": str(data / "heif" / "rgb.heic"), "jxl": ""}[module]
    code = """
import ctypes as C, sys
lib = C.CDLL(sys.argv[1]); lib.iio_error_message.restype = C.c_char_p
props = C.create_string_buffer(C.sizeof(C.c_uint32) * 64); C.cast(props, C.POINTER(C.c_uint32))[0] = 216
if sys.argv[2]:
    status = lib.iio_improps(sys.argv[2].encode(), C.c_int64(-2**63), None, props)
else:
    options = C.c_void_p(); lib.iio_dict_from_json(b'{"quality": 50}', C.byref(options)); file = C.c_void_p()
    pixel, image = C.create_string_buffer(1), bytearray(ARRAY)
    image[16:24] = C.addressof(pixel).to_bytes(8, sys.byteorder)
    status = lib.iio_imwrite(sys.argv[3].encode(), (C.c_char * len(image)).from_buffer(image), options)
print(status, lib.iio_error_message().decode())
"""
    image = Array(struct_size=C.sizeof(Array), dtype=U8, ndim=2)
    image.shape[:2] = [1, 1]
    code = code.replace("ARRAY", repr(bytes(image)))
    for name in (reading, ) if reading else ("",):
        environment = {k: v for k, v in os.environ.items() if k != "IMAGEIO_PLUGIN_PATH"}
        said = subprocess.run([sys.executable, "-c", code, os.path.join(alone, "libimageio.so"), name, path("x.jxl")], env=environment,
                              stdout=subprocess.PIPE, check=True).stdout.decode()
        expect(said.startswith("-7 ") and f"libimageio-module-{module}" in said, f"without the module: {said}")


for part in (beside_films, lossless, deep, lossy, several, metadata, turned, harm, refusals, chosen, missing):
    try:
        part()
    except Failed as e:
        expect(False, f"{part.__name__}: {e}")
print(f"{module}: {len(failed)} failures" if failed else f"{module}: passed")
sys.exit(1 if failed else 0)
