"""Writing video: what is written is told by ffprobe and decoded by ffmpeg."""
from video_native import *


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
    # Containers whose own codec wants care: one of no packets, and one of the full range.
    for name, codec, format in (("w.y4m", "rawvideo", "yuv444p"), ("w.mjpeg", "mjpeg", "yuvj420p")):
        written(name, frames)
        stream = probe(name)["streams"][0]
        expect((stream["codec_name"], stream["pix_fmt"], stream["nb_read_frames"]) == (codec, format, "10"), f"{name}: {stream}")
        far = away(of_tool(name, "rgb24"), b"".join(frames))[1]
        expect(far < 12, f"{name}: {far} away")
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


def written(name, frames=None, shape=(48, 64, 3), dtype=2, opening=None, **values):
    """Writes ten frames, and has ffprobe tell what became of them."""
    frames = frames or [gradient(i, 64, 48) for i in range(10)]
    with File(path(name), "w", **(opening or {})) as f:
        for i, frame in enumerate(frames):
            f.write(frame, shape, dtype, **(values if i == 0 else {}))
    return probe(name)["streams"][0]


def of_tool(name, format, *before):
    return tool("ffmpeg", "-v", "error", "-noautorotate", *before, "-i", path(name), "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", format, "-")


def each_option():
    """Each option on its own, by what it does to the file."""
    size = lambda name: os.path.getsize(path(name))
    written("q1.mp4", quality=1), written("q9.mp4", quality=9)
    expect(size("q1.mp4") < size("q9.mp4"), "quality")
    written("crf40.mp4", crf=40), written("crf10.mp4", crf=10)
    expect(size("crf40.mp4") < size("crf10.mp4"), "crf")
    noise = [random.Random(i).randbytes(48 * 64 * 3) for i in range(30)]
    written("b100.mp4", noise, codec="mpeg4", bitrate="100k"), written("b5.mp4", noise, codec="mpeg4", bitrate=5_000_000)
    expect(size("b100.mp4") < size("b5.mp4"), "bitrate")
    for format in ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le"):
        stream = written("format.mkv", codec="libx264", out_pixel_format=format)
        expect(stream["pix_fmt"] == format, f"{format}: {stream}")
    expect(written("format.mkv", codec="libx264", pixelformat="yuv444p")["pix_fmt"] == "yuv444p", "pixelformat")
    refused(lambda: written("format.mp4", codec="mpeg4", out_pixel_format="yuv444p"), OPTION, "yuv420p")
    refused(lambda: written("format.mp4", out_pixel_format="nosuch"), OPTION)
    stream = written("container.mp4", opening={"container": "matroska"}, codec="mpeg4")
    expect("matroska" in probe("container.mp4", "format=format_name")["format"]["format_name"], "container")
    expect(written("fps.mp4", fps="30000/1001")["r_frame_rate"] == "30000/1001", "fps as a fraction")
    expect(written("fps.mp4", fps=12.5)["r_frame_rate"] == "25/2", "fps")
    for fps in (0, -1, "x", "1/0"):
        refused(lambda: written("fps.mp4", fps=fps), OPTION)
    written("gop.mkv", gop=3, codec="libx264", codec_options={"sc_threshold": 0, "bf": 0})
    keys = tool("ffprobe", "-v", "error", "-show_entries", "packet=flags", "-of", "csv=p=0", path("gop.mkv")).decode().split()
    expect([k[0] for k in keys] == list("K__K__K__K"), f"gop: {keys}")
    written("fast.mp4", preset="ultrafast"), written("slow.mp4", preset="veryslow")
    expect(size("fast.mp4") != size("slow.mp4"), "preset")
    refused(lambda: written("preset.mp4", preset="nosuch"), OPTION)
    written("threads.mp4", thread_count=3), written("threads.mp4", opening={"threads": 1})
    written("opt.mp4", codec="libx264", codec_options={"x264-params": "keyint=2:scenecut=0"})
    # Tags, of the container and of the stream, and back through a reader's metadata.
    written("tags.mkv", opening={"container_metadata": {"title": "a film"}, "stream_metadata": {"language": "nor"}}, codec="ffv1",
            metadata={"artist": "nobody", "Orientation": 6})
    told = probe("tags.mkv", "format_tags:stream_tags")
    expect(told["format"]["tags"].get("title") == "a film" and told["streams"][0]["tags"].get("language") == "nor", f"tags: {told}")
    expect({k.lower(): v for k, v in told["format"]["tags"].items()}.get("artist") == "nobody", f"metadata: {told}")
    written("options.mp4", opening={"options": {"movflags": "+frag_keyframe+empty_moov"}})
    data = open(path("options.mp4"), "rb").read()
    expect(data.find(b"moov") < data.find(b"moof"), "options of the container")
    refused(lambda: written("options.mp4", opening={"options": {"movflags": "+faststart"}}), UNSUPPORTED, "faststart")
    refused(lambda: written("options.mp4", opening={"options": {"nosuch": 1}}), (OPTION, IO), "nosuch")


def colours():
    """What players make of the colours that were given: by way of each pixel format, and of gray."""
    flat = [bytes(c) * (48 * 64) for c in ((200, 30, 40), (20, 180, 60), (250, 250, 250), (5, 5, 5))]
    for format in ("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuv420p10le"):
        codec = {"codec": "mjpeg"} if format == "yuvj420p" else {"codec": "libx264", "crf": 4}
        written("colours.mkv", flat, **codec, out_pixel_format=format)
        back = of_tool("colours.mkv", "rgb24")
        for i, frame in enumerate(flat):
            expect(away(frame, back[i * 9216:(i + 1) * 9216])[1] < 3, f"{format}: colour {tuple(frame[:3])} is {tuple(back[i * 9216:][:3])}")
    written("gray.mkv", [bytes([n]) * (48 * 64) for n in (0, 60, 255)], (48, 64), codec="libx264", crf=4)
    back = of_tool("gray.mkv", "rgb24")
    expect([abs(back[i * 9216 + 4000] - n) <= 2 for i, n in enumerate((0, 60, 255))] == [True] * 3, f"gray is {back[4000::9216]}")
    odd = bytes((200, 30, 40)) * (21 * 33)
    written("colours.mkv", [odd], (21, 33, 3), codec="libx264", crf=4, pad=True)
    expect(away(of_tool("colours.mkv", "rgb24")[:63], odd[:63])[0] <= 5, "an odd size, padded")
    told = probe("colours.mkv", "stream=color_space,color_range")["streams"][0]
    expect(told == {"color_range": "tv", "color_space": "smpte170m"}, f"the colours are told: {told}")


def turned():
    """Orientation as a display matrix, which ffmpeg turns pictures by."""
    for orientation in (1, 3, 6, 8):
        written("turn.mp4", crf=0, metadata={"Orientation": orientation})
        with File(path("turn.mp4")) as f:
            told = f.meta().get("Orientation", 1)
            expect(told == orientation, f"orientation {orientation} comes back as {told}")
            own = f.read(0, rotate=True, format="gray")
        upright = tool("ffmpeg", "-v", "error", "-i", path("turn.mp4"), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-")
        expect(len(own) == len(upright) and away(own, upright)[1] < 3, f"orientation {orientation}: {away(own, upright)}")
    # As the angle that a reader tells, too.
    for angle, orientation in ((90, 6), (180.0, 3), (-90, 8), (270, 8), (0, 1)):
        written("turn.mp4", metadata={"rotation": angle})
        with File(path("turn.mp4")) as f:
            told = f.meta()
            expect(told.get("Orientation", 1) == orientation, f"rotation {angle}: {told.get('Orientation')}, {told.get('rotation')}")
    refused(lambda: written("turn.mp4", metadata={"rotation": 45}), OPTION, "rotation")


def alpha():
    frames = [gradient(i, 64, 48, 4) for i in range(5)]
    for name, codec, format, decoder in (("alpha_w.mov", "png", "rgba", ()), ("alpha_w.webm", "libvpx-vp9", "yuva420p", ("-c:v", "libvpx-vp9")),
                                         ("alpha_w.mkv", "ffv1", "bgra", ()), ("alpha4444.mov", "prores_ks", "yuva444p10le", ())):
        written(name, frames, (48, 64, 4), codec=codec, **({"out_pixel_format": format} if codec == "prores_ks" else {}))
        back = of_tool(name, "rgba", *decoder)
        expect(len(back) == 5 * 48 * 64 * 4, f"{name}: {len(back)} bytes")
        most, mean = away(back[3::4], b"".join(frames)[3::4])
        expect(mean < (0.01 if codec in ("png", "ffv1") else 6), f"{name}: alpha is {most}, {mean} away")


def depth():
    """10 to 16 bits in and out, at their full depth."""
    order = sys.byteorder
    gray = b"".join(((x * 1000 + y * 77) % 65536).to_bytes(2, order) for y in range(48) for x in range(64))
    colour = b"".join(((x * 900 + y * 77 + c * 20000) % 65536).to_bytes(2, order) for y in range(48) for x in range(64) for c in range(3))
    for name, data, shape, values, format in (
            ("deep_gray.mkv", gray, (48, 64), {"codec": "ffv1"}, "gray16le"), ("deep_rgb.mkv", colour, (48, 64, 3), {"codec": "ffv1"}, "rgb48le"),
            ("deep_png.mov", colour, (48, 64, 3), {"codec": "png"}, "rgb48le")):
        written(name, [data] * 3, shape, 3, **values)
        expect(of_tool(name, format) == data * 3, f"{name}: all 16 bits")
        with File(path(name)) as f:
            own = f.read(1, format="gray16le" if shape == (48, 64) else "rgb48le")
            expect(own == data, f"{name}: and back")
    ten = b"".join(((x * 16 + y) % 1024).to_bytes(2, order) for y in range(48) for x in range(64))
    written("ten.mkv", [ten] * 2, (48, 64), 3, codec="ffv1", in_pixel_format="gray10le")
    expect(of_tool("ten.mkv", "gray10le") == ten * 2, "gray10le")
    stream = written("ten.mp4", [colour] * 3, (48, 64, 3), 3, codec="libx265", out_pixel_format="yuv420p10le")
    expect(stream["pix_fmt"] == "yuv420p10le", f"10 bits of colour: {stream}")
    planes = gradient(1, 64, 48, 1) * 3
    written("planes.mkv", [planes], (3, 48, 64), 2, codec="ffv1", in_pixel_format="yuv444p")
    expect(of_tool("planes.mkv", "yuv444p") == planes, "planes go in as they are")


def animations():
    frames = [gradient(i * 9, 64, 48) for i in range(6)]
    for name, codec, values in (("w.gif", "gif", {}), ("w.webp", "libwebp_anim", {"codec": "libwebp_anim"})):
        with File(path(name), "w", plugin="ffmpeg") as f:
            for i, frame in enumerate(frames):
                f.write(frame, [48, 64, 3], **({"fps": 10, **values} if i == 0 else {}))
        with File(path(name)) as f:
            expect(f.count() == 6, f"{name}: {f.count()} frames by the library's own reader")
            most, mean = away(f.read(3), frames[3] if len(f.read(3)) == len(frames[3]) else
                              bytes(s for p in range(48 * 64) for s in (*frames[3][p * 3:p * 3 + 3], 255)))
            expect(mean < 25, f"{name}: {most}, {mean} away")


def to_memory_and_callbacks():
    frames = [gradient(i, 64, 48) for i in range(5)]
    with File("<bytes>", "w", extension=".mkv") as f:
        for frame in frames:
            f.write(frame, [48, 64, 3], codec="ffv1")
        data, size = P(), C.c_size_t()
        check(lib.iio_file_bytes(f.raw, C.byref(data), C.byref(size)))
        held = C.string_at(data, size.value)
    with File(held) as f:
        expect(f.count() == 5 and f.read(4) == frames[4], "in memory")
    for seeks in (True, False):
        out, state = bytearray(), {"at": 0, "finished": 0, "closed": 0}

        def write(_, buffer, n):
            part = C.string_at(buffer, n)
            out[state["at"]:state["at"] + n] = part
            state["at"] += n
            return n

        def seek(_, offset, whence):
            state["at"] = offset + (0, state["at"], len(out))[whence]
            return state["at"]

        def note(name):
            def noted(_):
                state[name] += 1
                return 0
            return noted

        io = Callbacks(struct_size=C.sizeof(Callbacks), write=READ(write), finish=FINISH(note("finished")), close=CLOSE(note("closed")))
        if seeks:
            io.seek = SEEK(seek)
        with File(io, "w", extension=".mkv") as f:
            for frame in frames:
                f.write(frame, [48, 64, 3], codec="ffv1")
        expect(state["finished"] == state["closed"] == 1, f"callbacks that end: {state}")
        with File(bytes(out)) as f:
            expect([frame for frame, _ in f.iter()] == frames, f"by callbacks, seekable: {seeks}")

    def full(_, buffer, n):
        return -28

    io = Callbacks(struct_size=C.sizeof(Callbacks), write=READ(full))

    def failing():
        with File(io, "w", extension=".mkv") as f:
            for frame in frames:
                f.write(frame, [48, 64, 3], codec="ffv1")

    refused(failing, IO)


def failing_callbacks():
    """A stream that fails at any one of its calls, of writing or of going back: an error, and no word that it is whole."""
    for extension, codec in ((".mp4", "mpeg4"), (".mkv", "ffv1"), (".avi", "mjpeg"), (".y4m", None)):
        calls, fails_at = 0, 0
        while fails_at <= calls:
            out, state = bytearray(), {"at": 0, "calls": 0, "finished": 0, "closed": 0}

            def fails():
                state["calls"] += 1
                return state["calls"] == fails_at

            def write(_, buffer, n):
                if fails():
                    return -28
                out[state["at"]:state["at"] + n] = C.string_at(buffer, n)
                state["at"] += n
                return n

            def seek(_, offset, whence):
                if fails():
                    return -29
                state["at"] = offset + (0, state["at"], len(out))[whence]
                return state["at"]

            def finish(_):
                state["finished"] += 1
                return 0

            def close(_):
                state["closed"] += 1

            io = Callbacks(struct_size=C.sizeof(Callbacks), write=READ(write), seek=SEEK(seek), finish=FINISH(finish), close=CLOSE(close))

            def whole():
                with File(io, "w", extension=extension) as f:
                    for i in range(4):
                        f.write(gradient(i, 64, 48), [48, 64, 3], **({"codec": codec} if codec and i == 0 else {}))

            if fails_at == 0:
                whole()
                calls = state["calls"]
                expect(state["finished"] == 1, f"{extension}: whole")
            else:
                refused(whole, IO)
                expect(state["finished"] == 0, f"{extension}: said to be whole, though call {fails_at} of {calls} failed")
            expect(state["closed"] == 1, f"{extension}: closed {state['closed']} times")
            fails_at += 1


def own_choices():
    """What is taken where nothing is named, and what keeps the depth."""
    for name in ("own.3gp", "own.3g2"):
        stream = written(name)
        expect((stream["codec_name"], stream["width"], stream["nb_read_frames"]) == ("h264", 64, "10"), f"{name}: {stream}")
    order = sys.byteorder
    gray = b"".join(((x * 1000 + y * 77) % 65536).to_bytes(2, order) for y in range(48) for x in range(64))
    stream = written("deep.y4m", [gray] * 2, (48, 64), 3)
    expect(stream["pix_fmt"] == "gray16le" and of_tool("deep.y4m", "gray16le") == gray * 2, f"16 bits of gray in YUV4MPEG: {stream}")
    with File(path("deep.y4m")) as f:
        expect(f.read(1, format=None) == gray, "and back")
    stream = written("deep_rgb.y4m", [gray * 3] * 2, (48, 64, 3), 3)
    expect(stream["pix_fmt"] == "yuv444p16le", f"16 bits of colour in YUV4MPEG: {stream}")
    # Matroska has codecs of AVI by their marks there; Motion JPEG leaves alpha out.
    expect(written("huff.mkv", codec="huffyuv")["codec_name"] == "huffyuv", "huffyuv in Matroska")
    frame = gradient(3, 64, 48, 4)
    expect(written("jpeg.avi", [frame] * 2, (48, 64, 4), codec="mjpeg")["pix_fmt"] == "yuvj420p", "Motion JPEG of RGBA")
    stream = written("opened.mkv", opening={"pixelformat": "yuv444p", "codec": "libx264"})
    expect(stream["pix_fmt"] == "yuv444p", f"the pixel format at opening: {stream}")


def strided():
    """Rows from the last to the first, by a negative stride."""
    frame = gradient(3, 64, 48)
    buffer = C.create_string_buffer(frame, len(frame))
    array = Array(struct_size=C.sizeof(Array), dtype=2, ndim=3, flags=1, data=C.addressof(buffer) + 47 * 192)
    array.shape[:3], array.strides[:3] = (48, 64, 3), (-192, 3, 1)
    with File(path("strided.mkv"), "w") as f:
        check(lib.iio_file_write(f.raw, C.byref(array), options({"codec": "ffv1"})))
    with File(path("strided.mkv")) as f:
        expect(f.read(0) == b"".join(frame[y * 192:y * 192 + 192] for y in range(47, -1, -1)), "a strided source")


def no_file_is_left():
    frame = gradient(0, 64, 48)

    @PROGRESS
    def stop(*_):
        return 1

    def cancelled():
        with File(path("never.mp4"), "w", progress=stop) as f:
            f.write(frame * 40, [40, 48, 64, 3])

    refused(cancelled, CANCELLED)

    def thrown():
        with File(path("never.mp4"), "w") as f:
            f.write(frame, [48, 64, 3])
            raise KeyError

    try:
        thrown()
    except KeyError:
        pass

    def backwards():
        with File(path("never.mkv"), "w") as f:
            f.write(frame, [48, 64, 3], time_s=1.0, codec="ffv1")
            f.write(frame, [48, 64, 3], time_s=0.5)

    refused(backwards, OPTION, "come after")
    left = [name for name in os.listdir(folder) if "never" in name]
    expect(not left, f"left behind: {left}")
    with File(path("never.mp4"), "w"):
        pass
    expect(not os.path.exists(path("never.mp4")), "a file without an image is none")
    for extension in (".nosuch", ".m3u8"):
        refused(lambda: File(path("never" + extension), "w", plugin="ffmpeg"), UNSUPPORTED)


def parts():
    return [(part,) for part in (writing, refusals_of_writing, functions, each_option, colours, turned, alpha, depth, animations,
                                 to_memory_and_callbacks, failing_callbacks, own_choices, strided, no_file_is_left)]
