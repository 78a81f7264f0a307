//! Decoding.

use crate::bits::Reader;
use crate::header::{Header, Interleave};
use crate::model::{Around, Model, RUNS};
use crate::{Error, Result};

const SHORT: Error = Error::Corrupt("the data end too early");

/// Decodes the stream that `header` was read of into rows of pixels of a byte a sample up to 8 bits, two in native order
/// above. `tick` is told after each row of a scan, and may stop with `Err`.
///
/// Also after a failure the rows that came first are whole: that many are returned.
pub fn decode_into<E: From<Error>>(
    all: &[u8],
    header: &Header,
    out: &mut [u8],
    mut tick: impl FnMut(usize) -> std::result::Result<(), E>,
) -> (usize, std::result::Result<(), E>) {
    let wide = header.bits > 8;
    let pitch = header.width * header.components * if wide { 2 } else { 1 };
    if out.len() != pitch * header.height {
        return (0, Err(Error::Argument("the memory is not of the image's size").into()));
    }
    let mut seen = vec![false; header.components];
    let mut at = header.scans_at;
    while !seen.iter().all(|&seen| seen) {
        let scan = match header.scan(all, at) {
            Ok(scan) => scan,
            Err(e) => return (0, Err(e.into())),
        };
        for &component in &scan.components {
            match seen.get_mut(component) {
                Some(seen) if !*seen => *seen = true,
                _ => return (0, Err(Error::Corrupt("two scans of one component").into())),
            }
        }
        let is_last = seen.iter().all(|&seen| seen);
        let mut decoder = Decoder {
            model: Model::new(scan.parameters),
            bits: Reader::new(all.get(scan.at..).unwrap_or_default()),
            width: header.width,
        };
        let mut lines = Lines::new(&scan.components, header.width);
        for (y, row) in out.chunks_exact_mut(pitch).enumerate() {
            let rows = if is_last { y } else { 0 };
            if let Err(e) = decoder.line(&mut lines, scan.interleave) {
                return (rows, Err(e.into()));
            }
            lines.put(row, header.components, wide);
            if let Err(e) = tick(y) {
                return (rows, Err(e));
            }
        }
        // The last byte of a scan need not have been asked for.
        at = scan.at + decoder.bits.position();
        let rest = all.get(at..).unwrap_or_default();
        at += rest.windows(2).position(|pair| pair[0] == 0xff && pair[1] >= 0x80).unwrap_or(rest.len());
    }
    (header.height, Ok(()))
}

/// The lines of the components of a scan: this and the one before, each with a sample more at either end.
struct Lines {
    components: Vec<usize>,
    before: Vec<Vec<u16>>,
    now: Vec<Vec<u16>>,
    runs: Vec<usize>,
}

impl Lines {
    fn new(components: &[usize], width: usize) -> Lines {
        let line = vec![vec![0u16; width + 2]; components.len()];
        Lines { components: components.to_vec(), before: line.clone(), now: line, runs: vec![0; components.len()] }
    }

    fn begin(&mut self) {
        std::mem::swap(&mut self.before, &mut self.now);
        for (before, now) in self.before.iter_mut().zip(&mut self.now) {
            // Behind the end is what was above the last sample; before the start, what is above the first.
            let n = before.len();
            before[n - 1] = before[n - 2];
            now[0] = before[1];
        }
    }

    fn put(&self, row: &mut [u8], samples: usize, wide: bool) {
        for (line, &component) in self.now.iter().zip(&self.components) {
            let line = line.get(1..).unwrap_or_default();
            if wide {
                let places = row.as_chunks_mut::<2>().0.iter_mut().skip(component).step_by(samples);
                places.zip(line).for_each(|(to, n)| *to = n.to_ne_bytes());
            } else {
                let places = row.iter_mut().skip(component).step_by(samples);
                places.zip(line).for_each(|(to, &n)| *to = n as u8);
            }
        }
    }
}

struct Decoder<'a> {
    model: Model,
    bits: Reader<'a>,
    width: usize,
}

impl Decoder<'_> {
    /// A line of each component.
    fn line(&mut self, lines: &mut Lines, interleave: Interleave) -> Result<()> {
        lines.begin();
        if interleave == Interleave::Sample && lines.components.len() > 1 {
            self.pixels(lines)?;
        } else {
            for i in 0..lines.components.len() {
                let (Some(before), Some(now), Some(run)) =
                    (lines.before.get(i), lines.now.get_mut(i), lines.runs.get_mut(i))
                else {
                    continue;
                };
                self.samples(before, now, run)?;
            }
        }
        if self.bits.is_over() { Err(SHORT) } else { Ok(()) }
    }

    /// A line of one component.
    fn samples(&mut self, before: &[u16], now: &mut [u16], run: &mut usize) -> Result<()> {
        let before = &before[..self.width + 2];
        let now = &mut now[..self.width + 2];
        let mut x = 1;
        while x <= self.width {
            let around = Around {
                left: now[x - 1].into(),
                above: before[x].into(),
                above_left: before[x - 1].into(),
                above_right: before[x + 1].into(),
            };
            let context = self.model.context(around);
            if context != 0 {
                now[x] = self.plain(context, around) as u16;
                x += 1;
                continue;
            }
            let (length, is_broken) = self.run(self.width + 1 - x, run);
            now[x..x + length].fill(around.left as u16);
            x += length;
            if is_broken {
                let above = i32::from(before[x]);
                now[x] = self.behind_run(around.left, above, *run, false) as u16;
                *run = run.saturating_sub(1);
                x += 1;
            }
            if self.bits.is_over() {
                return Err(SHORT);
            }
        }
        Ok(())
    }

    /// A line of pixels, sample by sample.
    fn pixels(&mut self, lines: &mut Lines) -> Result<()> {
        let count = lines.components.len();
        let mut x = 1;
        let mut contexts = vec![(0, Around { left: 0, above: 0, above_left: 0, above_right: 0 }); count];
        while x <= self.width {
            for ((to, before), now) in contexts.iter_mut().zip(&lines.before).zip(&lines.now) {
                let around = Around {
                    left: now[x - 1].into(),
                    above: before[x].into(),
                    above_left: before[x - 1].into(),
                    above_right: before[x + 1].into(),
                };
                *to = (self.model.context(around), around);
            }
            if contexts.iter().any(|(context, _)| *context != 0) {
                for (&(context, around), now) in contexts.iter().zip(&mut lines.now) {
                    now[x] = self.plain(context, around) as u16;
                }
                x += 1;
                continue;
            }
            let mut run = lines.runs.first().copied().unwrap_or(0);
            let (length, is_broken) = self.run(self.width + 1 - x, &mut run);
            for (&(_, around), now) in contexts.iter().zip(&mut lines.now) {
                now[x..x + length].fill(around.left as u16);
            }
            x += length;
            if is_broken {
                for ((&(_, around), now), before) in contexts.iter().zip(&mut lines.now).zip(&lines.before) {
                    now[x] = self.behind_run(around.left, before[x].into(), run, true) as u16;
                }
                run = run.saturating_sub(1);
                x += 1;
            }
            if let Some(to) = lines.runs.first_mut() {
                *to = run;
            }
            if self.bits.is_over() {
                return Err(SHORT);
            }
        }
        Ok(())
    }

    /// A sample that is predicted.
    #[inline]
    fn plain(&mut self, number: i32, around: Around) -> i32 {
        let is_negative = number < 0;
        let (most, near, step, reset) = (self.model.p.most, self.model.p.near, self.model.step, self.model.p.reset);
        let (limit, error_bits, range) = (self.model.limit, self.model.error_bits, self.model.range);
        let Some(context) = self.model.contexts.get_mut(number.unsigned_abs() as usize) else { return 0 };
        let correction = if is_negative { -context.c } else { context.c };
        let expected = (around.predict() + correction).clamp(0, most);
        let k = context.golomb();
        let code = code(&mut self.bits, k, limit, error_bits);
        let mut error = if code & 1 == 0 { code >> 1 } else { -((code + 1) >> 1) };
        if context.is_turned(k, near) {
            error = !error;
        }
        // Only damaged data have larger ones.
        let error = error.clamp(-range, range);
        context.learn(error, step, reset);
        let error = if is_negative { -error } else { error };
        self.model.wrap(expected + error * step)
    }

    /// The length of a run, and whether another sample ends it before the line's end.
    fn run(&mut self, left: usize, index: &mut usize) -> (usize, bool) {
        let mut length = 0;
        while self.bits.take(1) == 1 {
            let step = 1usize << RUNS[*index];
            if step > left - length {
                return (left, false);
            }
            length += step;
            *index = (*index + 1).min(31);
            if length == left {
                return (left, false);
            }
        }
        length += self.bits.take(RUNS[*index]) as usize;
        // More than there is room for is damage, which shows later at the latest.
        if length < left { (length, true) } else { (left, false) }
    }

    /// The sample behind a run.
    fn behind_run(&mut self, left: i32, above: i32, index: usize, is_pixel: bool) -> i32 {
        let is_flat = !is_pixel && self.model.is_near(left, above);
        let (step, reset, range) = (self.model.step, self.model.p.reset, self.model.range);
        let (limit, error_bits) = (self.model.limit - RUNS[index] - 1, self.model.error_bits);
        let context = &mut self.model.runs[usize::from(is_flat)];
        let k = context.golomb();
        let code = code(&mut self.bits, k, limit, error_bits);
        let error = context.error(code, k).clamp(-range, range);
        context.learn(error, code, reset);
        let turned = !is_flat && left > above;
        let expected = if is_flat { left } else { above };
        self.model.wrap(expected + if turned { -error } else { error } * step)
    }
}

/// A Golomb code of limited length.
#[inline]
fn code(bits: &mut Reader, k: u32, limit: u32, error_bits: u32) -> i32 {
    let most = limit - error_bits - 1;
    let high = bits.zeros(most);
    if high < most {
        return ((high << k) | bits.take(k)) as i32;
    }
    // The one behind the zeros.
    bits.take(1);
    bits.take(error_bits) as i32 + 1
}
