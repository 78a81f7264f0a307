"""The library through ctypes, and what the tests of modules have in common. Needs Python's own library only."""
import ctypes as C
import json
import os
import subprocess
import sys

DEFAULT, ALL = -(2**63), -(2**63) + 1
OK, END, NOT_FOUND, IO, NO_BACKEND, UNAVAILABLE, UNSUPPORTED, CORRUPT, INDEX = 0, 1, -2, -4, -6, -7, -8, -9, -10
OPTION, SHAPE, LIMIT, CANCELLED, MODE, INTERNAL = -13, -14, -15, -16, -17, -99


class Props(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("dtype", C.c_int32), ("ndim", C.c_uint32), ("is_batch", C.c_uint32),
                ("n_images", C.c_int64), ("nbytes", C.c_uint64), ("shape", C.c_uint64 * 8), ("spacing", C.c_double * 8),
                ("axes", C.c_char * 16), ("color", C.c_uint32), ("bits", C.c_uint32), ("flags", C.c_uint32),
                ("orientation", C.c_uint32)]


class Array(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("dtype", C.c_int32), ("ndim", C.c_uint32), ("flags", C.c_uint32),
                ("data", C.c_void_p), ("shape", C.c_uint64 * 8), ("strides", C.c_int64 * 8)]


READ = C.CFUNCTYPE(C.c_int64, C.c_void_p, C.c_void_p, C.c_size_t)
SEEK = C.CFUNCTYPE(C.c_int64, C.c_void_p, C.c_int64, C.c_int32)
SIZE = C.CFUNCTYPE(C.c_int64, C.c_void_p)
CLOSE = C.CFUNCTYPE(None, C.c_void_p)
FINISH = C.CFUNCTYPE(C.c_int32, C.c_void_p)
PROGRESS = C.CFUNCTYPE(C.c_int32, C.c_void_p, C.c_uint64, C.c_uint64)
LOG = C.CFUNCTYPE(None, C.c_void_p, C.c_int32, C.c_char_p)


class Callbacks(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("flags", C.c_uint32), ("user", C.c_void_p), ("read", READ), ("write", READ),
                ("seek", SEEK), ("size", SIZE), ("close", CLOSE), ("finish", FINISH)]


lib = C.CDLL(sys.argv[1])
folder = sys.argv[2]
os.makedirs(folder, exist_ok=True)
lib.iio_error_message.restype = C.c_char_p
lib.iio_dict_free.argtypes = [C.c_void_p]
for name in ("iio_file_close", "iio_file_discard", "iio_iter_free"):
    getattr(lib, name).argtypes = [C.c_void_p]
P = C.c_void_p
lib.iio_imopen.argtypes = [C.c_char_p, C.c_char_p, P, C.POINTER(P)]
lib.iio_file_read.argtypes = [P, C.c_int64, P, P, C.c_size_t, C.POINTER(Props)]
lib.iio_file_read_into.argtypes = [P, C.c_int64, P, C.POINTER(Array)]
lib.iio_file_props.argtypes = [P, C.c_int64, P, C.POINTER(Props)]
lib.iio_file_count.argtypes = [P, P, C.c_uint32, C.POINTER(C.c_int64)]
lib.iio_file_meta.argtypes = [P, C.c_int64, P, C.POINTER(P)]
lib.iio_file_iter.argtypes = [P, P, C.POINTER(P)]
lib.iio_iter_next.argtypes = [P, P, C.c_size_t, C.POINTER(Props)]
lib.iio_iter_meta.argtypes = [P, C.POINTER(P)]
lib.iio_iter_seek.argtypes = [P, C.c_int64]
lib.iio_file_write.argtypes = [P, C.POINTER(Array), P]
lib.iio_file_call.argtypes = [P, C.c_char_p, P, C.POINTER(P)]
lib.iio_imopen_callbacks.argtypes = [C.POINTER(Callbacks), C.c_char_p, P, C.POINTER(P)]
lib.iio_imopen_bytes.argtypes = [P, C.c_size_t, P, C.POINTER(P)]
lib.iio_dict_new.restype = P
lib.iio_dict_set_progress.argtypes = [P, PROGRESS, P]
lib.iio_set_log_callback.argtypes = [LOG, P]
lib.iio_file_bytes.argtypes = [P, C.POINTER(P), C.POINTER(C.c_size_t)]
lib.iio_iter_props.argtypes = [P, C.POINTER(Props)]
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


log = []


@LOG
def keep_log(_, level, message):
    log.append((level, message.decode(errors="replace")))


lib.iio_set_log_callback(keep_log, None)


def options(values, progress=None):
    if not values and not progress:
        return None
    out = P()
    check(lib.iio_dict_from_json(json.dumps(values).encode(), C.byref(out)))
    if progress:
        check(lib.iio_dict_set_progress(out, progress, None))
    return out


def of_dict(handle):
    needed = C.c_size_t()
    lib.iio_dict_to_json(handle, None, 0, C.byref(needed))
    buffer = C.create_string_buffer(needed.value)
    check(lib.iio_dict_to_json(handle, buffer, needed, C.byref(needed)))
    lib.iio_dict_free(handle)
    return json.loads(buffer.value)


class File:
    def __init__(self, path, mode="r", progress=None, **values):
        self.raw, self.progress = P(), progress
        values = options(values, progress)
        if isinstance(path, bytes):
            self.kept = path
            check(lib.iio_imopen_bytes(path, len(path), values, C.byref(self.raw)))
        elif isinstance(path, Callbacks):
            self.kept = path
            check(lib.iio_imopen_callbacks(C.byref(path), mode.encode(), values, C.byref(self.raw)))
        else:
            check(lib.iio_imopen(path.encode(), mode.encode(), values, C.byref(self.raw)))

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

    def read(self, index=DEFAULT, room=None, **values):
        size = self.props(index, **values).nbytes if room is None else room
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

    def iter(self, seek=None, **values):
        cursor = P()
        check(lib.iio_file_iter(self.raw, options(values), C.byref(cursor)))
        size = 1 << 22
        buffer = C.create_string_buffer(size)
        try:
            # Places that are gone to before each of the first images: one, or a list.
            seeks = [seek] if isinstance(seek, int) else list(seek or [])
            while True:
                if seeks:
                    check(lib.iio_iter_seek(cursor, seeks.pop(0)))
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


def run(parts):
    """Runs tests; a failure of the library that none expected is one of the test's."""
    for part, *arguments in parts:
        try:
            part(*arguments)
        except Failed as e:
            expect(False, f"{part.__name__} {arguments}: {e}")
