"""Reading video: every frame by every way beside ffmpeg, in all containers and codecs that it makes here."""
import hashlib

from video_native import *

FIXTURES = {
    "h264.mp4": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "h264_open.mp4": ["-c:v", "libx264", "-x264-params", "keyint=7:open-gop=1:bframes=3:scenecut=0", "-pix_fmt", "yuv420p"],
    "h264_simple.mp4": ["-c:v", "libx264", "-g", "4", "-bf", "0", "-pix_fmt", "yuv420p"],
    "h264_refresh.mp4": ["-c:v", "libx264", "-x264-params", "keyint=8:intra-refresh=1", "-pix_fmt", "yuv420p"],
    "h264_fields.mp4": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-flags", "+ildct+ilme", "-pix_fmt", "yuv420p"],
    "h264_gray.mp4": ["-c:v", "libx264", "-pix_fmt", "gray"],
    "h264_444.mp4": ["-c:v", "libx264", "-g", "6", "-pix_fmt", "yuv444p"],
    "h264_10.mkv": ["-c:v", "libx264", "-g", "6", "-pix_fmt", "yuv422p10le"],
    "h264.ts": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "h264.264": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "h264.avi": ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"],
    "fragments.mp4": ["-c:v", "libx264", "-g", "8", "-movflags", "frag_keyframe+empty_moov", "-pix_fmt", "yuv420p"],
    "hevc.mp4": ["-c:v", "libx265", "-x265-params", "keyint=8:log-level=none", "-pix_fmt", "yuv420p"],
    "hevc.265": ["-c:v", "libx265", "-x265-params", "keyint=8:log-level=none", "-pix_fmt", "yuv420p"],
    "av1.mp4": ["-c:v", "libaom-av1", "-cpu-used", "8", "-g", "8"],
    "vp8.webm": ["-c:v", "libvpx", "-g", "8", "-auto-alt-ref", "1", "-lag-in-frames", "10"],
    "vp9.webm": ["-c:v", "libvpx-vp9", "-g", "8", "-auto-alt-ref", "1", "-lag-in-frames", "10"],
    "vp9_alpha.webm": ["-vf", "format=yuva420p", "-c:v", "libvpx-vp9", "-g", "8"],
    "mjpeg.avi": ["-c:v", "mjpeg"],
    "mpeg4.avi": ["-c:v", "mpeg4", "-g", "8", "-bf", "2"],
    "mpeg2.mpg": ["-c:v", "mpeg2video", "-g", "8", "-bf", "2"],
    "mpeg2_fields.ts": ["-c:v", "mpeg2video", "-g", "8", "-bf", "2", "-flags", "+ildct+ilme"],
    "mpeg2.m2v": ["-c:v", "mpeg2video", "-g", "8", "-bf", "2"],
    "wmv2.wmv": ["-c:v", "wmv2", "-g", "8"],
    "flv1.flv": ["-c:v", "flv", "-g", "8"],
    "ffv1.mkv": ["-c:v", "ffv1"],
    "prores.mov": ["-c:v", "prores_ks"],
    "rgb.nut": ["-c:v", "rawvideo", "-pix_fmt", "rgb24"],
    "raw.y4m": [],
    "anim.gif": [],
    "alpha.mov": ["-c:v", "png", "-pix_fmt", "rgba"],
    "deep.mkv": ["-c:v", "ffv1", "-pix_fmt", "gray16le"],
    "vfr.mkv": ["-vf", "select='not(mod(n,3))+not(mod(n,5))'", "-vsync", "vfr", "-c:v", "libx264", "-g", "5", "-pix_fmt", "yuv420p"],
    "vfr.mp4": ["-vf", "select='not(mod(n,3))+not(mod(n,5))'", "-vsync", "vfr", "-c:v", "libx264", "-g", "5", "-bf", "2", "-pix_fmt", "yuv420p"],
}
# Of h264.mp4, without encoding again.
COPIES = {
    "edited.mp4": (["-ss", "0.9"], []),
    "late.mkv": ([], ["-output_ts_offset", "7"]),
    "late.ts": ([], ["-output_ts_offset", "90000", "-muxdelay", "0"]),
}
# What its packets do not tell: two fields a frame, or pictures that a decoder keeps back behind a key frame.
DECODED = ["h264_refresh.mp4"]


def every_frame(name):
    wanted = frames_of(name)
    n = len(wanted)
    log.clear()
    with File(path(name), plugin="ffmpeg") as f:
        expect(f.count() == n, f"{name}: count {f.count()}, not {n}")
        shown = list(f.iter(format=None))
        given = [frame for frame, _ in shown]
        expect(given == wanted, f"{name}: iterating gives {len(given)} frames, {[a == b for a, b in zip(given, wanted)]}")
        order = list(range(n)) + list(range(n - 1, -1, -1)) + random.Random(1).sample(range(n), n)
        # Jumps of which some are gone on from, and steps within a group and over it.
        for start in random.Random(3).choices(range(n - 4), k=8):
            order += [start, *random.Random(start).choice([[], [start + 1], [start + 1, start + 2, start + 3], [start + 3]])]
        order += [*range(0, n, 3), *range(0, n, 11), n - 1, 0, n - 1, n - 2]
        wrong = [i for i in order if f.read(i, format=None) != wanted[i]]
        expect(not wrong, f"{name}: wrong by index: {wrong}")
        props = f.props(format=None)
        expect(props.is_batch == 1 and props.n_images == n, f"{name}: properties of all")
        expect(f.read(format=None) == b"".join(wanted), f"{name}: the stack")
        expect(f.read(ALL, format=None) == b"".join(wanted), f"{name}: all")
        refused(lambda: f.read(n, format=None), INDEX)
        refused(lambda: f.read(-1, format=None), INDEX)
        some = [frame for frame, _ in f.iter(format=None, start=3, every=4, stop=20)]
        expect(some == wanted[3:20:4], f"{name}: start, every, stop")
        expect([frame for frame, _ in f.iter(format=None, seek=n - 3)] == wanted[n - 3:], f"{name}: an iterator that is moved")
        moved = [frame for frame, _ in f.iter(format=None, seek=[n - 2, 1, n - 5, 4])]
        expect(moved == [wanted[i] for i in (n - 2, 1, n - 5)] + wanted[4:], f"{name}: an iterator that is moved often")
        rgb = f.props(0)
        expect(list(rgb.shape[:3]) == [48, 64, 3] and rgb.dtype == 2, f"{name}: rgb24")
        # An edit may begin in the middle of a group.
        expect(name == "edited.mp4" or f.meta(0)["key_frame"] is True and f.meta(0)["frame_type"] in ("I", "NONE"), f"{name}: {f.meta(0)}")
        times = [meta.get("time") for _, meta in shown]
        differ = [i for i in random.Random(2).sample(range(n), 6) if f.meta(i).get("time") != times[i]]
        expect(not differ, f"{name}: other times by index than in order: {differ}")
        if times[0] is not None:
            expect(all(a < b for a, b in zip(times, times[1:])), f"{name}: times do not rise: {times}")
            # The frame that is shown half a second after the first.
            at = max(i for i, t in enumerate(times) if t - times[0] <= 0.5 + 1e-9)
            first = next(f.iter(format=None, start_s=0.5 + 1e-9))
            expect(first[0] == wanted[at], f"{name}: start_s")
    scanned = any("decoded to find them" in line for _, line in log)
    expect(not scanned or name in DECODED, f"{name}: all was decoded to find a frame")


def rgb(name):
    """rgb24 beside swscale as it is by default. For 4:2:0 and 4:2:2 of 8 bits that takes a pixel's chroma from its block."""
    with File(path(name), plugin="ffmpeg") as f:
        own = b"".join(frame for frame, _ in f.iter(stop=4))
        props = f.props(0)
        # The same in rows that do not lie one behind the other.
        step = 200
        room = C.create_string_buffer(48 * step)
        array = Array(struct_size=C.sizeof(Array), dtype=2, ndim=3, data=C.addressof(room))
        array.shape[:3], array.strides[:3] = list(props.shape[:3]), (step, 3, 1)
        check(lib.iio_file_read_into(f.raw, 0, None, C.byref(array)))
        rows = b"".join(room.raw[y * step:y * step + 192] for y in range(48))
    wanted = tool("ffmpeg", "-v", "error", "-noautorotate", "-i", path(name), "-frames:v", "4", "-vsync", "passthrough", "-f", "rawvideo",
                  "-pix_fmt", "rgb24", "-")
    most, mean = away(own, wanted)
    expect(len(own) == len(wanted) and most <= 2 and mean <= 0.5, f"{name}: rgb24 is {most}, {mean:.2f} away")
    off = max(abs(sum(own[c::3]) - sum(wanted[c::3])) * 3 / len(own) for c in range(3))
    expect(off <= 0.5, f"{name}: a channel of rgb24 is {off:.2f} away")
    expect(rows == own[:9216], f"{name}: other samples in rows that are apart")


def nearness(name):
    """rgb24 is nearer to the exact value, of the chroma of a pixel's block, than swscale's is, with accurate rounding or without."""
    w, h, n = 64, 48, 4
    native = b"".join(frames_of(name)[:n])
    exact = []
    for at in range(0, len(native), w * h * 3 // 2):
        y, u, v = native[at:at + w * h], native[at + w * h:at + w * h * 5 // 4], native[at + w * h * 5 // 4:at + w * h * 3 // 2]
        for i in range(w * h):
            block = i // w // 2 * (w // 2) + i % w // 2
            luma, blue, red = (y[i] - 16) * 255 / 219, (u[block] - 128) * 255 / 224, (v[block] - 128) * 255 / 224
            exact += [min(max(x, 0), 255) for x in (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)]
    with File(path(name), plugin="ffmpeg") as f:
        own = away(b"".join(frame for frame, _ in f.iter(stop=n)), exact)
    expect(own[0] < 1.7, f"{name}: {own} from the exact value")
    for flags in ("bicubic", "bicubic+accurate_rnd", "bicubic+accurate_rnd+full_chroma_int"):
        theirs = tool("ffmpeg", "-v", "error", "-i", path(name), "-frames:v", str(n), "-sws_flags", flags, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        expect(own[1] <= away(theirs, exact)[1], f"{name}: {own} from the exact value, swscale's {flags} is {away(theirs, exact)}")


def filters_and_forms():
    with File(path("h264.mp4")) as f:
        # A time of filters is in their own unit, whether a frame was read before or not.
        asked = [f.meta(i, filter="fps=5")["time"] for i in (0, 3)]
        f.read(3, filter="fps=5")
        asked.append(f.meta(3, filter="fps=5")["time"])
        expect([round(t, 6) for t in asked] == [0, 0.6, 0.6], f"times behind filters: {asked}")
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
        for format in ("gbrp", "yuv444p", "gray16le", "rgb48le", "rgba", "bgr24", "yuv444p16le", "grayf32le"):
            wanted = tool("ffmpeg", "-v", "error", "-i", path("h264.mp4"), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", format, "-")
            own = f.read(0, format=format)
            expect(len(own) == len(wanted), f"{format}: {len(own)} bytes, not {len(wanted)}")
            if format in ("rgba", "bgr24"):
                expect(own == wanted, f"{format}: {away(own, wanted)} away")
            elif format.startswith("yuv444p"):
                # Chroma lies elsewhere for the tool's filter than for swscale by itself, which PyAV has.
                luma = 48 * 64 * (2 if format.endswith("16le") else 1)
                expect(own[:luma] == wanted[:luma], f"{format}: luma")
        refused(lambda: f.read(0, format="nosuch"), OPTION)
        refused(lambda: f.read(0, format="yuv422p"), UNSUPPORTED)
        refused(lambda: f.props(0, format="pal8"), UNSUPPORTED)
        for rate in (0, -3, "0"):
            refused(lambda: f.props(fps=rate), OPTION, "fps")
        refused(lambda: f.read(0, filter="nosuch"), OPTION)
        refused(lambda: f.read(1, filter="scale=a:b:c"), OPTION)
        meta = f.meta()
        expect(meta["codec"] == "h264" and meta["fps"] == 12 and meta["video_format"] == "yuv420p", f"metadata {meta}")
        for count, kind in ((1, "SLICE"), (2, "FRAME"), (3, "AUTO")):
            same = [frame for frame, _ in f.iter(thread_count=count, thread_type=kind, format="gray", stop=9)]
            expect(same[4] == plain and len(same) == 9, f"{count} threads, {kind}")


def decoders():
    """A decoder by name, and alpha of WebM, which FFmpeg's own decoder does not see."""
    if not os.path.exists(path("vp9_alpha.webm")):
        return
    make("alpha_seen.webm", ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=12", "-vf", "format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X*4'",
                             "-frames:v", "12"], "-c:v", "libvpx-vp9", "-g", "5", "-crf", "10", "-b:v", "0")
    wanted = tool("ffmpeg", "-v", "error", "-c:v", "libvpx-vp9", "-i", path("alpha_seen.webm"), "-f", "rawvideo", "-pix_fmt", "rgba", "-")
    with File(path("alpha_seen.webm")) as f:
        expect(f.count() == 12 and list(f.props(0, format="rgba").shape[:3]) == [48, 64, 4], "frames with alpha")
        for i in (7, 2, 11, 0):
            own = f.read(i, format="rgba")
            far = away(own, wanted[i * 12288:(i + 1) * 12288])
            expect(far[1] < 1 and own[3::4] == wanted[i * 12288:(i + 1) * 12288][3::4], f"alpha of frame {i}: {far}")
        expect(len(f.read(3)) == 9216 and len(f.read(3, format=None)) == 4608, "without alpha if that is not asked for")
    with File(path("alpha_seen.webm"), codec="libvpx-vp9") as f:
        expect(f.props(0, format=None).nbytes == len(f.read(0, format=None)) == 7680, "the decoder's own format")
    refused(lambda: File(path("h264.mp4"), codec="hevc"), OPTION, "not for h264")
    refused(lambda: File(path("h264.mp4"), codec="nosuch"), OPTION, "nosuch")


def rotation():
    # Since FFmpeg 6 a tag of the stream turns nothing; an option of the input does, which 5 does not know.
    before, behind = [], ["-metadata:s:v", "rotate=90"]
    if b"-display_rotation" in tool("ffmpeg", "-v", "quiet", "-h", "long"):
        before, behind = ["-display_rotation", "90"], []
    if not make("turned.mp4", [*before, "-i", path("h264.mp4")], "-c", "copy", *behind):
        return
    with File(path("turned.mp4")) as f:
        expect(list(f.props(0).shape[:2]) == [48, 64], "not turned unless asked")
        expect(list(f.props(0, rotate=True).shape[:2]) == [64, 48], "turned")
        upright = tool("ffmpeg", "-v", "error", "-i", path("turned.mp4"), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
        own = f.read(0, rotate=True)
        far = sum(abs(a - b) for a, b in zip(own, upright)) / len(own)
        expect(len(own) == len(upright) and far < 6, f"turned as ffmpeg turns: {far}")
        expect(f.meta().get("Orientation") == 8 and "Orientation" not in f.meta(rotate=True), "Orientation is told until applied")


def streams():
    inputs = ["testsrc2=size=64x48:rate=12:duration=0.75", "testsrc=size=32x24:rate=5:duration=1.4", "sine=duration=1"]
    if make("two.mkv", [part for source in inputs for part in ("-f", "lavfi", "-i", source)],
            "-map", "1", "-map", "0", "-map", "2", "-c:v", "ffv1", "-metadata:s:v:1", "title=second"):
        with File(path("two.mkv")) as f:
            expect(list(f.props(0).shape[:2]) == [24, 32] and f.count() == 7, "the first video stream")
            expect(len(f.meta()["audio_streams"]) == 1, "audio is described")
        with File(path("two.mkv"), stream=1) as f:
            expect(list(f.props(0).shape[:2]) == [48, 64] and f.count() == 9, "the second video stream")
            expect(f.call("video_stream_metadata").get("title") == "second", "its tags")
        refused(lambda: File(path("two.mkv"), stream=2), INDEX)


def sound():
    tone = ["-f", "lavfi", "-i", "sine=duration=0.3"]
    for name in ("sound.m4a", "sound.ogg", "sound.wav"):
        if make(name, tone):
            refused(lambda: File(path(name), plugin="ffmpeg"), UNSUPPORTED, "no video stream")
            refused(lambda: File(path(name)), (UNSUPPORTED, NO_BACKEND))
    make("cover.png", ["-f", "lavfi", "-i", "testsrc2=size=64x48"], "-frames:v", "1")
    if make("cover.mp3", [*tone, "-i", path("cover.png")], "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"):
        with File(path("cover.mp3"), plugin="ffmpeg") as f:
            expect(f.count() == 1 and list(f.props(0).shape[:3]) == [48, 64, 3], "a cover is one image")
            cover = tool("ffmpeg", "-v", "error", "-i", path("cover.png"), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
            expect(f.read(0) == cover and len(list(f.iter())) == 1, "the cover")


def no_frames():
    for name in ("none.mkv", "none.avi", "none.mp4", "none.y4m"):
        make(name, picture()[:4], "-t", "0", *([] if name.endswith("y4m") else ["-c:v", "mpeg4"]))
        try:
            with File(path(name), plugin="ffmpeg") as f:
                expect(f.count() == 0 and list(f.iter()) == [], f"{name}: no frame")
                refused(lambda: f.read(0), INDEX)
                refused(f.read, INDEX)
        except Failed as e:
            # A header that does not even tell the size.
            expect(e.status in (CORRUPT, UNSUPPORTED, NO_BACKEND), f"{name}: {e}")


def callbacks(data, seeks=True, fails_at=None):
    """A stream of the caller's over bytes, which counts its closes."""
    state = {"at": 0, "closed": 0}

    def read(_, buffer, size):
        if fails_at is not None and state["at"] >= fails_at:
            return -5
        part = data[state["at"]:state["at"] + min(size, 3000)]
        C.memmove(buffer, part, len(part))
        state["at"] += len(part)
        return len(part)

    def seek(_, offset, whence):
        state["at"] = offset + (0, state["at"], len(data))[whence]
        return state["at"]

    def close(_):
        state["closed"] += 1

    made = Callbacks(struct_size=C.sizeof(Callbacks), read=READ(read), close=CLOSE(close))
    if seeks:
        made.seek = SEEK(seek)
    made.state = state
    return made


def resources():
    for name in ("h264.mp4", "vp9.webm", "h264.ts", "mpeg4.avi", "fragments.mp4", "h264.264", "mpeg2.mpg"):
        if not os.path.exists(path(name)):
            continue
        wanted = frames_of(name)
        data = open(path(name), "rb").read()
        with File(data, plugin="ffmpeg") as f:
            expect([frame for frame, _ in f.iter(format=None)] == wanted, f"{name} from bytes")
        for seeks in (True, False):
            io = callbacks(data, seeks)
            with File(io, plugin="ffmpeg") as f:
                expect([frame for frame, _ in f.iter(format=None)] == wanted, f"{name} from callbacks, seekable: {seeks}")
                expect(f.read(9, format=None) == wanted[9] and f.count() == len(wanted), f"{name} from callbacks by index")
            expect(io.state["closed"] == 1, f"{name}: closed {io.state['closed']} times")
    data = open(path("h264.ts"), "rb").read()

    def failing():
        with File(callbacks(data, fails_at=len(data) // 2), plugin="ffmpeg") as f:
            list(f.iter())

    refused(failing, IO, "-5")


def cancelling():
    make("long.mp4", ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25"], "-frames:v", "600", "-c:v", "libx264", "-preset", "ultrafast", "-g", "600")
    calls = []

    @PROGRESS
    def progress(_, done, total):
        calls.append((done, total))
        return int(stop[0])

    stop = [False]
    with File(path("long.mp4"), progress=progress) as f:
        stop[0] = True
        refused(lambda: f.read(599), CANCELLED)
        refused(lambda: f.read(ALL, format="gray", size=[16, 12]), CANCELLED)
        stop[0] = False
        one = f.read(20, format="gray")
        expect(len(one) == 320 * 240 and len(calls) > 0, "the handle goes on after a call that was cancelled")
        expect(f.count() == 600, "and counts")


def ten_minutes():
    """Memory does not grow with the length of a film."""
    import resource
    make("minutes.mp4", ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25"], "-t", "600", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    buffer = C.create_string_buffer(128 * 96 * 3)
    with File(path("minutes.mp4")) as f:
        cursor = P()
        check(lib.iio_file_iter(f.raw, None, C.byref(cursor)))
        frames, before = 0, 0
        while check(lib.iio_iter_next(cursor, buffer, len(buffer), None)) != END:
            frames += 1
            if frames == 100:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        lib.iio_iter_free(cursor)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        expect(frames == 15000 and grown < 4096, f"{frames} frames, {grown} KiB more after the first hundred")
        # By index, the table of frames is all that is kept.
        late = f.read(14990)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        expect(len(late) == len(buffer) and grown < 12288, f"by index {grown} KiB more")


def devices():
    with File("<video0>", device="lavfi:testsrc2=size=64x48:rate=10", pixel_format=None) as f:
        wanted = tool("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10", "-frames:v", "5", "-f", "rawvideo",
                      "-pix_fmt", "rgb24", "-")
        wanted = [wanted[i * 9216:(i + 1) * 9216] for i in range(5)]
        props = f.props()
        expect(list(props.shape[:3]) == [48, 64, 3] and props.is_batch == 0, "a device gives one image")
        own = [f.read() for _ in range(2)]
        for k, (frame, meta) in enumerate(f.iter()):
            own.append(frame)
            expect("time" in meta, "when it was taken")
            if len(own) == 5:
                break
        expect(all(away(a, b)[0] <= 4 for a, b in zip(own, wanted)), "images one after the other")
        expect(list(f.props(0, size="32x24").shape[:2]) == [24, 32], "size")
        expect(len(f.read(0, filter="hflip", format="gray")) == 64 * 48, "filters")
        refused(lambda: f.read(ALL), UNSUPPORTED, "no end")
        refused(f.count, UNSUPPORTED)
        expect(f.meta()["container"] == "lavfi", f"metadata {f.meta()}")
    with File("<screen>", device="lavfi:testsrc2=size=32x24", video_size=None) as f:
        expect(f.props().shape[1] == 32, "a screen")
    with File("<video>") as f:
        expect(isinstance(f.meta()["devices"], list), "the list of cameras")
        refused(f.read, UNSUPPORTED)
    refused(lambda: File("<video9999>"), NOT_FOUND, "/dev/video9999")
    refused(lambda: File("<video0>", device="lavfi:nosuch=1"), (OPTION, IO, NOT_FOUND))
    refused(lambda: File("<video0>", device="nosuch:1"), UNSUPPORTED)
    refused(lambda: File("<video0>", device="mp4:" + path("h264.mp4")), OPTION, "container")
    refused(lambda: File("<video0>", device="lavfi:testsrc2", framerate=25), OPTION, "framerate")
    refused(lambda: File("<video0>", "w", extension=".mp4"), MODE)
    refused(lambda: File(path("h264.mp4"), plugin="ffmpeg", device="lavfi:testsrc2"), OPTION)
    if not os.environ.get("DISPLAY"):
        refused(lambda: File("<screen>"), NOT_FOUND, "DISPLAY")


def real_film(name):
    """Frames by index of films from cameras and encoders of any age, without those before, beside ffmpeg's sums of them."""
    form = tool("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=pix_fmt", "-of", "csv=p=0", name).decode().strip()
    # Padding is left out.
    form = ["-pix_fmt", form.replace("0", "24")] if form in ("bgr0", "rgb0") else []
    told = tool("ffmpeg", "-v", "quiet", "-noautorotate", "-i", name, "-map", "0:v:0", "-vsync", "passthrough", *form, "-f", "framemd5",
                "-").decode()
    sums = [line.split(",")[-1].strip() for line in told.splitlines() if line and not line.startswith("#")]
    with File(name, plugin="ffmpeg") as f:
        expect(f.count() == len(sums), f"{name}: count {f.count()}, not {len(sums)}")
        for i in random.Random(4).sample(range(len(sums)), min(len(sums), 12)):
            expect(hashlib.md5(f.read(i, format=None)).hexdigest() == sums[i], f"{name}: frame {i} is another")


def real_films():
    """Those at hand: in IIO_SHARED, or ../shared."""
    here = os.path.join(os.environ.get("IIO_SHARED", "../shared"), "images")
    films = (".mp4", ".mkv", ".avi", ".webm", ".mov", ".mpg")
    names = sorted(os.listdir(here)) if os.path.isdir(here) else []
    return [os.path.join(here, name) for name in names if name.endswith(films) and "audio_only" not in name]


def parts():
    made = [name for name, arguments in FIXTURES.items() if make(name, picture(), *arguments)]
    made += [name for name, (before, behind) in COPIES.items() if make(name, [*before, "-i", path("h264.mp4")], *behind, "-c", "copy")]
    odd = ("rgb.nut", "anim.gif", "alpha.mov", "deep.mkv")
    return ([(real_film, name) for name in real_films()] + [(every_frame, name) for name in made] + [(rgb, name) for name in made if name not in odd]
            + [(nearness, name) for name in ("h264.mp4", "vp9.webm") if name in made]
            + [(part,) for part in (filters_and_forms, decoders, rotation, streams, sound, no_frames, resources, cancelling, ten_minutes, devices)])
