//! The planes of samples: as they are, in PackBits, or deflated.

use super::super::bits::{Bytes, Run, Unroll, be16, be32};
use super::header::Header;
use crate::error::{Error, Result};
use crate::plugin::Call;
use std::borrow::Cow;

/// A part of the canvas, which may reach over its edges.
#[derive(Clone, Copy)]
pub struct Area {
    /// The row of the canvas where it begins.
    pub top: i64,
    /// The pixel of a row where it begins.
    pub left: i64,
    /// Its rows.
    pub height: usize,
    /// Its pixels of a row.
    pub width: usize,
}

impl Area {
    /// Which of its rows lies at `y` of the canvas.
    pub fn row(&self, y: usize) -> Option<usize> {
        let k = usize::try_from(i64::try_from(y).ok()? - self.top).ok()?;
        (k < self.height).then_some(k)
    }

    /// Where on the canvas its rows begin.
    pub fn from(&self) -> usize {
        usize::try_from(self.left).unwrap_or(0)
    }

    /// How many pixels of its rows are left of the canvas.
    pub fn skipped(&self) -> usize {
        usize::try_from(-self.left).unwrap_or(0)
    }
}

/// Where the planes of an image are.
pub enum Planes {
    /// One after another, compressed alike: where, how many are wanted, and how many there are.
    Together { at: u64, wanted: usize, count: usize },
    /// Each by itself: where and how long.
    Apart(Vec<(u64, u64)>),
}

impl Planes {
    /// Those of the merged image.
    pub fn together(at: u64, wanted: usize, count: usize) -> Planes {
        Planes::Together { at, wanted, count }
    }

    /// Those of a layer.
    pub fn apart(planes: Vec<(u64, u64)>) -> Planes {
        Planes::Apart(planes)
    }

    /// The planes, and how many rows of an area all of them have.
    pub fn decode<'a>(
        &self,
        all: &'a [u8],
        header: &Header,
        area: Area,
        call: &Call,
    ) -> Result<(Vec<Cow<'a, [u8]>>, usize)> {
        let from = |at: u64| usize::try_from(at).ok().and_then(|at| all.get(at..)).unwrap_or_default();
        let mut planes = Vec::new();
        let mut whole = area.height;
        let stride = header.stride_of(area.width);
        let size = stride.checked_mul(area.height).ok_or_else(|| Error::limit("a plane too large to address"))?;
        match self {
            Planes::Together { at, wanted, count } => {
                let mut data = from(*at);
                let kind = be16(data, 0);
                data = data.get(2..).unwrap_or_default();
                let one = Plane { kind, stride, height: area.height, header, call };
                match kind {
                    1 => {
                        let counts = one.counts(*count);
                        let (counts, mut data) = data.split_at_checked(counts).unwrap_or((data, &[]));
                        for i in 0..*wanted {
                            let counts = counts.get(one.counts(i)..).unwrap_or_default();
                            let (plane, rows, used) = one.unpack(counts, data)?;
                            data = data.get(used..).unwrap_or_default();
                            whole = whole.min(rows);
                            planes.push(Cow::Owned(plane));
                        }
                    }
                    2 | 3 => {
                        let total = size.checked_mul(*wanted).ok_or_else(|| Error::limit("planes too large"))?;
                        let all = one.inflate(data, total)?;
                        for plane in all.0.chunks_exact(size.max(1)).take(*wanted) {
                            planes.push(Cow::Owned(plane.to_vec()));
                        }
                        whole = whole.min((all.1.saturating_sub(size * (*wanted - 1))) / stride.max(1));
                    }
                    _ => {
                        for i in 0..*wanted {
                            let plane = data.get(i * size..).unwrap_or_default();
                            planes.push(Cow::Borrowed(&plane[..plane.len().min(size)]));
                            whole = whole.min(plane.len() / stride.max(1));
                        }
                        check_kind(kind)?;
                    }
                }
            }
            Planes::Apart(list) => {
                for &(at, len) in list {
                    let data = from(at);
                    let data = &data[..data.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
                    let kind = be16(data, 0);
                    let data = data.get(2..).unwrap_or_default();
                    // An empty layer has no planes worth the name.
                    if size == 0 {
                        planes.push(Cow::Borrowed(&[][..]));
                        continue;
                    }
                    let one = Plane { kind, stride, height: area.height, header, call };
                    let (plane, rows) = match kind {
                        1 => {
                            let (counts, data) = data.split_at_checked(one.counts(1)).unwrap_or((data, &[]));
                            let (plane, rows, _) = one.unpack(counts, data)?;
                            (Cow::Owned(plane), rows)
                        }
                        2 | 3 => {
                            let (plane, filled) = one.inflate(data, size)?;
                            (Cow::Owned(plane), filled / stride.max(1))
                        }
                        _ => {
                            check_kind(kind)?;
                            (Cow::Borrowed(&data[..data.len().min(size)]), data.len() / stride.max(1))
                        }
                    };
                    whole = whole.min(rows);
                    planes.push(plane);
                }
            }
        }
        Ok((planes, whole))
    }
}

fn check_kind(kind: u16) -> Result<()> {
    if kind == 0 { Ok(()) } else { Err(Error::unsupported(format!("planes compressed in the way {kind}"))) }
}

/// How a plane is stored.
struct Plane<'a> {
    kind: u16,
    /// Bytes of a row.
    stride: usize,
    height: usize,
    header: &'a Header,
    call: &'a Call,
}

impl Plane<'_> {
    /// Bytes of the list of row lengths of so many planes.
    fn counts(&self, planes: usize) -> usize {
        planes.saturating_mul(self.height).saturating_mul(if self.header.large { 4 } else { 2 })
    }

    /// Undoes PackBits, row by row: the plane, the rows that there are, and the bytes they took.
    fn unpack(&self, counts: &[u8], data: &[u8]) -> Result<(Vec<u8>, usize, usize)> {
        // No run is longer than 128 bytes: what the data cannot fill need not be asked for.
        let most = data.len().saturating_mul(128);
        if self.stride.saturating_mul(self.height) > most.saturating_add(self.stride) && data.is_empty() {
            return Ok((Vec::new(), 0, 0));
        }
        let mut plane = self.call.limits().allocate(self.stride.saturating_mul(self.height))?;
        let mut used = 0usize;
        for (k, row) in plane.chunks_exact_mut(self.stride.max(1)).enumerate() {
            self.call.tick(k as u64, self.height as u64)?;
            let size = if self.header.large { 4 } else { 2 };
            let Some(count) = counts.get(k * size..(k + 1) * size) else { return Ok((plane, k, used)) };
            let count = if self.header.large { be32(count, 0) as usize } else { be16(count, 0).into() };
            let stored = used.checked_add(count).and_then(|end| data.get(used..end));
            let Some(stored) = stored else { return Ok((plane, k, used)) };
            let mut stored = Bytes(stored);
            let full = Unroll::default().fill(row, || {
                loop {
                    match stored.byte()? {
                        128 => {}
                        n if n > 128 => return Some(Run::Same(257 - usize::from(n), stored.byte()?)),
                        n => return stored.take(usize::from(n) + 1).map(Run::Copy),
                    }
                }
            });
            if !full {
                return Ok((plane, k, used));
            }
            used += count;
        }
        Ok((plane, self.height, used))
    }

    /// Inflates so many bytes, and undoes the prediction of each row; and how many there were.
    fn inflate(&self, data: &[u8], size: usize) -> Result<(Vec<u8>, usize)> {
        self.call.limits().check_bytes(size)?;
        let inflated = match miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(data, size) {
            Ok(bytes) => bytes,
            Err(e) => e.output,
        };
        let filled = inflated.len().min(size);
        let mut plane = inflated;
        plane.resize(size, 0);
        if self.kind == 3 {
            for row in plane.chunks_exact_mut(self.stride.max(1)) {
                self.sum(row);
            }
        }
        Ok((plane, filled))
    }

    /// Each sample was told as its difference to the one before; of floats the bytes lie in planes.
    fn sum(&self, row: &mut [u8]) {
        match self.header.depth {
            16 => {
                let mut last = 0u16;
                for n in row.as_chunks_mut::<2>().0 {
                    last = last.wrapping_add(u16::from_be_bytes(*n));
                    *n = last.to_be_bytes();
                }
            }
            depth => {
                let mut last = 0u8;
                for n in row.iter_mut() {
                    last = last.wrapping_add(*n);
                    *n = last;
                }
                if depth == 32 {
                    let planar = row.to_vec();
                    let width = row.len() / 4;
                    for (x, n) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                        *n = [0, 1, 2, 3].map(|k| planar.get(k * width + x).copied().unwrap_or(0));
                    }
                }
            }
        }
    }
}
