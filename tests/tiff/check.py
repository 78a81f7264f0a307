"""Reads the TIFF files of a folder with tifffile and compares them with the items beside them. Any warning is a failure."""

import logging
import sys
import warnings
from pathlib import Path

import numpy as np
import tifffile

wrong = []
try:
    import ome_types
    from lxml import etree

    SCHEMA = etree.XMLSchema(etree.parse(str(next(Path(ome_types.__file__).parent.glob("ome-*.xsd")))))
except (ImportError, StopIteration):
    SCHEMA = None


class Complaints(logging.Handler):
    def emit(self, record):
        wrong.append(f"{current}: {record.getMessage()}")


logging.getLogger("tifffile").addHandler(Complaints())
warnings.simplefilter("error")
for path in sorted(Path(sys.argv[1]).glob("*.tif")):
    current = path.name
    dtype, shape = Path(f"{path}.shape").read_text().split()
    wanted = np.fromfile(f"{path}.items", dtype).reshape([int(n) for n in shape.split(",")])
    try:
        with tifffile.TiffFile(path) as tif:
            found = tif.series[0].asarray()
            if current.endswith(".ome.tif"):
                assert tif.is_ome and tif.series[0].kind == "ome"
                if SCHEMA is None:
                    print("SKIPPED: ome-types and lxml are not installed, so OME-XML was not held against its schema", file=sys.stderr)
                elif not SCHEMA.validate(etree.fromstring(tif.ome_metadata.encode())):
                    wrong.append(f"{current}: {SCHEMA.error_log.last_error}")
            if "hyper" in current:
                assert tif.is_imagej and tif.series[0].kind == "imagej"
    except Exception as error:
        wrong.append(f"{current}: {error!r}")
        continue
    if found.dtype != wanted.dtype or found.shape != wanted.shape or not np.array_equal(found, wanted):
        wrong.append(f"{current}: {found.dtype} {found.shape} instead of {wanted.dtype} {wanted.shape}, or other values")
print("\n".join(wrong))
sys.exit(bool(wrong))
