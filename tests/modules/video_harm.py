"""Video that means harm: files that name others, that are cut off, and that were changed at random."""
import signal
import time

from video_native import *


def playlists():
    """The file that they name is there, and is a film: it is not opened all the same."""
    secret = path("secret.ts")
    shutil.copy(path("h264.ts"), secret)
    texts = {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n",
        "b.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "c.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
        "a.ffconcat": f"ffconcat version 1.0\nfile {secret}\n",
        "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "a.mpd": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
                 f'mimeType="video/mp4"><Representation id="1"><BaseURL>{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    }
    for name, text in texts.items():
        # Under its own name, and dressed up as a film.
        for name in (name, name + ".mp4"):
            with open(path(name), "w") as f:
                f.write(text)
            refused(lambda: File(path(name)), (UNSUPPORTED, NO_BACKEND))
            refused(lambda: File(path(name), plugin="ffmpeg"), (UNSUPPORTED, NO_BACKEND))
    for option in ("protocol_whitelist", "enable_drefs"):
        refused(lambda: File(path("h264.mp4"), plugin="ffmpeg", options={option: "1"}), OPTION, option)


def references():
    """A QuickTime file whose picture data are said to lie in another file."""
    data = bytearray(open(path("h264.mp4"), "rb").read())
    at = data.find(b"url \0\0\0\1")
    expect(at > 0, "the fixture has a data reference")
    data[at + 7] = 0
    with open(path("dref.mp4"), "wb") as f:
        f.write(data)
    with File(path("dref.mp4")) as f:
        expect(f.count() == 30 and len(f.read(3)) == 48 * 64 * 3, "the file itself is read")


def cut(name):
    data = open(path(name), "rb").read()
    wanted = frames_of(name)
    for part in (10, 100, len(data) // 2, len(data) - 200):
        with open(path("cut_" + name), "wb") as f:
            f.write(data[:part])
        for values in ({}, {"allow_partial": True}):
            own = []
            try:
                with File(path("cut_" + name), plugin="ffmpeg") as f:
                    for frame, _ in f.iter(format=None, **values):
                        own.append(frame)
                    f.count()
            except Failed as e:
                expect(e.status in (CORRUPT, UNSUPPORTED, INDEX, NO_BACKEND), f"{name} cut at {part}: {e}")
            expect(len(own) <= len(wanted), f"{name} cut at {part}: more frames than before")
            if not values and "ffv1" not in name:
                expect(all(a == b for a, b in zip(own[:-1], wanted)), f"{name} cut at {part}: other frames, and no error")


def changed(name, seeds=6):
    data = open(path(name), "rb").read()
    for seed in range(seeds):
        rng = random.Random(seed)
        bad = bytearray(data)
        for _ in range(rng.choice((1, 5, 40))):
            at = rng.randrange(len(bad)) if rng.random() < 0.6 else rng.randrange(min(len(bad), 1200))
            bad[at] = rng.choice((0, 255, 128, rng.randrange(256)))
        if seed % 3 == 2:
            at = rng.randrange(len(bad))
            del bad[at:at + rng.randrange(1, 60)]
        began = time.process_time()
        try:
            with File(bytes(bad), plugin="ffmpeg", max_pixels=1 << 20, max_bytes=1 << 26) as f:
                try:
                    for _ in f.iter():
                        pass
                except Failed as e:
                    expect(e.status != INTERNAL, f"{name} changed by {seed}, in order: {e}")
                f.meta()
                for i in (5, 0, 17):
                    try:
                        f.read(i)
                    except Failed as e:
                        expect(e.status != INTERNAL, f"{name} changed by {seed}, image {i}: {e}")
                f.count()
                f.props()
        except Failed as e:
            expect(e.status != INTERNAL, f"{name} changed by {seed}: {e}")
        took = time.process_time() - began
        expect(took < 20, f"{name} changed by {seed} takes {took:.0f} s")


def first_error(name, backward):
    """The first frame that is refused as damaged, in order or of all by index."""
    out = None
    with File(name, plugin="ffmpeg") as f:
        if backward:
            for i in range(f.count() - 1, -1, -1):
                try:
                    f.read(i, format=None)
                except Failed as e:
                    expect(e.status == CORRUPT, f"image {i}: {e}")
                    out = i
            return out
        shown = 0
        try:
            for _ in f.iter(format=None):
                shown += 1
        except Failed as e:
            expect(e.status == CORRUPT, f"in order: {e}")
            out = shown
        return out


def told(name):
    """A picture of which a part is made up is damaged in order too, where the threads that decode it show it later."""
    data, found = open(path(name), "rb").read(), 0
    for seed in range(15):
        rng, bad = random.Random(seed), bytearray(data)
        for _ in range(3):
            bad[rng.randrange(len(bad) // 3, len(bad) * 9 // 10)] ^= 1 << rng.randrange(8)
        try:
            with File(bytes(bad), plugin="ffmpeg") as f:
                f.count()
        except Failed:
            continue
        ways = [first_error(bytes(bad), backward) for backward in (False, True)]
        expect(ways[0] == ways[1], f"{name} changed by {seed}: the first damaged frame is {ways[0]} in order, {ways[1]} by index")
        found += ways[0] is not None
    expect(found > 3, f"{name}: {found} were damaged")


def waiting():
    """Damaged AV1 of which one picture is wanted and then another: a decoder that waits for ever ends the test by an alarm."""
    if not make("groups.mp4", picture(), "-c:v", "libaom-av1", "-cpu-used", "8", "-g", "10", "-strict", "-2"):
        return
    data = open(path("groups.mp4"), "rb").read()
    signal.alarm(120)
    for seed in range(60):
        rng, bad = random.Random(seed), bytearray(data)
        for _ in range(16):
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        try:
            with File(bytes(bad), plugin="ffmpeg", max_pixels=1 << 20) as f:
                for i in (0, 15, 29, 4, 22):
                    try:
                        f.read(i)
                    except Failed as e:
                        expect(e.status != INTERNAL, f"AV1 changed by {seed}, image {i}: {e}")
        except Failed as e:
            expect(e.status != INTERNAL, f"AV1 changed by {seed}: {e}")
    # And a film of which no picture can be decoded, whose first time leads nowhere when it is sought.
    make("heads.mkv", picture("48x32", frames=10), "-c:v", "ffv1", "-g", "100")
    data = bytearray(open(path("heads.mkv"), "rb").read())
    block = data.index(b"\x81\0\0\x80", data.index(b"\x1f\x43\xb6\x75"))
    data[block + 1] = 0x80
    data[block + 10:block + 40] = b"\xff" * 30
    with File(bytes(data), plugin="ffmpeg") as f:
        f.count()
        refused(lambda: f.read(0), CORRUPT)
        refused(lambda: f.read(5), INDEX)
    signal.alarm(0)


def data():
    """Astronomers' data, of which FFmpeg would make 8 bits, and a JPEG XL, whose decoder there may never come back."""
    cards = ["SIMPLE  =                    T", "BITPIX  =                   16", "NAXIS   =                    2",
             "NAXIS1  =                    8", "NAXIS2  =                    8", "END"]
    fits = "".join(card.ljust(80) for card in cards).ljust(2880).encode() + bytes(2880)
    codestream = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl \0\0\0\0jxlc\xff\x0a\xfa\x7f\x01\x90"
    for name, content in (("data.fits", fits), ("data", fits), ("cut.jxl", codestream)):
        with open(path(name), "wb") as f:
            f.write(content)
        # The JPEG XL is whole up to its header, so only its pixels are missed.
        refused(lambda: File(path(name)).read(0), UNAVAILABLE if "data" in name else CORRUPT)
        refused(lambda: File(path(name), plugin="ffmpeg"), UNSUPPORTED)


def limits():
    refused(lambda: File(path("h264.mp4"), max_pixels=1000).read(0), LIMIT)
    with File(path("h264.mp4"), max_bytes=48 * 64 * 3 * 10) as f:
        refused(lambda: f.read(ALL), LIMIT)
        expect(len(f.read(1)) == 48 * 64 * 3, "one frame is within")


def parts():
    import video_read
    names = [name for name in [*video_read.FIXTURES, *video_read.COPIES, "cover.mp3", "two.mkv"] if os.path.exists(path(name))]
    return ([(playlists,), (references,), (data,), (limits,), (waiting,), (told, "h264.mp4"), (told, "h264.ts")]
            + [(cut, name) for name in ("h264.mp4", "fragments.mp4", "ffv1.mkv", "mpeg2.mpg", "vp9.webm", "h264.ts", "mjpeg.avi", "prores.mov")
               if name in names]
            + [(changed, name) for name in names])
