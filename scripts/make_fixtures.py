#!/usr/bin/env python3
"""Writes tests/data: small images of every kind, and expected.txt, which says what a default read of each must give.

PNG, GIF, BMP, PNM, farbfeld and HDR files are put together here byte by byte, so that what they hold is known without
any decoder; Pillow writes the JPEG, WebP, TGA and QOI files. Where Pillow can read a file as we mean to, it is asked for a second opinion.

    python3 scripts/make_fixtures.py [FOLDER]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "fixtures"))

from base.bmp import bmps  # noqa: E402
from base.gif import gifs  # noqa: E402
from base.hdr import hdrs  # noqa: E402
from base.lossy import jpegs, webps  # noqa: E402
from base.netpbm import netpbms  # noqa: E402
from base.old import icons, pcxs, rasters, sgis  # noqa: E402
from base.png import pngs  # noqa: E402
from base.targa import qois, tgas  # noqa: E402
from base import family  # noqa: E402

README = """# Test images

Made from nothing by `scripts/make_fixtures.py`; no picture of anyone else's is among them. MIT OR Apache-2.0, as the
rest of the project. To make them again: `python3 scripts/make_fixtures.py` (needs numpy and Pillow).

A folder is a family of formats, with a script of its own, `scripts/fixtures/FAMILY.py`, and a list of its own.

`expected.txt` says what a default read of each file gives, one file a line:

    file  shape  dtype  images  default-index  is_batch  exact FNV-1a-64      of the C-contiguous native (little-endian) bytes
    file  shape  dtype  images  default-index  is_batch  mean TOLERANCE m…    of each channel, for lossy formats

`images` is how many images the file holds, with a `v` behind it if they differ in shape (and so cannot be one stack),
and a `b` if the file wants others beside it; `default-index` is `0` or `all`.
"""


for make in (pngs, gifs, bmps, jpegs, webps, icons, sgis, pcxs, rasters, netpbms, tgas, qois, hdrs):
    make()
family.finish()
(family.folder / "README.md").write_text(README)
