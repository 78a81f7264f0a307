#!/usr/bin/env python3
"""The module ffmpeg beside the ffmpeg tool: every frame by every way, writing, and files that mean harm.

    tests/modules/ffmpeg.py LIBRARY FOLDER [PART …]

LIBRARY finds the module (beside it, or in IMAGEIO_PLUGIN_PATH); FOLDER takes the fixtures, which ffmpeg makes; parts are
read, write, harm and missing, all if none is named. Exit status 77: there is no ffmpeg. Needs Python's own library only.
"""
import sys

import video_native

wanted = sys.argv[3:] or ["read", "write", "harm", "missing"]
for name in wanted:
    before = video_native.failures
    part = __import__("video_" + name)
    after = video_native.run(part.parts())
    print(f"{name}: {after - before} failures")
print(f"{video_native.failures} failures" if video_native.failures else "passed")
sys.exit(1 if video_native.failures else 0)
