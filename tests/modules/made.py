"""Films that ffmpeg's tool does not make: H.264 of fields, and of pictures whose order is told nowhere but in their numbers;
MP4 with other boxes."""
import random
import re
import struct


class Bits:
    def __init__(self):
        self.all = []

    def u(self, count, value):
        self.all += [value >> i & 1 for i in range(count - 1, -1, -1)]

    def ue(self, value):
        size = (value + 1).bit_length()
        self.u(size - 1, 0)
        self.u(size, value + 1)

    def align(self):
        self.all += [0] * (-len(self.all) % 8)

    def nal(self, reference, kind):
        self.u(1, 1)
        self.align()
        raw = bytes(int("".join(map(str, self.all[i:i + 8])), 2) for i in range(0, len(self.all), 8))
        out, zeros = bytearray(), 0
        for byte in raw:
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\0\0\0\1" + bytes([reference << 5 | kind]) + bytes(out)


WIDE = 3  # macroblocks


def head(high, progressive):
    """The parameter sets; nothing in them tells how far pictures are moved."""
    s = Bits()
    for byte in (77, 0, 30):
        s.u(8, byte)
    for value in (0, 4, 0, 4, 4):
        s.ue(value)
    s.u(1, 0)
    s.ue(WIDE - 1)
    s.ue((high if progressive else high // 2) - 1)
    s.u(1, progressive)
    if not progressive:
        s.u(1, 0)
    s.u(3, 0b100)
    p = Bits()
    p.ue(0), p.ue(0), p.u(2, 0), p.ue(0), p.ue(0), p.ue(0), p.u(3, 0), p.ue(0), p.ue(0), p.ue(0), p.u(3, 0b100)
    return s.nal(3, 7) + p.nal(3, 8)


def part(macroblocks, predicted, number, order, seed, fresh=None, field=None, progressive=False):
    """A slice of samples as they are; of a predicted one only the first macroblock is new. `fresh`: the number of a refresh."""
    s, rng = Bits(), random.Random(seed)
    s.ue(0), s.ue(5 if predicted else 7), s.ue(0), s.u(8, number)
    if not progressive:
        s.u(1, field is not None)
        if field is not None:
            s.u(1, field)
    if fresh is not None:
        s.ue(fresh)
    s.u(8, order % 256)
    if predicted:
        s.u(2, 0)
    s.u(2 if fresh is not None else 1, 0)
    s.ue(0), s.ue(1)
    for i in range(1 if predicted else macroblocks):
        if predicted:
            s.ue(0)
        s.ue(30 if predicted else 25), s.align()
        shade = rng.randrange(30, 220)
        for k in range(384):
            s.u(8, shade + k % 7 if k < 256 else 128)
    if predicted:
        s.ue(macroblocks - 1)
    return s.nal(1, 1 if fresh is None else 5)


def fields(mixed, count=24, high=4, group=8):
    """Pictures of two fields each, a slice and an access unit a field; if mixed, every third is a whole frame."""
    out, half = bytearray(), WIDE * high // 2
    for i in range(count):
        number, mark = i % group, b"\0\0\0\1\x09\x10"
        fresh = i // group % 2 if number == 0 else None
        out += mark + (head(high, 0) if number == 0 else b"")
        predicted = i % 2 == 1
        if mixed and i % 3 == 1:
            out += part(2 * half, predicted, number, 2 * number, 2 * i, fresh)
        else:
            out += part(half, predicted, number, 2 * number, 2 * i, fresh, 0) + mark
            out += part(half, True, number, 2 * number + 1, 2 * i + 1, None, 1)
    return bytes(out)


def moved(count=36, group=12, order=(0, 3, 1, 2), high=3):
    """Pictures that are shown in another order than they come in."""
    out = bytearray()
    for i in range(count):
        k = i % group
        place = 0 if k == 0 else 1 + (k - 1) // len(order) * len(order) + order[(k - 1) % len(order)]
        out += head(high, 1) if k == 0 else b""
        out += part(WIDE * high, False, k, 2 * place, i, i // group % 2 if k == 0 else None, None, True)
    return bytes(out)


def layered(data):
    """HEVC of groups I P B b b P B b b …: b moved to a layer of their own, which leaves no picture of the lower one made from B."""
    out = bytearray(data)
    slices = [m.end() for m in re.finditer(b"\0\0\1", data) if data[m.end()] >> 1 & 63 < 32]
    kinds = [data[at] >> 1 & 63 for at in slices]
    for i, at in enumerate(slices):
        if kinds[i] == 0:
            out[at + 1] = data[at + 1] & 0xf8 | 2
        elif kinds[i] == 1 and kinds[i + 1:i + 2] == [0]:
            out[at] = data[at] & 0x81
    return bytes(out)


def units(data):
    """The units of H.264 or HEVC between start codes."""
    parts = data.split(b"\0\0\1")[1:]
    return [part.rstrip(b"\0") if i + 1 < len(parts) else part for i, part in enumerate(parts)]


def stream(units):
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def cuts(data):
    """A film of HEVC in open groups, cut at its second key frame, alone and in other surroundings, by name."""
    kind = lambda unit: unit[0] >> 1 & 63
    every = units(data)
    sets, slices = [unit for unit in every if 32 <= kind(unit) <= 34][:3], [unit for unit in every if kind(unit) < 32]
    keys = [i for i, unit in enumerate(slices) if kind(unit) == 21]
    behind = next(i for i in keys if kind(slices[i + 1]) in (8, 9))
    cut, before, end = sets + slices[behind:], sets + slices[:behind], bytes([36 << 1, 1])
    broken = [bytes([16 << 1 | unit[0] & 1]) + unit[1:] if kind(unit) == 21 else unit for unit in slices]
    return {"cut": cut, "ended": before + [end] + cut, "broken": sets + broken, "twice": cut + [end] + cut, "inside": sets + slices[3:]}


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def boxes(data):
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + size]
        at += size


def changed_boxes(data, change):
    """An MP4 whose boxes `change(kind, body)` gives anew; None leaves one out. Its pictures have to come before its tables."""
    out = b""
    for kind, body in boxes(data):
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            body = changed_boxes(body, change)
        body = change(kind, body)
        out += b"" if body is None else box(kind, body)
    return out


def with_edits(data, edits):
    """Edits are (duration of the film's unit, time of the track's or -1, rate)."""
    table = struct.pack(">II", 0, len(edits))
    table += b"".join(struct.pack(">Iii", duration, time, int(rate * 65536)) for duration, time, rate in edits)

    def change(kind, body):
        if kind == b"edts":
            return None
        if kind == b"trak":
            own = box(b"edts", box(b"elst", table))
            return b"".join((own if inner == b"mdia" else b"") + box(inner, part) for inner, part in boxes(body))
        return body

    return changed_boxes(data, change)
