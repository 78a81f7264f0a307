#!/usr/bin/env python3
"""The module ffmpeg beside the ffmpeg tool: every frame by every way, writing, and files that mean harm.

    tests/modules/ffmpeg.py LIBRARY FOLDER [PART …]

LIBRARY finds the module (beside it, or in IMAGEIO_PLUGIN_PATH); FOLDER takes the fixtures, which ffmpeg makes; parts are
read, odd, write, clauses, harm and missing, all if none is named. Exit status 77: there is no ffmpeg. Needs Python's own library only.
"""
import sys

from library import failed, run

wanted = sys.argv[3:] or ["read", "odd", "write", "clauses", "harm", "missing"]
for name in wanted:
    before = len(failed)
    part = __import__("video_" + name)
    run(part.parts())
    print(f"{name}: {len(failed) - before} failures")
print(f"{len(failed)} failures" if failed else "passed")
sys.exit(1 if failed else 0)
