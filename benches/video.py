#!/usr/bin/env python3
"""Measures video beside its peers, by turns, each run in a process of its own.

    video.py PROGRAM LIBRARY FOLDER [--rounds N] [--only TEXT] [--frames N] [--optional]

PROGRAM is benches/video.c (see scripts/bench.sh), LIBRARY libimageio.so beside its module; FOLDER takes the clips, which
ffmpeg makes. PyAV, OpenCV, decord and imageio take part where Python has them. A ratio is the median of those of paired
runs, ours to the peer's: below 1 we are ahead; the second is of the processor time of all threads, which other load
disturbs less. Of --threads processors the library makes two decoding threads more, since some of those always wait; the
loop runs with as many as it is told, and once more with as many as the library has. PyAV and OpenCV bring an FFmpeg of
their own. A star marks a goal that is missed: 1.1 times decoding alone, 1 for all others."""
import argparse
import os
import statistics
import subprocess
import sys

CLIPS = {
    "H.264 720p": ("h264_720.mp4", "1280x720", ["-c:v", "libx264", "-preset", "medium", "-crf", "23", "-pix_fmt", "yuv420p"]),
    "H.264 1080p": ("h264_1080.mp4", "1920x1080", ["-c:v", "libx264", "-preset", "medium", "-crf", "23", "-pix_fmt", "yuv420p"]),
    "HEVC 720p": ("hevc_720.mp4", "1280x720", ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none"]),
    "HEVC 1080p": ("hevc_1080.mp4", "1920x1080", ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none"]),
    "VP9 720p": ("vp9_720.webm", "1280x720", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-b:v", "4M", "-pix_fmt", "yuv420p"]),
    "VP9 1080p": ("vp9_1080.webm", "1920x1080", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-b:v", "8M", "-pix_fmt", "yuv420p"]),
}

# Only if asked for.
OPTIONAL = {
    "MJPEG 720p": ("mjpeg_720.avi", "1280x720", ["-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"]),
    "FFV1 720p": ("ffv1_720.mkv", "1280x720", ["-c:v", "ffv1", "-level", "3", "-slices", "4", "-pix_fmt", "yuv420p"]),
}

# A picture that moves like a camera's, with its noise.
SOURCE = "mandelbrot=size={size}:rate=30:maxiter=300,noise=alls=6:allf=t"

COMMON = """
import sys, time
library, file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
def told(frames, began):
    import resource
    print(frames, (time.perf_counter() - began[0]) * 1e3, (time.process_time() - began[1]) * 1e3, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
def now():
    return time.perf_counter(), time.process_time()
import random
PLACES = random.Random(7)
"""

ITERATE = {
    "PyAV": """
import av
began = now(); n = 0
with av.open(file) as c:
    s = c.streams.video[0]; s.thread_type = "AUTO"; s.codec_context.thread_count = threads
    for frame in c.decode(s):
        frame.to_ndarray(format="rgb24"); n += 1
told(n, began)
""",
    "OpenCV": """
import cv2
cv2.setNumThreads(threads)
began = now(); n = 0; picture = None
c = cv2.VideoCapture(file, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
while True:
    ok, picture = c.read(picture)
    if not ok: break
    n += 1
told(n, began)
""",
    "decord": """
import decord
began = now(); n = 0
r = decord.VideoReader(file, num_threads=threads)
for i in range(len(r)):
    r.next().asnumpy(); n += 1
told(n, began)
""",
    "imageio": """
import imageio.v3 as iio
began = now(); n = 0
for frame in iio.imiter(file, plugin="pyav", thread_type="FRAME"): n += 1
told(n, began)
""",
    "ffmpeg pipe": """
import subprocess
began = now(); n = 0
p = subprocess.Popen(["ffmpeg", "-v", "error", "-threads", str(threads), "-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], stdout=-1, bufsize=0)
size = int(sys.argv[4]); buffer = memoryview(bytearray(size)); at = 0
while True:
    k = p.stdout.readinto(buffer[at:])
    if not k: break
    at += k
    if at == size: n += 1; at = 0
p.wait()
import resource
child = resource.getrusage(resource.RUSAGE_CHILDREN)
print(n, (time.perf_counter() - began[0]) * 1e3, (time.process_time() - began[1] + child.ru_utime + child.ru_stime) * 1e3, child.ru_maxrss)
""",
}

SEEK = {
    "ours": """
import ctypes as C, json
lib = C.CDLL(library); P = C.c_void_p; f = P()
lib.iio_file_read.argtypes = [P, C.c_int64, P, P, C.c_size_t, P]
lib.iio_file_count.argtypes = [P, P, C.c_uint32, C.POINTER(C.c_int64)]
count = C.c_int64(); size = int(sys.argv[4]); buffer = C.create_string_buffer(size)
# The module is loaded before, as the peers are when they are imported.
assert lib.iio_imopen(file.encode(), b"r", None, C.byref(f)) == 0
lib.iio_file_close.argtypes = [P]; lib.iio_file_close(f)
began = now()
assert lib.iio_imopen(file.encode(), b"r", None, C.byref(f)) == 0
assert lib.iio_file_count(f, None, 0, C.byref(count)) == 0
for _ in range(50):
    assert lib.iio_file_read(f, PLACES.randrange(count.value), None, buffer, size, None) == 0
told(50, began)
""",
    "decord": """
import decord
began = now()
r = decord.VideoReader(file, num_threads=threads)
n = len(r)
for _ in range(50): r[PLACES.randrange(n)].asnumpy()
told(50, began)
""",
    "OpenCV": """
import cv2
began = now()
c = cv2.VideoCapture(file, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
n = int(c.get(cv2.CAP_PROP_FRAME_COUNT))
for _ in range(50):
    c.set(cv2.CAP_PROP_POS_FRAMES, PLACES.randrange(n)); ok, picture = c.read(); assert ok
told(50, began)
""",
    "PyAV": """
import av
began = now()
with av.open(file) as c:
    s = c.streams.video[0]; s.thread_type = "AUTO"; s.codec_context.thread_count = threads
    n = s.frames or int(float(c.duration) / 1e6 * s.average_rate)
    for _ in range(50):
        wanted = int(PLACES.randrange(n) / s.average_rate / s.time_base) + (s.start_time or 0)
        c.seek(wanted, stream=s)
        for frame in c.decode(s):
            if frame.pts + 0.5 / s.average_rate / s.time_base >= wanted: break
        frame.to_ndarray(format="rgb24")
told(50, began)
""",
    "imageio": """
import imageio.v3 as iio
began = now()
with iio.imopen(file, "r", plugin="pyav") as f:
    n = f.properties().shape[0] or int(f.metadata()["fps"] * f.metadata().get("duration", 10))
    for _ in range(50): f.read(index=PLACES.randrange(n))
told(50, began)
""",
}


ALONE = "decoding alone"


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        return None
    frames, wall, cpu, memory = done.stdout.split()[-4:]
    return int(frames), float(wall), float(cpu), int(memory)


def measure(name, ways, rounds):
    """Runs all by turns; prints ours, and each peer beside it."""
    taken = {way: [] for way in ways}
    order = list(ways)
    for i in range(rounds):
        for way in order[i % len(order):] + order[:i % len(order)]:
            taken[way].append(run(ways[way]))
    ours = taken["ours"]
    if not all(ours):
        print(f"{name}: ours fails")
        return
    middle = lambda values: statistics.median(values)
    frames = ours[0][0]
    print(f"{name}: ours {middle(o[1] for o in ours) / frames:.2f} ms a frame, cpu {middle(o[2] for o in ours) / frames:.2f}, "
          f"{middle(o[3] for o in ours) / 1024:.0f} MB")
    for way in order:
        if way == "ours":
            continue
        if not all(taken[way]) or any(t[0] != frames for t in taken[way]):
            print(f"    {way}: " + ("is not here or fails" if not all(taken[way]) else f"gives {taken[way][0][0]} frames of {frames}"))
            continue
        wall = middle(o[1] / t[1] for o, t in zip(ours, taken[way]))
        cpu = middle(o[2] / t[2] for o, t in zip(ours, taken[way]))
        missed = " *" if wall > (1.1 if way == ALONE else 1) else ""
        print(f"    {way}: {middle(t[1] for t in taken[way]) / frames:.2f} ms; ours is {wall:.2f} of it, {cpu:.2f} of its processor time{missed}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program"), parser.add_argument("library"), parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=7), parser.add_argument("--only", default=""), parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--threads", type=int, default=2), parser.add_argument("--optional", action="store_true")
    parser.add_argument("--part", choices=["order", "random", "open"])
    given = parser.parse_args()
    os.makedirs(given.folder, exist_ok=True)
    for name, (file, size, arguments) in {**CLIPS, **(OPTIONAL if given.optional else {})}.items():
        if given.only and given.only not in name:
            continue
        clip = os.path.join(given.folder, file)
        if not os.path.exists(clip):
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", SOURCE.format(size=size), "-frames:v", str(given.frames),
                            "-g", "48", *arguments, clip], check=True)
        width, height = map(int, size.split("x"))
        tail = [given.library, clip, str(given.threads), str(width * height * 3)]
        native = lambda way, threads=given.threads: [given.program, way, clip, str(threads)]
        python = lambda text: [sys.executable, "-c", COMMON + text, *tail]
        if given.part in (None, "order"):
            loop, more = "loop of libavcodec and libswscale", given.threads + 2
            measure(f"{name}, in order", {"ours": native("ours"), ALONE: native("decode"), loop: native("loop"), f"{loop}, {more} threads": native("loop", more),
                                          **{peer: python(text) for peer, text in ITERATE.items()}}, given.rounds)
        if given.part in (None, "random"):
            measure(f"{name}, 50 frames at random", {peer: python(text) for peer, text in SEEK.items()}, max(3, given.rounds // 2))
        if clip.endswith(".mp4") and given.part in (None, "open"):
            opened = run([given.program, "open", clip, "50"])
            print(f"{name}: opened and asked for its properties in {opened[1] / 50:.3f} ms, cpu {opened[2] / 50:.3f}")


main()
