"""libimageio through ctypes: as much of it as bench.py needs, and no more between the clock and the call."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

import numpy

DEFAULT = -(2**63)
ALL = DEFAULT + 1
DTYPES = {1: "bool", 2: "uint8", 3: "uint16", 4: "uint32", 5: "uint64", 6: "int8", 7: "int16", 8: "int32", 9: "int64",
          10: "float16", 11: "float32", 12: "float64"}


class Props(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("dtype", c_int32), ("ndim", c_uint32), ("is_batch", c_uint32), ("n_images", c_int64),
        ("nbytes", c_uint64), ("shape", c_uint64 * 8), ("spacing", c_double * 8), ("axes", ctypes.c_char * 16),
        ("color", c_uint32), ("bits", c_uint32), ("flags", c_uint32), ("orientation", c_uint32),
    ]


class Array(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32), ("dtype", c_int32), ("ndim", c_uint32), ("flags", c_uint32), ("data", c_void_p),
        ("shape", c_uint64 * 8), ("strides", c_int64 * 8),
    ]


class Library:
    def __init__(self, path):
        lib = self.lib = ctypes.CDLL(path)
        lib.iio_error_message.restype = c_char_p
        lib.iio_dict_from_json.argtypes = [c_char_p, POINTER(c_void_p)]
        lib.iio_imopen_bytes_lent.argtypes = [c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, POINTER(c_void_p)]
        lib.iio_file_read.argtypes = [c_void_p, c_int64, c_void_p, c_void_p, c_size_t, c_void_p]
        lib.iio_file_props.argtypes = [c_void_p, c_int64, c_void_p, POINTER(Props)]
        lib.iio_file_close.argtypes = [c_void_p]
        lib.iio_imread.argtypes = [c_char_p, c_int64, c_void_p, c_void_p, c_size_t, c_void_p]
        lib.iio_imiter.argtypes = [c_char_p, c_void_p, POINTER(c_void_p)]
        lib.iio_iter_next.argtypes = [c_void_p, c_void_p, c_size_t, c_void_p]
        lib.iio_iter_free.argtypes = [c_void_p]
        lib.iio_imopen.argtypes = [c_char_p, c_char_p, c_void_p, POINTER(c_void_p)]
        lib.iio_file_write.argtypes = [c_void_p, POINTER(Array), c_void_p]
        lib.iio_file_bytes.argtypes = [c_void_p, POINTER(c_void_p), POINTER(c_size_t)]
        lib.iio_file_discard.argtypes = [c_void_p]

    def check(self, status):
        if status:
            raise RuntimeError(self.lib.iio_error_message().decode())

    def options(self, json):
        made = c_void_p()
        if json:
            self.check(self.lib.iio_dict_from_json(json.encode(), byref(made)))
        return made

    def props(self, data, index=DEFAULT):
        props = Props(ctypes.sizeof(Props))
        self.properties(data, props, index)()
        return props

    def properties(self, data, props=None, index=DEFAULT):
        """A function that opens the bytes and asks for their properties."""
        lib, size, kept = self.lib, len(data), ctypes.c_char_p(data)
        at, file = ctypes.cast(kept, c_void_p), c_void_p()
        props = props or Props(ctypes.sizeof(Props))

        def run():
            status = lib.iio_imopen_bytes_lent(at, size, None, None, None, byref(file))
            status = status or lib.iio_file_props(file, index, None, byref(props))
            lib.iio_file_close(file)
            self.check(status)

        run.kept = (data, kept)
        return run

    def reader(self, data, out, index=DEFAULT, options="", opening=""):
        """A function that reads the image in the bytes into the array."""
        lib, size, kept = self.lib, len(data), ctypes.c_char_p(data)
        at, to, room = ctypes.cast(kept, c_void_p), out.ctypes.data, out.nbytes
        file, how, before = c_void_p(), self.options(options), self.options(opening)

        def run():
            status = lib.iio_imopen_bytes_lent(at, size, before, None, None, byref(file))
            status = status or lib.iio_file_read(file, index, how, to, room, None)
            lib.iio_file_close(file)
            self.check(status)

        run.kept = (data, kept, out)
        return run

    def path_reader(self, path, out, options=""):
        """A function that reads the first image of a file into the array."""
        name, to, room, lib, how = str(path).encode(), out.ctypes.data, out.nbytes, self.lib, self.options(options)

        def run():
            self.check(lib.iio_imread(name, DEFAULT, how, to, room, None))

        run.kept = out
        return run

    def iterator(self, path, out, options=""):
        """A function that reads one image of a file after the other into the array."""
        name, to, room, lib, how = str(path).encode(), out.ctypes.data, out.nbytes, self.lib, self.options(options)

        def run():
            images = c_void_p()
            self.check(lib.iio_imiter(name, how, byref(images)))
            while (status := lib.iio_iter_next(images, to, room, None)) == 0:
                pass
            lib.iio_iter_free(images)
            self.check(status if status < 0 else 0)

        run.kept = out
        return run

    def writer(self, pixels, extension, options="", opening=""):
        """A function that writes the array to memory and gives the bytes that it took."""
        lib = self.lib
        array = Array(ctypes.sizeof(Array), next(k for k, v in DTYPES.items() if v == str(pixels.dtype)), pixels.ndim)
        array.data = pixels.ctypes.data
        array.shape[: pixels.ndim] = pixels.shape
        how = self.options(options)
        before = opening[:-1] + "," if opening else "{"
        before = self.options(before + f'"extension": "{extension}"}}')
        file, data, size = c_void_p(), c_void_p(), c_size_t()

        def run(keep=False):
            status = lib.iio_imopen(b"<bytes>", b"w", before, byref(file))
            status = status or lib.iio_file_write(file, byref(array), how)
            status = status or lib.iio_file_bytes(file, byref(data), byref(size))
            got = ctypes.string_at(data, size.value) if keep and not status else size.value
            lib.iio_file_discard(file)
            self.check(status)
            return got

        run.kept = pixels
        return run


def empty(props):
    """A warm array of these properties."""
    out = numpy.empty(tuple(props.shape[: props.ndim]), DTYPES[props.dtype])
    out.fill(1)
    return out


def aligned(shape, dtype):
    """A warm array that begins with a page of memory, where the system copies files to at its best."""
    size = int(numpy.prod(shape)) * numpy.dtype(dtype).itemsize
    room = numpy.ones(size + 4096, numpy.uint8)
    return room[-room.ctypes.data % 4096 :][:size].view(dtype).reshape(shape)
