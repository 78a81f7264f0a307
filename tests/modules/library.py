"""The library through ctypes, and what the tests of modules have in common. Needs Python's own library only."""
import ctypes as C
import json
import os
import subprocess
import sys

DEFAULT, ALL = -(2**63), -(2**63) + 1
OK, END, INDEX, SHAPE, OPTION, CORRUPT, UNSUPPORTED, LIMIT = 0, 1, -10, -14, -13, -9, -8, -15


class Props(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("dtype", C.c_int32), ("ndim", C.c_uint32), ("is_batch", C.c_uint32),
                ("n_images", C.c_int64), ("nbytes", C.c_uint64), ("shape", C.c_uint64 * 8), ("spacing", C.c_double * 8),
                ("axes", C.c_char * 16), ("color", C.c_uint32), ("bits", C.c_uint32), ("flags", C.c_uint32),
                ("orientation", C.c_uint32)]


class Array(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("dtype", C.c_int32), ("ndim", C.c_uint32), ("flags", C.c_uint32),
                ("data", C.c_void_p), ("shape", C.c_uint64 * 8), ("strides", C.c_int64 * 8)]


lib = C.CDLL(sys.argv[1])
folder = sys.argv[-1]
os.makedirs(folder, exist_ok=True)
lib.iio_error_message.restype = C.c_char_p
lib.iio_dict_free.argtypes = [C.c_void_p]
for name in ("iio_file_close", "iio_file_discard", "iio_iter_free"):
    getattr(lib, name).argtypes = [C.c_void_p]
P = C.c_void_p
lib.iio_imopen.argtypes = [C.c_char_p, C.c_char_p, P, C.POINTER(P)]
lib.iio_file_read.argtypes = [P, C.c_int64, P, P, C.c_size_t, C.POINTER(Props)]
lib.iio_file_props.argtypes = [P, C.c_int64, P, C.POINTER(Props)]
lib.iio_file_count.argtypes = [P, P, C.c_uint32, C.POINTER(C.c_int64)]
lib.iio_file_meta.argtypes = [P, C.c_int64, P, C.POINTER(P)]
lib.iio_file_iter.argtypes = [P, P, C.POINTER(P)]
lib.iio_iter_next.argtypes = [P, P, C.c_size_t, C.POINTER(Props)]
lib.iio_iter_meta.argtypes = [P, C.POINTER(P)]
lib.iio_iter_seek.argtypes = [P, C.c_int64]
lib.iio_file_write.argtypes = [P, C.POINTER(Array), P]
lib.iio_file_call.argtypes = [P, C.c_char_p, P, C.POINTER(P)]
lib.iio_dict_from_json.argtypes = [C.c_char_p, C.POINTER(P)]
lib.iio_dict_to_json.argtypes = [P, C.c_char_p, C.c_size_t, C.POINTER(C.c_size_t)]


class Failed(Exception):
    def __init__(self, status):
        super().__init__(f"{status}: {lib.iio_error_message().decode()}")
        self.status = status


def check(status):
    if status < 0:
        raise Failed(status)
    return status


def options(values):
    if not values:
        return None
    out = P()
    check(lib.iio_dict_from_json(json.dumps(values).encode(), C.byref(out)))
    return out


def of_dict(handle):
    needed = C.c_size_t()
    lib.iio_dict_to_json(handle, None, 0, C.byref(needed))
    buffer = C.create_string_buffer(needed.value)
    check(lib.iio_dict_to_json(handle, buffer, needed, C.byref(needed)))
    lib.iio_dict_free(handle)
    return json.loads(buffer.value)


class File:
    def __init__(self, path, mode="r", **values):
        self.raw = P()
        check(lib.iio_imopen(path.encode(), mode.encode(), options(values), C.byref(self.raw)))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        raw, self.raw = self.raw, None
        if kind is None:
            check(lib.iio_file_close(raw))
        else:
            lib.iio_file_discard(raw)

    def props(self, index=DEFAULT, **values):
        props = Props(struct_size=C.sizeof(Props))
        check(lib.iio_file_props(self.raw, index, options(values), C.byref(props)))
        return props

    def read(self, index=DEFAULT, **values):
        size = self.props(index, **values).nbytes
        buffer = C.create_string_buffer(size)
        props = Props(struct_size=C.sizeof(Props))
        check(lib.iio_file_read(self.raw, index, options(values), buffer, size, C.byref(props)))
        return buffer.raw

    def count(self):
        n = C.c_int64()
        check(lib.iio_file_count(self.raw, None, 0, C.byref(n)))
        return n.value

    def meta(self, index=DEFAULT, **values):
        out = P()
        check(lib.iio_file_meta(self.raw, index, options(values), C.byref(out)))
        return of_dict(out)

    def iter(self, **values):
        cursor = P()
        check(lib.iio_file_iter(self.raw, options(values), C.byref(cursor)))
        size = 1 << 22
        buffer = C.create_string_buffer(size)
        try:
            while True:
                props = Props(struct_size=C.sizeof(Props))
                if check(lib.iio_iter_next(cursor, buffer, size, C.byref(props))) == END:
                    return
                out = P()
                check(lib.iio_iter_meta(cursor, C.byref(out)))
                yield buffer.raw[:props.nbytes], of_dict(out)
        finally:
            lib.iio_iter_free(cursor)

    def write(self, data, shape, dtype=2, **values):
        array = Array(struct_size=C.sizeof(Array), dtype=dtype, ndim=len(shape))
        array.shape[:len(shape)] = shape
        buffer = C.create_string_buffer(data, len(data))
        array.data = C.cast(buffer, P)
        check(lib.iio_file_write(self.raw, C.byref(array), options(values)))

    def call(self, function, **values):
        out = P()
        check(lib.iio_file_call(self.raw, function.encode(), options(values), C.byref(out)))
        return of_dict(out)


failed = []


def expect(holds, what):
    if not holds:
        failed.append(what)
        print("FAILED:", what)


def refused(work, status, words=""):
    try:
        work()
    except Failed as e:
        wanted = status if isinstance(status, tuple) else (status,)
        expect(e.status in wanted and words in str(e), f"refused with {e}, not {status} {words!r}")
    else:
        expect(False, f"not refused: {words!r}")


def tool(*arguments):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def path(name):
    return os.path.join(folder, name)
