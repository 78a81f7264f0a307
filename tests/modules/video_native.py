"""What the tests of video share."""
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
    """Has ffmpeg make a file; one without the encoder says so, and the case is told to be left out."""
    if os.path.exists(path(name)):
        return True
    try:
        tool("ffmpeg", "-v", "error", "-y", *source, *arguments, path(name))
    except subprocess.CalledProcessError as e:
        said = e.stderr.decode().strip()
        if os.path.exists(path(name)):
            os.unlink(path(name))
        expect("Unknown encoder" in said, f"ffmpeg makes no {name}: {said}")
        print(f"SKIPPED: {name}: {said.splitlines()[-1]}")
        return False
    return True


def picture(size="64x48", rate=12, frames=30):
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}", "-frames:v", str(frames)]


def frames_of(name):
    """Every frame as ffmpeg decodes it, in the native format."""
    size = int(tool("ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
                    "stream=nb_read_frames", "-of", "csv=p=0", path(name)).decode().split()[0].strip(","))
    raw = tool("ffmpeg", "-v", "error", "-i", path(name), "-map", "0:v:0", "-vsync", "passthrough", "-f", "rawvideo", "-")
    step = len(raw) // size
    return [raw[i * step:(i + 1) * step] for i in range(size)]


def gradient(i, w, h, n=3):
    return bytes((x * 3 + y * 2 + i * 5 + c * 40) % 256 for y in range(h) for x in range(w) for c in range(n))


def away(one, other):
    """The largest difference of two pictures' samples, and the mean of all."""
    gaps = [abs(a - b) for a, b in zip(one, other)]
    return max(gaps), sum(gaps) / len(gaps)


def probe(name, entries="stream=codec_name,pix_fmt,width,height,nb_read_frames,r_frame_rate"):
    out = tool("ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path(name))
    return json.loads(out)
