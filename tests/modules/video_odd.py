"""Video in unusual forms, whose packets are no frames, whose times or key frames are not as they are told: every frame by index."""
import made
from video_native import *

H264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
OPEN = [*H264, "-x264-params", "keyint=7:open-gop=1:bframes=3:scenecut=0"]
HEVC = ["-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params"]


def put(name, data):
    with open(path(name), "wb") as f:
        f.write(data)
    return name


def taken(name):
    with open(path(name), "rb") as f:
        return f.read()


def copied(name, source, *arguments, before=()):
    return make(name, [*before, "-i", path(source)], "-c", "copy", *arguments)


def fixtures():
    """Names of what could be made."""
    names = []
    # A field a packet, alone and among whole frames; pictures whose order is in their numbers only.
    for name, data in (("fields", made.fields(False)), ("mixed", made.fields(True))):
        names.append(put(f"{name}.264", data))
        names += [n for n in (f"{name}.ts", f"{name}.mp4", f"{name}.mkv") if copied(n, f"{name}.264", before=["-r", "25"])]
    names.append(put("moved.264", made.moved()))
    if make("hevc_fields.265", picture("64x64"), *HEVC, "keyint=8:interlace=tff:log-level=none"):
        names.append("hevc_fields.265")
    # Cut out of open groups, with what comes before left in.
    if make("open.mp4", picture(), *OPEN):
        for start in ("0.5", "1.3"):
            for name in (f"cut{start}.mp4", f"cut{start}.mkv"):
                make(name, ["-ss", start, "-i", path("open.mp4")], "-t", "0.4", "-c", "copy")
                names.append(name)
        # A container that calls every frame a key frame, and edit lists that leave out, come back, repeat and begin late.
        names.append(put("keys.mp4", made.changed_boxes(taken("open.mp4"), lambda kind, body: None if kind == b"stss" else body)))
        unit = 12288
        for name, edits in {"short": [(400, unit // 3, 1)], "back": [(800, unit * 3 // 2, 1), (1000, unit // 6, 1)],
                            "again": [(700, unit // 6, 1), (700, unit // 6, 1)], "late": [(500, -1, 1), (900, unit // 2, 1)],
                            "beyond": [(900, unit * 60, 1)]}.items():
            names.append(put(f"edit_{name}.mp4", made.with_edits(taken("open.mp4"), edits)))
    if make("group.mp4", picture(), *HEVC, "keyint=8:bframes=3:log-level=none"):
        names.append(put("hevc_keys.mp4", made.changed_boxes(taken("group.mp4"), lambda kind, body: None if kind == b"stss" else body)))
    # Pictures of HEVC that no other of their layer is made from, but others of the next are; and layers that x265 makes.
    groups = "scenecut=0:bframes=3:b-adapt=0:b-pyramid=1:log-level=none:"
    if make("plain.265", picture(rate=25, frames=27), *HEVC, groups + "keyint=9:min-keyint=9:open-gop=0:frame-threads=1:pools=none"):
        names.append(put("layers.265", made.layered(taken("plain.265"))))
        names += [n for n in ("layers.mp4",) if copied(n, "layers.265", before=["-r", "25"])]
    if make("sublayers.mp4", picture(), *HEVC, groups + "keyint=15:temporal-layers=1"):
        names += ["sublayers.mp4", *(n for n in ("sublayers.ts",) if copied(n, "sublayers.mp4"))]
    # Pictures between others, of codecs that tell them by their type.
    for name, codec in (("b.mpg", "mpeg2video"), ("b.mkv", "mpeg4"), ("b.mp4", "mpeg4"), ("b.ts", "mpeg2video")):
        if make(name, picture(rate=25), "-c:v", codec, "-g", "12", "-bf", "2", "-qscale:v", "3"):
            names.append(name)
    names += cut_groups()
    # Hidden frames in packets of their own.
    if make("hidden.webm", picture(), "-c:v", "libvpx-vp9", "-g", "30", "-auto-alt-ref", "1", "-lag-in-frames", "25"):
        names += [n for n in ("hidden.ivf", "hidden.mkv") if copied(n, "hidden.webm", "-bsf:v", "vp9_superframe_split")]
    # Two pictures in one packet, and none in the next.
    if make("packed.avi", picture(), "-c:v", "libxvid", "-bf", "2"):
        names.append("packed.avi")
    # One film behind the other: times begin anew, and sizes change.
    for kind, arguments in (("ts", [*H264, "-g", "8", "-bf", "2"]), ("m2v", ["-c:v", "mpeg2video", "-g", "8", "-bf", "2"])):
        make(f"one.{kind}", picture(rate=25), *arguments)
        make(f"large.{kind}", picture("96x80", rate=25), *arguments)
        names.append(put(f"twice.{kind}", taken(f"one.{kind}") * 2))
        names.append(put(f"sizes.{kind}", taken(f"one.{kind}") + taken(f"large.{kind}")))
    if copied("wraps.ts", "one.ts", "-output_ts_offset", "95442.5", "-muxdelay", "0"):
        names.append("wraps.ts")
    return names


def cut_groups():
    """Streams that begin with the key frame of an open group, or break off before one: what refers to the lost is left out."""
    names = []
    if make("groups.265", picture(), *HEVC, "keyint=10:bframes=3:b-adapt=0:scenecut=0:open-gop=1:repeat-headers=1:log-level=none"):
        names += [put(f"hevc_{kind}.265", made.stream(units)) for kind, units in made.cuts(taken("groups.265")).items()]
        names += [n for n in ("hevc_cut.mp4",) if copied(n, "hevc_cut.265", before=["-r", "12"])]
        make("groups.mkv", picture(), *HEVC, "keyint=10:bframes=3:b-adapt=0:scenecut=0:open-gop=1:log-level=none")
        names += [n for n in ("hevc_lead.mkv", "hevc_lead.ts", "hevc_lead.mp4", "hevc_lead.mov")
                  if copied(n, "groups.mkv", "-copyts", "-copypriorss", "1", before=["-ss", "1.7"])]
        # Without an edit list, the container's table lists them.
        names.append(put("hevc_listed.mp4", made.changed_boxes(taken("hevc_lead.mp4"), lambda kind, body: None if kind == b"edts" else body)))
    if make("groups.264", picture(), *H264, "-x264-params", "keyint=10:open-gop=1:bframes=3:b-adapt=0:scenecut=0:repeat-headers=1"):
        every = made.units(taken("groups.264"))
        sets = [i for i, unit in enumerate(every) if unit[0] & 31 == 7]
        names.append(put("h264_cut.264", made.stream(every[sets[1]:])))
        # The second group twice: numbers go back, and no frame says that they do.
        names.append(put("h264_again.264", made.stream(every[:sets[2]] + every[sets[1]:])))
        names += [n for n in ("h264_cut.mp4",) if copied(n, "h264_cut.264", before=["-r", "12"])]
    if make("refresh.264", picture(), *H264, "-x264-params", "keyint=10:intra-refresh=1:bframes=2:repeat-headers=1"):
        every = made.units(taken("refresh.264"))
        sets = [i for i, unit in enumerate(every) if unit[0] & 31 == 7] or [0]
        points = [i for i, unit in enumerate(every) if unit[:2] == b"\6\6"]
        names.append(put("refresh_cut.264", made.stream(every[sets[0]:sets[0] + 2] + every[points[1]:])))
        names += [n for n in ("refresh_cut.mp4",) if copied(n, "refresh_cut.264", before=["-r", "12"])]
    for kind, encoder in (("m2v", "mpeg2video"), ("m1v", "mpeg1video"), ("m4v", "mpeg4")):
        make(f"groups.{kind}", picture(rate=25), "-c:v", encoder, "-g", "9", "-bf", "2", "-sc_threshold", "1000000000",
             "-f", {"m1v": "mpeg1video", "m2v": "mpeg2video"}.get(kind, kind))
        data, start = taken(f"groups.{kind}"), b"\0\0\1\xb6" if kind == "m4v" else b"\0\0\1\xb3"
        places = [i for i in range(len(data)) if data.startswith(start, i) and (kind != "m4v" or data[i + 4] >> 6 == 0)]
        front = data[:places[0]] if kind == "m4v" else b""
        names.append(put(f"cut.{kind}", front + data[places[1]:]))
        names += [n for n in (f"cut_{kind}.mp4",) if copied(n, f"cut.{kind}", before=["-r", "25"])]
    # Frames of AV1 that an edit list leaves out come all the same.
    if make("groups.mp4", picture(), "-c:v", "libaom-av1", "-cpu-used", "8", "-g", "10", "-strict", "-2"):
        make("av1_cut.mp4", ["-ss", "1.1", "-i", path("groups.mp4")], "-t", "0.8", "-c", "copy")
        names.append("av1_cut.mp4")
    if make("theora.ogg", picture("64x64", rate=25), "-c:v", "libtheora", "-g", "9"):
        names.append("theora.ogg")
    # The end of RoQ is told as a failure to read.
    if make("end.roq", picture("64x64", rate=30, frames=12), "-c:v", "roqvideo"):
        names.append("end.roq")
    return names


def by_every_index(name):
    wanted = framed(name)
    n = len(wanted)
    with File(path(name), plugin="ffmpeg") as f:
        expect(f.count() == n, f"{name}: count {f.count()}, not {n}")
        shown = list(f.iter(format=None))
        expect([frame for frame, _ in shown] == wanted, f"{name}: iterating gives {len(shown)} of {n} frames, or others")
        order = [*range(n), *range(n - 1, -1, -1), *random.Random(1).sample(range(n), n)]
        wrong = [i for i in order if f.read(i, format=None) != wanted[i]]
        expect(not wrong, f"{name}: wrong by index: {wrong}")
        refused(lambda: f.read(n, format=None), INDEX)
        times = [meta["time"] for _, meta in shown]
        differ = [i for i in range(n) if f.meta(i)["time"] != times[i]]
        expect(not differ or name in OWN_TIMES, f"{name}: other times by index than in order: {differ}")
    # Where nothing was read before.
    for i in random.Random(2).sample(range(n), min(n, 6)):
        with File(path(name), plugin="ffmpeg") as f:
            expect(f.read(i, format=None) == wanted[i], f"{name}: frame {i} alone is another")
            if i + 1 < n:
                expect(f.read(i + 1, format=None) == wanted[i + 1], f"{name}: frame {i + 1} behind {i} is another")


# What comes out at the change of size is one frame less than goes in, and what the packed pictures are called is theirs.
OWN_TIMES = ["sizes.m2v", "packed.avi"]


def framed(name):
    """Every frame as ffmpeg decodes it; `frames_of` where the container's count cannot be believed."""
    told = tool("ffmpeg", "-v", "quiet", "-i", path(name), "-map", "0:v:0", "-vsync", "passthrough", "-c:v", "rawvideo", "-f", "framecrc", "-").decode()
    sizes = [int(line.split(",")[4]) for line in told.splitlines() if line and not line.startswith("#")]
    raw = tool("ffmpeg", "-v", "quiet", "-i", path(name), "-map", "0:v:0", "-vsync", "passthrough", "-f", "rawvideo", "-") if sizes else b""
    expect(len(raw) == sum(sizes), f"{name}: ffmpeg gives {len(raw)} bytes in {len(sizes)} frames")
    return [raw[i * len(raw) // len(sizes):(i + 1) * len(raw) // len(sizes)] for i in range(len(sizes))]


def parts():
    return [(by_every_index, name) for name in fixtures()]
