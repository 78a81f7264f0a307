#!/usr/bin/env python3
"""Measures reads of 24 million pixels into native arrays in Julia and R beside C, and beside R's own packages.

    bindings.py FOLDER C JULIA R [--rounds N] [--files png,jpg,tif]

FOLDER is for the pictures, which are made from nothing; C, JULIA and R are the commands of the readers beside this file
(scripts/bench_bindings.sh builds and gives them; "" leaves one out). All run at once and read by turns, so that whatever else
the machine does meets all. A ratio is the median of the ratios of paired reads, of processor time (all threads) and of time."""

import argparse
import os
import shlex
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from inputs import photo  # noqa: E402
from PIL import Image  # noqa: E402

# What is compared: name, who and how, beside whom and how.
PAIRS = [
    ("Julia, UInt8, beside C's uint8", ("julia", "uint8"), ("c", "uint8")),
    ("Julia, Float64, beside C's float64", ("julia", "float64"), ("c", "float64")),
    ("R, integer, beside C's int32", ("r", "integer"), ("c", "int32")),
    ("R, double, beside C's float64", ("r", "double"), ("c", "float64")),
    ("R, nativeRaster, beside C's RGBA", ("r", "nativeRaster"), ("c", "rgba")),
    ("R, double, beside png, jpeg, tiff", ("r", "double"), ("r", "package.double")),
    ("R, nativeRaster, beside png, jpeg, tiff", ("r", "nativeRaster"), ("r", "package.native")),
    ("R, nativeRaster, beside magick", ("r", "nativeRaster"), ("r", "magick.native")),
]


class Reader:
    def __init__(self, command):
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, kind, path):
        self.process.stdin.write(f"{kind} {path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if len(answer) != 2:
            raise RuntimeError(f"{kind} {path}: the reader ended")
        return float(answer[0]), float(answer[1])


def pictures(folder):
    paths = [os.path.join(folder, "photo24." + ending) for ending in ("png", "jpg", "tif")]
    if not all(map(os.path.exists, paths)):
        image = Image.fromarray(photo("24MP"))
        image.save(paths[0], compress_level=1)
        image.save(paths[1], quality=90)
        image.save(paths[2])
    return paths


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("commands", nargs=3)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--files", default="png,jpg,tif", help="endings of the pictures to read")
    arguments = arguments.parse_args()
    readers = {name: Reader(c) for name, c in zip(("c", "julia", "r"), arguments.commands) if c}
    print("| reading 24 MP | file | processor time | time | ours ms | theirs ms |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for path in (path for path in pictures(arguments.folder) if path[-3:] in arguments.files.split(",")):
        for name, (who, kind), (other, beside) in PAIRS:
            if who not in readers or other not in readers or (beside == "magick.native" and path.endswith("tif")):
                continue
            taken = []
            try:
                readers[who].read(kind, path), readers[other].read(beside, path)
                for i in range(arguments.rounds):
                    both = [(who, kind), (other, beside)]
                    got = {pair: readers[pair[0]].read(pair[1], path) for pair in (both if i % 2 else both[::-1])}
                    taken.append((got[who, kind], got[other, beside]))
            except RuntimeError as e:
                print(f"bench: {name}: {e}", file=sys.stderr)
                readers[who] = Reader(dict(zip(("c", "julia", "r"), arguments.commands))[who])
                continue
            ratio = [statistics.median(a[k] / max(b[k], 1e-4) for a, b in taken) for k in (1, 0)]
            least = [min(x[k][1] for x in taken) * 1e3 for k in (0, 1)]
            print(f"| {name} | {path[-3:]} | {ratio[0]:.2f} | {ratio[1]:.2f} | {least[0]:.0f} | {least[1]:.0f} |", flush=True)


main()
