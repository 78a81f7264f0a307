"""What imageio and FFmpeg promise of filters, metadata and sizes, and is easily missed."""
from video_native import *
from video_write import of_tool, written

H264 = ["-c:v", "libx264", "-g", "8", "-bf", "2", "-pix_fmt", "yuv420p"]


def filtered():
    """Filters that change size, number and rate: by index as in order, and as ffmpeg's tool has them."""
    make("clause.mp4", picture(), *H264)
    graph = [{"half": ["scale", {"w": "iw/2", "h": "ih/2", "flags": "neighbor"}]}, [["video_in", "half", 0, 0], ["half", "video_out", 0, 0]]]
    for values, text in (({"filter_sequence": [["scale", "32:24:flags=neighbor"]]}, "scale=32:24:flags=neighbor"),
                         ({"filter_graph": graph}, "scale=iw/2:ih/2:flags=neighbor"), ({"filter": "separatefields"}, "separatefields"),
                         ({"filter_sequence": [["tinterlace", "mode=merge"]]}, "tinterlace=mode=merge"),
                         ({"filter_sequence": [["select", "gt(n,5)"]]}, "select=gt(n\\,5)"),
                         ({"filter_sequence": [["select", "gt(n\\,5)"], ["geq", "lum='if(gt(X,9),lum(X,Y),0)'"]]},
                          "select=gt(n\\,5),geq=lum='if(gt(X,9),lum(X,Y),0)'"),
                         ({"filter_sequence": [["fps", "24"]]}, "fps=24"), ({"fps": 50}, "fps=50"), ({"filter": "fps=5"}, "fps=5"),
                         ({"filter": "reverse"}, "reverse"), ({"filter": "tblend=all_mode=average"}, "tblend=all_mode=average")):
        size = 48 * 64 // (4 if "scale" in text else 1) * (2 if "merge" in text else 1) // (2 if "separate" in text else 1)
        raw = tool("ffmpeg", "-v", "error", "-i", path("clause.mp4"), "-vf", text, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
        wanted = [raw[i:i + size] for i in range(0, len(raw), size)]
        with File(path("clause.mp4")) as f:
            own = [frame for frame, _ in f.iter(format="gray", **values)]
            expect(own == wanted, f"{text}: {len(own)} frames, not {len(wanted)}, or others")
            expect(f.props(format="gray", **values).n_images == len(wanted), f"{text}: counted")
            n = len(wanted)
            # Behind the last one nothing is left to tell the size by.
            wrong = [i for i in (n - 1, n // 2, 0, n - 1, n - 1) if f.read(i, format="gray", **values) != wanted[i]]
            expect(not wrong, f"{text}: by index {wrong}")
    with File(path("clause.mp4")) as f:
        for rate in ("1/0", "0/5", "-1/2"):
            refused(lambda: f.props(fps=rate), OPTION, "fps")
        refused(lambda: f.read(0, filter="hflip,nosuch"), OPTION, "nosuch'")


def limits_of_filters():
    """A limit holds before filters make a picture: this one would be of 3 GB."""
    import resource
    make("clause.mp4", picture(), *H264)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with File(path("clause.mp4"), max_pixels=1 << 20) as f:
        refused(lambda: f.read(0, filter="scale=30000:30000"), LIMIT, "max_pixels")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    expect(grown < 100_000, f"{grown} KiB for a picture over the limit")


def sizes_that_change():
    """What filters hold back is not lost where the film's size changes."""
    for name, size in (("one_size.m2v", "64x48"), ("other_size.m2v", "96x80")):
        make(name, picture(size, 25, 9), "-c:v", "mpeg2video", "-g", "3", "-bf", "0")
    with open(path("two_sizes.m2v"), "wb") as f:
        for name in ("one_size.m2v", "other_size.m2v"):
            f.write(open(path(name), "rb").read())
    with File(path("two_sizes.m2v"), plugin="ffmpeg") as f:
        plain = [frame for frame, _ in f.iter(format="gray", size=[64, 48])]
        held = [frame for frame, _ in f.iter(format="gray", size=[64, 48], filter="reverse")]
        expect(len(plain) == len(held) > 16, f"{len(held)} of {len(plain)} frames come out")
        # The last of the first size is first.
        expect(held[0] in plain, "reversed up to the change")


def told_of_turning():
    """Orientation is told exactly where it was not applied, and it is applied behind filters too."""
    frame = gradient(3, 64, 48)
    with File(path("clause_turned.mov"), "w") as f:
        f.write(frame, [48, 64, 3], codec="png", metadata={"Orientation": 6})
    turned = b"".join(frame[(y * 64 + x) * 3:(y * 64 + x) * 3 + 3] for x in range(64) for y in range(47, -1, -1))
    with File(path("clause_turned.mov"), plugin="ffmpeg") as f:
        expect(f.read(0, rotate=True) == turned, "turned")
        for values, told in (({}, True), ({"rotate": True}, False), ({"rotate": True, "exclude_applied": False}, True)):
            expect(("DISPLAYMATRIX" in f.meta(0, **values)) == told, f"{values}: the matrix by index")
            # An iterator is told for its images, not for another call.
            if "exclude_applied" not in values:
                metas = [meta for _, meta in f.iter(**values)]
                expect(("DISPLAYMATRIX" in metas[0]) == told, f"{values}: the matrix in order")
        expect(f.read(0, rotate=True, filter="null") == turned and list(f.props(0, rotate=True, filter="null").shape[:2]) == [64, 48],
               "turned behind a filter")
    log.clear()
    with File(path("clause_turned.mkv"), "w") as f:
        f.write(frame, [48, 64, 3], codec="ffv1", metadata={"Orientation": 6})
    expect(any("rotation" in line for _, line in log), "a container that keeps no rotation says so")


def told_of_the_stream():
    """Duration of containers that tell it of the whole; HDR data in numbers."""
    make("clause.mkv", picture(), *H264)
    with File(path("clause.mkv")) as f:
        told = f.meta()
        expect(abs(told.get("duration", 0) - 2.5) < 0.01 and told.get("container_bit_rate", 0) > 0, f"{told}")
    light = ("log-level=none:hdr10=1:repeat-headers=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)"
             "L(10000000,1):max-cll=1000,400")
    # FFmpeg 7 takes colours from the pictures, not from the encoder's options.
    colours = ["-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"]
    if make("clause_hdr.mp4", picture("64x64", frames=5), *colours, "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", light,
            "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"):
        with File(path("clause_hdr.mp4")) as f:
            for told in (f.meta(), f.meta(2), [meta for _, meta in f.iter()][4], f.meta()):
                display = told.get("mastering_display", {})
                expect([round(v, 6) for v in display.get("red", [])] == [0.68, 0.32] and display.get("max_luminance") == 1000
                       and round(display.get("min_luminance", 0), 6) == 0.0001, f"the display: {display}")
                expect(told.get("content_light") == {"max_content": 1000, "max_average": 400}, f"the light: {told.get('content_light')}")


def odd_forms():
    """Pictures with a palette are the bytes that rawvideo has, palette and all; those of a colour filter's pattern are gray."""
    paletted = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=12:duration=0.25", "-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse"]
    make("clause_pal.mov", paletted, "-c:v", "png", "-pix_fmt", "pal8")
    wanted = frames_of("clause_pal.mov")
    with File(path("clause_pal.mov")) as f:
        expect([frame for frame, _ in f.iter(format=None)] == wanted and f.props(0, format=None).nbytes == 48 * 64 + 1024, "a palette")
        expect(f.read(1) == tool("ffmpeg", "-v", "error", "-i", path("clause_pal.mov"), "-vf", "select=eq(n\\,1)", "-frames:v", "1", "-f", "rawvideo",
                                 "-pix_fmt", "rgb24", "-"), "and its colours")
    samples = bytes(random.Random(1).randbytes(48 * 64 * 2))
    for format, shape, dtype in (("bayer_rggb8", [48, 64], 2), ("bayer_grbg16le", [48, 64], 3)):
        with open(path("mosaic.raw"), "wb") as f:
            f.write(samples[:48 * 64 * (dtype - 1)])
        tool("ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", format, "-s", "64x48", "-i", path("mosaic.raw"), "-c", "copy", path("mosaic.nut"))
        with File(path("mosaic.nut")) as f:
            props = f.props(0, format=None)
            expect(list(props.shape[:props.ndim]) == shape and props.dtype == dtype and props.bits == 8 * (dtype - 1), f"{format}: {list(props.shape)}")
            expect(f.read(0, format=None) == samples[:48 * 64 * (dtype - 1)], f"{format}: the samples")


def writing_through_filters():
    """Sizes are fitted behind filters as they are without; filters of the rate set the rate; no picture is lost."""
    odd = [gradient(i, 33, 21) for i in range(6)]
    stream = written("fit.mp4", odd, (21, 33, 3), filter="hflip", pad=True)
    expect((stream["width"], stream["height"]) == (34, 22), f"padded behind a filter: {stream}")
    frames = [gradient(i, 64, 48) for i in range(10)]
    for text, count, rate in (("fps=48", 20, "48/1"), ("separatefields", 20, "48/1"), ("framestep=2", 5, "12/1"), ("reverse", 10, "24/1"),
                              ("fps=12", 5, "12/1")):
        stream = written("rate.mkv", frames, codec="ffv1", fps=24, filter=text)
        expect((stream["nb_read_frames"], stream["r_frame_rate"]) == (str(count), rate), f"{text}: {stream}")
        seconds = float(probe("rate.mkv", "format=duration")["format"]["duration"])
        expect(abs(seconds - 10 / 24) < 0.03, f"{text}: {seconds} s")

    def changed(first, second):
        with File(path("changed.mkv"), "w") as f:
            f.call("init_video_stream", codec="ffv1", fps=24)
            for part, filters in ((frames[:5], first), (frames[5:], second)):
                f.call("set_video_filter", filter_sequence=filters)
                for frame in part:
                    f.write(frame, [48, 64, 3])
        return of_tool("changed.mkv", "rgb24")

    backwards = changed([["reverse", ""]], [["null", ""]])
    expect(backwards == b"".join(frames[4::-1] + frames[5:]), "what filters hold comes before the next ones'")
    backwards = changed([["reverse", ""]], None)
    expect(backwards == b"".join(frames[4::-1] + frames[5:]), "and before none")
    refused(lambda: changed(None, [["scale", "32:24"]]), SHAPE, "32x24")


def times_of_each():
    """Times begin where they are said to, and the last picture is shown as long as the one before."""
    frames = [gradient(i, 64, 48) for i in range(4)]
    for name, values in (("late.avi", {}), ("late_clause.mkv", {"codec": "ffv1"}), ("late_clause.mp4", {"codec": "mpeg4"}), ("late_f.mp4", {"codec": "mpeg4", "filter": "hflip"})):
        with File(path(name), "w") as f:
            for frame, time in zip(frames, (0, 0.5, 1, 1.5)):
                f.write(frame, [48, 64, 3], time_s=time, **(values if time == 0 else {}))
        told = [float(line.strip(",")) for line in tool("ffprobe", "-v", "error", "-show_entries", "frame=pts_time", "-of", "csv=p=0", path(name)).decode().split()]
        expect([round(t, 2) for t in told[:4]] == [0, 0.5, 1, 1.5] and len(told) == 4, f"{name}: {told}")
        seconds = float(probe(name, "format=duration")["format"]["duration"])
        expect(abs(seconds - 2) < 0.01, f"{name}: {seconds} s")


def times_of_animations():
    """Each picture of an animation for as long as it is said, the last one too."""
    frames = [gradient(i * 7, 64, 48) for i in range(4)]
    for name in ("each.gif", "each.apng"):
        with File(path(name), "w", plugin="ffmpeg") as f:
            f.write(b"".join(frames), [4, 48, 64, 3], time_s=[0, 0.1, 0.5, 0.6], duration_s=[0.1, 0.4, 0.1, 0.3])
        with File(path(name)) as f:
            told = [round(f.meta(i).get("duration", f.meta(i).get("duration_s", 0)), 3) for i in range(4)]
            expect(told in ([0.1, 0.4, 0.1, 0.3], [100, 400, 100, 300]), f"{name}: {told}")


def colours_as_told():
    """A matrix and range that the encoder is told are those that pictures are made in."""
    flat = [bytes(c) * (48 * 64) for c in ((200, 30, 40), (20, 180, 60), (10, 40, 220))]
    for space, range_ in (("bt709", "tv"), ("bt2020nc", "tv"), ("bt709", "pc"), ("smpte170m", "tv")):
        written("told.mkv", flat, codec="libx264", crf=1, codec_options={"colorspace": space, "color_range": range_})
        told = probe("told.mkv", "stream=color_space,color_range")["streams"][0]
        expect(told == {"color_range": range_, "color_space": space}, f"{space}, {range_}: {told}")
        back = of_tool("told.mkv", "rgb24")
        for i, frame in enumerate(flat):
            expect(away(frame, back[i * 9216:(i + 1) * 9216])[1] < 3.5, f"{space}, {range_}: {tuple(frame[:3])} is {tuple(back[i * 9216:][:3])}")


def sizes_refused():
    """Sizes that an encoder cannot have: at opening, at the first picture, or by none but the decoder."""
    for codec, name, shape in (("vc2", "refused.mkv", [21, 33, 3]), ("cinepak", "refused.mkv", [46, 62, 3]), ("libopenjpeg", "refused.mkv", [21, 33, 3]),
                               ("dnxhd", "refused.mov", [48, 64, 3])):
        try:
            refused(lambda: written(name, [gradient(0, shape[1], shape[0])], shape, codec=codec), OPTION, "macro_block_size")
        except Failed as e:
            expect("no encoder" in str(e), f"{codec}: {e}")
        expect(not os.path.exists(path(name)), f"{codec}: nothing is published")


def readable():
    """What containers have no mark for is not written into them."""
    frames = [gradient(i, 64, 48) for i in range(3)]
    stream = written("raw.avi", frames, codec="rawvideo")
    expect(stream["pix_fmt"] == "bgr24" and of_tool("raw.avi", "rgb24") == b"".join(frames), f"raw pictures in AVI: {stream}")
    refused(lambda: written("raw.avi", frames, codec="rawvideo", out_pixel_format="rgb24"), OPTION, "bgr24")
    refused(lambda: written("run.mkv", frames, codec="qtrle"), OPTION, "matroska")
    four = [gradient(i, 64, 48, 4) for i in range(3)]
    for name, codec in (("run.mov", "qtrle"), ("run.apng", None)):
        written(name, four, (48, 64, 4), opening={"plugin": "ffmpeg"}, **({"codec": codec} if codec else {"out_pixel_format": "rgba"}))
        expect(of_tool(name, "rgba") == b"".join(four), f"{name}: alpha")
    written("alpha_8.webm", four, (48, 64, 4), codec="libvpx")
    seen = of_tool("alpha_8.webm", "rgba", "-c:v", "libvpx")
    expect(away(seen[3::4], b"".join(four)[3::4])[1] < 6, "alpha of VP8")


def parts():
    return [(part,) for part in (filtered, limits_of_filters, sizes_that_change, told_of_turning, told_of_the_stream, odd_forms, writing_through_filters, times_of_each, times_of_animations,
                                 colours_as_told, sizes_refused, readable)]
