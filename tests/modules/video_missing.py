"""What is said where the module is not, or FFmpeg is not the one that it was built for."""
from video_native import *

# A process of its own each time: a module is looked for once.
OPEN = """
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
lib.iio_error_message.restype = ctypes.c_char_p
file = ctypes.c_void_p()
print(lib.iio_imopen(sys.argv[2].encode(), sys.argv[3].encode(), None, ctypes.byref(file)), lib.iio_error_message().decode())
"""


def attempt(library, name, mode="r", **environment):
    kept = {k: v for k, v in os.environ.items() if k != "IMAGEIO_PLUGIN_PATH"}
    said = subprocess.run([sys.executable, "-c", OPEN, library, path(name), mode], env={**kept, **environment}, check=True, stdout=subprocess.PIPE)
    status, _, message = said.stdout.decode().partition(" ")
    return int(status), message.strip()


def alone(name):
    """A copy of the library with no module beside it."""
    os.makedirs(path(name), exist_ok=True)
    return shutil.copy(os.path.realpath(sys.argv[1]), path(name + "/libimageio.so"))


def module():
    """The module that these tests run with."""
    with open("/proc/self/maps") as maps:
        return next(line.split()[-1] for line in maps if "libimageio_ffmpeg" in line)


def no_module():
    for name, mode in (("h264.mp4", "r"), ("never.mp4", "w"), ("h264.ts", "r")):
        status, said = attempt(alone("alone"), name, mode)
        expect(status == UNAVAILABLE and "libimageio_ffmpeg.so" in said and "install" in said, f"{name}, {mode}: {status} {said}")
    status, said = attempt(alone("alone"), "../<video0>")
    expect(status == NOT_FOUND, f"a path is no camera: {status} {said}")


def no_libraries():
    """A module whose FFmpeg is not installed, as the loader of programs tells it."""
    broken = alone("broken")
    data = open(module(), "rb").read()
    major = data[data.index(b"libavcodec.so.") + len(b"libavcodec.so."):][:2].decode()
    data = data.replace(b"libavcodec.so.", b"libavnever.so.")
    with open(path("broken/libimageio_ffmpeg.so"), "wb") as f:
        f.write(data)
    status, said = attempt(broken, "h264.mp4")
    expect(status == UNAVAILABLE and f"libavnever.so.{major}" in said and f"install what it needs (Debian and Ubuntu: libavnever{major})" in said, f"no FFmpeg: {status} {said}")


def other_version():
    """A libavcodec of another major version under the name of the right one."""
    other = alone("other")
    shutil.copy(module(), path("other/libimageio_ffmpeg.so"))
    source = path("other/version.c")
    with open(source, "w") as f:
        f.write("unsigned avcodec_version(void) { return 1 << 16; }\n")
    tool(os.environ.get("CC", "cc"), "-shared", "-fPIC", source, "-o", path("other/version.so"))
    status, said = attempt(other, "h264.mp4", LD_PRELOAD=path("other/version.so"))
    expect(status == UNAVAILABLE and "found 1" in said and "build it again" in said, f"another FFmpeg: {status} {said}")


def parts():
    make("h264.mp4", picture(), "-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p")
    with File(path("h264.mp4")):
        pass
    return [(no_module,), (no_libraries,), (other_version,)]
