"""The peers that are installed, as functions that decode or encode once."""

import ctypes
import io
import os
from ctypes import c_char_p, c_int, c_long, c_size_t, c_uint32, c_void_p

import numpy


def _import(name):
    try:
        return __import__(name)
    except ImportError:
        return None


imagecodecs = _import("imagecodecs")
cv2 = _import("cv2")
tifffile = _import("tifffile")
OpenEXR = _import("OpenEXR")
OpenImageIO = _import("OpenImageIO")
imageio = _import("imageio.v3") and __import__("imageio.v3", fromlist=["v3"])
if _import("PIL"):
    from PIL import Image
else:
    Image = None
if cv2:
    cv2.setNumThreads(1)


class Compiled:
    """The functions of the peers' libraries."""

    def __init__(self, folder):
        self.libraries = []
        for name in ("libpeers_c.so", "libpeers.so"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                self.libraries.append(ctypes.CDLL(os.path.abspath(path)))

    def find(self, name):
        for library in self.libraries:
            function = getattr(library, name, None)
            if function is not None:
                function.restype = c_long
                function.argtypes = [c_char_p, c_size_t, c_void_p, c_size_t]
                return library, function
        return None, None

    def decoder(self, name, data, out):
        """A function that decodes the bytes into the array, if there is such a peer."""
        _, function = self.find("peer_" + name)
        if function is None:
            return None
        to, room, size = out.ctypes.data, out.nbytes, len(data)

        def run():
            if function(data, size, to, room) < 0:
                raise RuntimeError(name)

        run.kept = (data, out)
        return run

    def encoder(self, name, pixels, quality=0):
        library, function = self.find("peer_" + name)
        if function is None:
            return None
        height, width = pixels.shape[:2]
        samples = pixels.shape[2] if pixels.ndim == 3 else 1
        out = numpy.ones(pixels.nbytes * 2 + 65536, numpy.uint8)
        if hasattr(library, "peer_how"):
            how = (c_int * 4).in_dll(library, "peer_how")
        else:
            how = (c_uint32 * 3).in_dll(library, "PEER_SIZE")
        values = (width, height, samples, quality)[: len(how)]
        data = ctypes.cast(pixels.ctypes.data, c_char_p)
        to, room, size = out.ctypes.data, out.nbytes, pixels.nbytes

        def run():
            how[:] = values
            n = function(data, size, to, room)
            if n < 0:
                raise RuntimeError(name)
            return n

        run.kept = (pixels, out)
        return run


def pillow(data):
    """Pillow as programs use it, to a numpy array."""
    return Image and (lambda: numpy.asarray(Image.open(io.BytesIO(data))))


def pillow_frames(data):
    def run():
        image = Image.open(io.BytesIO(data))
        for i in range(image.n_frames):
            image.seek(i)
            numpy.asarray(image.convert("RGB"))

    return Image and run


def pillow_write(pixels, format, **options):
    def run():
        to = io.BytesIO()
        Image.fromarray(pixels).save(to, format, **options)
        return to.tell()

    return Image and run


def codec(name, data, out, **options):
    """imagecodecs, into the array."""
    function = getattr(imagecodecs, name, None)
    if function is None:
        return None
    try:
        function(data, out=out, **options)
        return lambda: function(data, out=out, **options)
    except Exception:
        return None


def opencv(data, out, flags=-1):
    bytes_ = numpy.frombuffer(data, numpy.uint8)
    return cv2 and (lambda: cv2.imdecode(bytes_, flags))


def opencv_write(pixels, extension, options=()):
    def run():
        return len(cv2.imencode(extension, pixels, list(options))[1])

    return cv2 and run


def imageio_read(data, **options):
    return imageio and (lambda: imageio.imread(io.BytesIO(data), **options))


def imageio_props(data):
    return imageio and (lambda: imageio.improps(io.BytesIO(data)))


def tifffile_read(data, threads=1):
    """tifffile with imagecodecs, from memory, or of a file by its name."""
    if not tifffile:
        return None
    opened = (lambda: io.BytesIO(data)) if isinstance(data, bytes) else (lambda: data)
    return lambda: tifffile.imread(opened(), maxworkers=threads)


def openimageio_read(path, threads=1):
    """OpenImageIO, of a file by its name: what it gives is the array of one page."""
    if not OpenImageIO:
        return None

    def run():
        OpenImageIO.attribute("threads", threads)
        file = OpenImageIO.ImageInput.open(str(path))
        image = file.read_image(OpenImageIO.UNKNOWN)
        file.close()
        return image

    # Wheels lack some codecs.
    return run if run() is not None else None


def tifffile_props(data):
    def run():
        with tifffile.TiffFile(io.BytesIO(data)) as tif:
            series = tif.series[0]
            return series.shape, series.dtype

    return tifffile and run


def tifffile_write(pixels, **options):
    def run():
        to = io.BytesIO()
        tifffile.imwrite(to, pixels, metadata=None, **options)
        return to.tell()

    return tifffile and run


def openexr(data, threads):
    """OpenEXR with as many threads, 0 of which is what it calls the calling one alone."""
    return OpenEXR and (lambda: OpenEXR.File(io.BytesIO(data), False, False, threads if threads > 1 else 0).channels())


def exr_of(pixels, compression, threads=0):
    header = {"compression": getattr(OpenEXR, compression + "_COMPRESSION"), "type": OpenEXR.scanlineimage}
    return OpenEXR.File(header, {"RGB": pixels}, threads)


def openexr_write(pixels, compression, threads):
    def run():
        to = io.BytesIO()
        exr_of(pixels, compression, threads if threads > 1 else 0).write(to)
        return to.tell()

    return OpenEXR and run
