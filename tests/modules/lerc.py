#!/usr/bin/env python3
"""The module lerc: rasters by themselves and inside TIFF, beside what imagecodecs made of them, and files that mean harm.

    tests/modules/lerc.py LIBRARY

LIBRARY finds the module (beside it, or in IMAGEIO_PLUGIN_PATH). Exit status 77: Esri's library, or numpy, tifffile or
imagecodecs is not there. The last line says what.
"""
import ctypes as C
import io
import random
import sys

try:
    import imagecodecs
    import numpy as np
    import tifffile
except ImportError as error:
    print(error)
    sys.exit(77)

DTYPES = [None, "?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
UNAVAILABLE, UNSUPPORTED, CORRUPT, LIMIT = -7, -8, -9, -15


class Props(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("dtype", C.c_int32), ("ndim", C.c_uint32), ("is_batch", C.c_uint32),
                ("n_images", C.c_int64), ("nbytes", C.c_uint64), ("shape", C.c_uint64 * 8), ("spacing", C.c_double * 8),
                ("axes", C.c_char * 16)]


lib = C.CDLL(sys.argv[1])
lib.iio_error_message.restype = C.c_char_p
P = C.c_void_p
lib.iio_imopen_bytes.argtypes = [C.c_char_p, C.c_size_t, P, C.POINTER(P)]
lib.iio_file_read.argtypes = [P, C.c_int64, P, P, C.c_size_t, C.POINTER(Props)]
lib.iio_file_props.argtypes = [P, C.c_int64, P, C.POINTER(Props)]
lib.iio_file_discard.argtypes = [P]


def read(data):
    """The array, or the status of what failed."""
    file, props = P(), Props(C.sizeof(Props))
    status = lib.iio_imopen_bytes(data, len(data), None, C.byref(file))
    if status == 0:
        status = lib.iio_file_props(file, 0, None, C.byref(props))
    if status == 0:
        out = np.empty(tuple(props.shape[:props.ndim]), DTYPES[props.dtype])
        status = lib.iio_file_read(file, 0, None, out.ctypes.data, out.nbytes, None)
    lib.iio_file_discard(file)
    return out if status == 0 else status


def tiff(array, **options):
    to = io.BytesIO()
    tifffile.imwrite(to, array, metadata=None, **options)
    return to.getvalue()


rng = np.random.default_rng(1)
gray = (np.add.outer(np.arange(90), np.arange(130)) * 3 + rng.integers(0, 4, (90, 130)))
blob = imagecodecs.lerc_encode(gray.astype("f4"), level=0)
found = read(blob)
if isinstance(found, int) and found == UNAVAILABLE:
    print(lib.iio_error_message().decode())
    sys.exit(77)
checked = 0
for dtype in ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"):
    array = gray.astype(dtype)
    found = read(imagecodecs.lerc_encode(array, level=0))
    assert isinstance(found, np.ndarray), (dtype, found, lib.iio_error_message())
    assert found.dtype == array.dtype and np.array_equal(found, array), dtype
    for options in ({}, {"tile": (32, 48)}, {"rowsperstrip": 17}, {"compressionargs": {"compression": "zstd"}},
                    {"tile": (32, 48), "compressionargs": {"compression": "deflate"}}):
        found = read(tiff(array, compression="lerc", **options))
        assert isinstance(found, np.ndarray), (dtype, options, found, lib.iio_error_message())
        assert found.dtype == array.dtype and np.array_equal(found, array), (dtype, options)
        checked += 1
# In big-endian files libtiff has samples compressed that are in the order of the file: GDAL writes such ones.
for dtype in ("u2", "i4", "f4", "f8"):
    swapped = imagecodecs.lerc_encode(gray.astype(dtype).byteswap(), level=0)
    to = io.BytesIO()
    tifffile.imwrite(to, iter([swapped]), shape=gray.shape, dtype=dtype, byteorder=">", compression="lerc", metadata=None,
                     rowsperstrip=gray.shape[0])
    assert np.array_equal(tifffile.imread(io.BytesIO(to.getvalue())), gray.astype(dtype)), dtype
    found = read(to.getvalue())
    assert isinstance(found, np.ndarray) and np.array_equal(found, gray.astype(dtype)), (dtype, lib.iio_error_message())
    checked += 1
color = rng.integers(0, 255, (40, 50, 3)).astype("u1")
found = read(tiff(color, compression="lerc", photometric="rgb", tile=(16, 16)))
assert isinstance(found, np.ndarray) and np.array_equal(found, color), (found, lib.iio_error_message())
planes = np.ascontiguousarray(color.transpose(2, 0, 1))
found = read(tiff(planes, compression="lerc", photometric="rgb", planarconfig="separate"))
assert isinstance(found, np.ndarray) and np.array_equal(found, planes), (found, lib.iio_error_message())

# A chunk that is missing its end, and bytes that are others.
whole = tiff(gray.astype("f4"), compression="lerc", compressionargs={"level": 0.5})
random.seed(1)
for data in (blob, whole):
    for _ in range(300):
        harmed = bytearray(data)
        for _ in range(random.choice([1, 2, 8])):
            harmed[random.randrange(len(harmed))] = random.randrange(256)
        read(bytes(harmed))
    for end in range(0, len(data), max(1, len(data) // 60)):
        result = read(data[:end])
        assert isinstance(result, int) and result < 0 or data is whole, (end, result)
print(f"{checked} TIFF files and their like")
