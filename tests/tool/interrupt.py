"""Helps run.sh to interrupt the tool.

interrupt.py make FILE             writes a large BMP of noise
interrupt.py run SECONDS CMD...    runs CMD, sends SIGINT after SECONDS, exits with its code
interrupt.py wait SECONDS CMD...   the same, with a standard input that never says anything
"""

import os
import random
import signal
import struct
import subprocess
import sys

WIDTH, HEIGHT = 6000, 4000


def make(path):
    """Noise does not compress, so that every encoder has to work for it."""
    row = WIDTH * 3
    noise = random.Random(1).randbytes(row * 64)
    with open(path, "wb") as file:
        file.write(struct.pack("<2sIHHI", b"BM", 54 + row * HEIGHT, 0, 0, 54))
        file.write(struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 24, 0, row * HEIGHT, 2835, 2835, 0, 0))
        for y in range(HEIGHT):
            at = y * 977 % (row * 63)
            file.write(noise[at : at + row])


def run(seconds, command, stdin):
    # A shell starts background jobs with SIGINT ignored, and so does some CI; the tool would respect that.
    process = subprocess.Popen(command, stdin=stdin, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        print("still running a minute after SIGINT", file=sys.stderr)
        return 1


def main():
    task, rest = sys.argv[1], sys.argv[2:]
    if task == "make":
        make(rest[0])
        return 0
    if task == "run":
        return run(float(rest[0]), rest[1:], subprocess.DEVNULL)
    reader, writer = os.pipe()
    code = run(float(rest[0]), rest[1:], reader)
    os.close(writer)
    return code


sys.exit(main())
