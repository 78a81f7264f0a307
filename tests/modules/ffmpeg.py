#!/usr/bin/env python3
"""The module ffmpeg beside the ffmpeg tool: every frame by every way, writing, and files that mean harm.

    tests/modules/ffmpeg.py LIBRARY FOLDER

LIBRARY finds the module (beside it, or in IMAGEIO_PLUGIN_PATH); FOLDER takes the fixtures, which ffmpeg makes. Exit
status 77: there is no ffmpeg. Needs Python's own library only.
"""
import json
import os
import random
import shutil
import subprocess
import sys

if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
    print("there is no ffmpeg to make fixtures with")
    sys.exit(77)

from library import *  # noqa: E402,F403


def make(name, source, *arguments):
    if not os.path.exists(path(name)):
        try:
            tool("ffmpeg", "-v", "error", "-y", *source, *arguments, path(name))
        except subprocess.CalledProcessError as e:
            print(f"SKIPPED: {name}: {e.stderr.decode().strip().splitlines()[-1]}")
            return False
    return True


def picture(size="64x48", rate=12, frames=30):
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}", "-frames:v", str(frames)]


FIXTURES = {
    "h264.mp4": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "h264_open.mp4": ["-c:v", "libx264", "-x264-params", "keyint=7:open-gop=1:bframes=3:scenecut=0", "-pix_fmt", "yuv420p"],
    "h264_simple.mp4": ["-c:v", "libx264", "-g", "4", "-bf", "0", "-pix_fmt", "yuv420p"],
    "h264_gray.mp4": ["-c:v", "libx264", "-pix_fmt", "gray"],
    "h264_444.mp4": ["-c:v", "libx264", "-g", "6", "-pix_fmt", "yuv444p"],
    "h264_10.mkv": ["-c:v", "libx264", "-g", "6", "-pix_fmt", "yuv422p10le"],
    "h264.ts": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "h264.264": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "fragments.mp4": ["-c:v", "libx264", "-g", "8", "-movflags", "frag_keyframe+empty_moov", "-pix_fmt", "yuv420p"],
    "hevc.mp4": ["-c:v", "libx265", "-x265-params", "keyint=8:log-level=none", "-pix_fmt", "yuv420p"],
    "vp8.webm": ["-c:v", "libvpx", "-g", "8", "-auto-alt-ref", "1", "-lag-in-frames", "10"],
    "vp9.webm": ["-c:v", "libvpx-vp9", "-g", "8"],
    "mjpeg.avi": ["-c:v", "mjpeg"],
    "mpeg4.avi": ["-c:v", "mpeg4", "-g", "8", "-bf", "2"],
    "mpeg2.mpg": ["-c:v", "mpeg2video", "-g", "8", "-bf", "2"],
    "ffv1.mkv": ["-c:v", "ffv1"],
    "prores.mov": ["-c:v", "prores_ks"],
    "rgb.nut": ["-c:v", "rawvideo", "-pix_fmt", "rgb24"],
    "alpha.mov": ["-c:v", "png", "-pix_fmt", "rgba"],
    "deep.mkv": ["-c:v", "ffv1", "-pix_fmt", "gray16le"],
    "vfr.mkv": ["-vf", "select='not(mod(n,3))+not(mod(n,5))'", "-vsync", "vfr", "-c:v", "libx264", "-g", "5", "-pix_fmt", "yuv420p"],
}


def frames_of(name):
    """Every frame as ffmpeg decodes it, in the native format."""
    size = int(tool("ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
                    "stream=nb_read_frames", "-of", "csv=p=0", path(name)).decode().split()[0].strip(","))
    raw = tool("ffmpeg", "-v", "error", "-i", path(name), "-map", "0:v:0", "-vsync", "passthrough", "-f", "rawvideo", "-")
    step = len(raw) // size
    return [raw[i * step:(i + 1) * step] for i in range(size)]


def every_frame(name):
    wanted = frames_of(name)
    n = len(wanted)
    with File(path(name)) as f:
        expect(f.count() == n, f"{name}: count {f.count()}, not {n}")
        given = [frame for frame, _ in f.iter(format=None)]
        expect(given == wanted, f"{name}: iterating gives {len(given)} frames, {[a == b for a, b in zip(given, wanted)]}")
        order = list(range(n)) + list(range(n - 1, -1, -1)) + random.Random(1).sample(range(n), n)
        wrong = [i for i in order if f.read(i, format=None) != wanted[i]]
        expect(not wrong, f"{name}: wrong by index: {wrong}")
        props = f.props(format=None)
        expect(props.is_batch == 1 and props.n_images == n, f"{name}: properties of all")
        expect(f.read(format=None) == b"".join(wanted), f"{name}: the stack")
        refused(lambda: f.read(n, format=None), INDEX)
        some = [frame for frame, _ in f.iter(format=None, start=3, every=4, stop=20)]
        expect(some == wanted[3:20:4], f"{name}: start, every, stop")
        rgb = f.props(0)
        expect(list(rgb.shape[:3]) == [48, 64, 3] and rgb.dtype == 2, f"{name}: rgb24")
        expect(f.meta(0)["key_frame"] is True and f.meta(0)["frame_type"] in ("I", "NONE"), f"{name}: metadata {f.meta(0)}")


def filters_and_forms():
    with File(path("h264.mp4")) as f:
        expect(list(f.props(0, filter="scale=32:24").shape[:2]) == [24, 32], "filter")
        expect(list(f.props(0, size=[32, 16]).shape[:2]) == [16, 32], "size")
        flipped, plain = f.read(4, filter_sequence=[["hflip", None]], format="gray"), f.read(4, format="gray")
        rows = [plain[y * 64:(y + 1) * 64][::-1] for y in range(48)]
        expect(flipped == b"".join(rows), "hflip")
        graph = [{"s": ["hflip", ""]}, [["video_in", "s", 0, 0], ["s", "video_out", 0, 0]]]
        expect(f.read(4, filter_graph=graph, format="gray") == flipped, "filter_graph")
        expect(f.props(fps=6).n_images in (15, 16), "fps")
        expect(list(f.props(0, format="gbrp").shape[:3]) == [3, 48, 64], "planar formats are channel-first")
        expect(f.props(0, format="gray16le").dtype == 3, "gray16le")
        refused(lambda: f.read(0, format="nosuch"), OPTION)
        refused(lambda: f.read(0, format="yuv422p"), UNSUPPORTED)
        refused(lambda: f.read(0, filter="nosuch"), OPTION)
        refused(lambda: f.read(1, filter="scale=a:b:c"), OPTION)
        meta = f.meta()
        expect(meta["codec"] == "h264" and meta["fps"] == 12 and meta["video_format"] == "yuv420p", f"metadata {meta}")


def rotation():
    if not make("turned.mp4", ["-i", path("h264.mp4")], "-c", "copy", "-metadata:s:v", "rotate=90"):
        return
    with File(path("turned.mp4")) as f:
        expect(list(f.props(0).shape[:2]) == [48, 64], "not turned unless asked")
        expect(list(f.props(0, rotate=True).shape[:2]) == [64, 48], "turned")
        upright = tool("ffmpeg", "-v", "error", "-i", path("turned.mp4"), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        own = f.read(0, rotate=True)
        far = sum(abs(a - b) for a, b in zip(own, upright)) / len(own)
        expect(len(own) == len(upright) and far < 6, f"turned as ffmpeg turns: {far}")
        expect("Orientation" in f.meta() and "Orientation" not in f.meta(rotate=True), "Orientation is told until applied")


def harm():
    secret = path("secret.ts")
    shutil.copy(path("h264.ts"), secret)
    playlists = {"a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n",
                 "a.ffconcat": f"ffconcat version 1.0\nfile {secret}\n"}
    for name, text in playlists.items():
        with open(path(name), "w") as f:
            f.write(text)
        refused(lambda: File(path(name)), (UNSUPPORTED, -6))
        refused(lambda: File(path(name), plugin="ffmpeg"), (UNSUPPORTED, -6))
    whole = open(path("h264.mp4"), "rb").read()
    for name in ("h264.mp4", "ffv1.mkv", "mpeg2.mpg", "vp9.webm"):
        if not os.path.exists(path(name)):
            continue
        data = open(path(name), "rb").read()
        for part in (10, 100, len(data) // 2, len(data) - 200):
            cut = path("cut_" + name)
            with open(cut, "wb") as f:
                f.write(data[:part])
            try:
                with File(cut, plugin="ffmpeg") as f:
                    for _ in f.iter():
                        pass
            except Failed as e:
                expect(e.status in (CORRUPT, UNSUPPORTED, INDEX, -6), f"{name} cut at {part}: {e}")
        for seed in range(8):
            rng = random.Random(seed)
            bad = bytearray(data)
            for _ in range(20):
                bad[rng.randrange(len(bad))] = rng.randrange(256)
            with open(path("bad_" + name), "wb") as f:
                f.write(bad)
            try:
                with File(path("bad_" + name), plugin="ffmpeg", max_pixels=1 << 20) as f:
                    for _ in f.iter():
                        pass
                    f.read(5)
            except Failed as e:
                expect(e.status != -99, f"{name} damaged by {seed}: {e}")
    refused(lambda: File(path("h264.mp4"), max_pixels=1000).read(0), LIMIT)
    expect(len(whole) > 0, "a fixture")


def gradient(i, w, h, n=3):
    return bytes((x * 3 + y * 2 + i * 5 + c * 40) % 256 for y in range(h) for x in range(w) for c in range(n))


def probe(name, entries="stream=codec_name,pix_fmt,width,height,nb_read_frames,r_frame_rate"):
    out = tool("ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path(name))
    return json.loads(out)


def writing():
    frames = [gradient(i, 64, 48) for i in range(10)]
    for name, extra, codec in (("w.mp4", {}, "h264"), ("w.mkv", {"codec": "ffv1"}, "ffv1"), ("w.avi", {"codec": "mpeg4"}, "mpeg4"),
                               ("w.webm", {"codec": "libvpx-vp9"}, "vp9"), ("w.mov", {"codec": "png"}, "png")):
        with File(path(name), "w") as f:
            for i, frame in enumerate(frames):
                f.write(frame, [48, 64, 3], **({"fps": 25, **extra} if i == 0 else {}))
        stream = probe(name)["streams"][0]
        expect((stream["codec_name"], stream["width"], stream["height"], stream["nb_read_frames"], stream["r_frame_rate"]) ==
               (codec, 64, 48, "10", "25/1"), f"{name}: {stream}")
        back = tool("ffmpeg", "-v", "error", "-i", path(name), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        far = sum(abs(a - b) for a, b in zip(back, b"".join(frames))) / len(back)
        expect(len(back) == len(frames) * 64 * 48 * 3 and far < (1 if codec in ("ffv1", "png") else 12), f"{name}: {far} away")
    with File(path("stack.mp4"), "w") as f:
        f.write(b"".join(frames), [10, 48, 64, 3], crf=10, gop=5, preset="veryfast")
    expect(probe("stack.mp4")["streams"][0]["nb_read_frames"] == "10", "a stack")
    deep = b"".join(((x * 1000 + y) % 65536).to_bytes(2, sys.byteorder) for y in range(48) for x in range(64))
    with File(path("deep16.mkv"), "w") as f:
        f.write(deep, [48, 64], dtype=3, codec="ffv1")
    with File(path("deep16.mkv")) as f:
        expect(f.read(0, format=None) == deep, "16 bits of gray pass through")
    with File(path("timed.mkv"), "w") as f:
        for frame, time in zip(frames, (0, 0.1, 0.5, 0.55, 2)):
            f.write(frame, [48, 64, 3], time_s=time, **({"codec": "ffv1"} if time == 0 else {}))
    with File(path("timed.mkv")) as f:
        times = [round(meta["time"], 2) for _, meta in f.iter()]
        expect(times == [0, 0.1, 0.5, 0.55, 2], f"times {times}")


def refusals_of_writing():
    odd = gradient(0, 33, 21)

    def write(name, data, shape, dtype=2, **values):
        with File(path(name), "w") as f:
            f.write(data, shape, dtype, **values)

    refused(lambda: write("odd.mp4", odd, [21, 33, 3]), OPTION, "pad=true")
    expect(not os.path.exists(path("odd.mp4")), "a refused write leaves no file")
    for values, size in (({"pad": True}, (34, 22)), ({"crop": True}, (32, 20)), ({"macro_block_size": 16}, (48, 32)),
                         ({"out_pixel_format": "yuv444p"}, (33, 21))):
        write("odd_ok.mp4", odd, [21, 33, 3], **values)
        stream = probe("odd_ok.mp4")["streams"][0]
        expect((stream["width"], stream["height"]) == size, f"{values}: {stream}")
    refused(lambda: write("f.mp4", bytes(48 * 64 * 3 * 4), [48, 64, 3], 11), OPTION, "scale=true")
    refused(lambda: write("c.mp4", gradient(0, 64, 48), [48, 64, 3], codec="nosuch"), OPTION, "nosuch")
    refused(lambda: write("c.mp4", gradient(0, 64, 48), [48, 64, 3], codec_options={"nosuch": 1}), OPTION, "nosuch")
    refused(lambda: write("c.webm", gradient(0, 64, 48), [48, 64, 3], codec="libx264"), OPTION, "webm")
    expect(not os.path.exists(path("c.mp4")), "nothing is published")

    def two_sizes():
        with File(path("two.mp4"), "w") as f:
            f.write(gradient(0, 64, 48), [48, 64, 3])
            f.write(gradient(0, 32, 48), [48, 32, 3])

    refused(two_sizes, SHAPE)
    expect(not os.path.exists(path("two.mp4")), "half a video is not published")


def functions():
    with File(path("calls.mp4"), "w") as f:
        f.call("container_metadata", comment="by hand")
        f.call("init_video_stream", codec="libx264", fps=10, pixel_format="yuv420p", max_keyframe_interval=5)
        f.call("set_video_filter", filter_sequence=[["vflip", ""]])
        f.write(gradient(0, 64, 48), [48, 64, 3])
        f.write(gradient(1, 64, 48), [48, 64, 3])
    stream = probe("calls.mp4")["streams"][0]
    expect(stream["r_frame_rate"] == "10/1" and stream["nb_read_frames"] == "2", f"calls: {stream}")
    with File(path("calls.mp4")) as f:
        expect(f.call("container_metadata").get("comment") == "by hand", "tags come back")
        top = f.read(0, format="gray")[:64 * 4]
        bottom = f.read(0, format="gray")[-64 * 4:]
        expect(top != bottom, "a picture")


for name, arguments in FIXTURES.items():
    if make(name, picture(), *arguments):
        try:
            every_frame(name)
        except Failed as e:
            expect(False, f"{name}: {e}")
for part in (filters_and_forms, rotation, harm, writing, refusals_of_writing, functions):
    try:
        part()
    except Failed as e:
        expect(False, f"{part.__name__}: {e}")
print(f"{len(failed)} failures" if failed else "passed")
sys.exit(1 if failed else 0)
