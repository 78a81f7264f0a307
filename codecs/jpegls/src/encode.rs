//! Encoding.

use crate::bits::Writer;
use crate::header::Interleave;
use crate::model::{Around, Model, Parameters, RUNS};
use crate::{Error, Result};

/// What is to be encoded, and how.
#[derive(Clone, Copy, Debug)]
pub struct Encode {
    /// Samples of a row, 1 to 65535.
    pub width: usize,
    /// Rows, 1 to 65535.
    pub height: usize,
    /// Components of a pixel, 1 to 255.
    pub components: usize,
    /// Bits of a sample, 2 to 16.
    pub bits: u32,
    /// By how much a sample may change, 0 to 255 and to less than half of the largest.
    pub near: i32,
    /// How components are interleaved.
    pub interleave: Interleave,
}

/// Encodes rows of pixels, of a byte a sample up to 8 bits, two in native order above. `tick` is told after each row of
/// a scan, and may stop with `Err`.
pub fn encode<E: From<Error>>(
    options: &Encode,
    pixels: &[u8],
    mut tick: impl FnMut(usize) -> std::result::Result<(), E>,
) -> std::result::Result<Vec<u8>, E> {
    options.check(pixels)?;
    let Encode { width, height, components, bits, near, interleave } = *options;
    let mut out = vec![0xff, 0xd8, 0xff, 0xf7];
    out.extend((8 + 3 * components as u16).to_be_bytes());
    out.push(bits as u8);
    out.extend((height as u16).to_be_bytes());
    out.extend((width as u16).to_be_bytes());
    out.push(components as u8);
    for id in 1..=components {
        out.extend([id as u8, 0x11, 0]);
    }
    let one = components == 1;
    let scans: Vec<Vec<usize>> = match interleave {
        Interleave::None => (0..components).map(|c| vec![c]).collect(),
        _ => vec![(0..components).collect()],
    };
    for scan in scans {
        out.extend([0xff, 0xda]);
        out.extend((6 + 2 * scan.len() as u16).to_be_bytes());
        out.push(scan.len() as u8);
        for &c in &scan {
            out.extend([c as u8 + 1, 0]);
        }
        let code = match interleave {
            _ if one => 0,
            Interleave::None => 0,
            Interleave::Line => 1,
            Interleave::Sample => 2,
        };
        out.extend([near as u8, code, 0]);
        let mut encoder =
            Encoder { model: Model::new(Parameters::of((1 << bits) - 1, near)), bits: Writer::new(out), width };
        encoder.scan(options, &scan, pixels, &mut tick)?;
        encoder.bits.end();
        out = encoder.bits.bytes;
    }
    out.extend([0xff, 0xd9]);
    Ok(out)
}

impl Encode {
    fn check(&self, pixels: &[u8]) -> Result<()> {
        let side = 1..=65535;
        if !side.contains(&self.width) || !side.contains(&self.height) || !(1..=255).contains(&self.components) {
            return Err(Error::Argument("sides of 1 to 65535 and 1 to 255 components"));
        }
        if !(2..=16).contains(&self.bits) {
            return Err(Error::Argument("samples have 2 to 16 bits"));
        }
        if !(0..=255.min(((1 << self.bits) - 1) / 2)).contains(&self.near) {
            return Err(Error::Argument("near is from 0 to 255 and less than half of the largest sample"));
        }
        let size = if self.bits > 8 { 2 } else { 1 };
        if pixels.len() != self.width * self.height * self.components * size {
            return Err(Error::Argument("the memory is not of the image's size"));
        }
        Ok(())
    }
}

struct Encoder {
    model: Model,
    bits: Writer,
    width: usize,
}

/// A line with a sample more at either end.
type Line = Vec<u16>;

impl Encoder {
    fn scan<E: From<Error>>(
        &mut self,
        options: &Encode,
        components: &[usize],
        pixels: &[u8],
        tick: &mut impl FnMut(usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let size = if options.bits > 8 { 2 } else { 1 };
        let most = self.model.p.most as u16;
        let mut before: Vec<Line> = vec![vec![0; self.width + 2]; components.len()];
        let mut now = before.clone();
        let mut runs = vec![0; components.len()];
        for (y, row) in pixels.chunks_exact(options.width * options.components * size).enumerate() {
            std::mem::swap(&mut before, &mut now);
            for ((before, now), &component) in before.iter_mut().zip(&mut now).zip(components) {
                before[self.width + 1] = before[self.width];
                let samples = row.chunks_exact(size).skip(component).step_by(options.components);
                for (to, sample) in now.iter_mut().skip(1).zip(samples) {
                    let sample = match *sample {
                        [a, b] => u16::from_ne_bytes([a, b]),
                        [a] => a.into(),
                        _ => 0,
                    };
                    if sample > most {
                        return Err(Error::Argument("a sample of more bits than the image has").into());
                    }
                    *to = sample;
                }
                now[0] = before[1];
            }
            if options.interleave == Interleave::Sample && components.len() > 1 {
                self.pixels(&before, &mut now, &mut runs[0]);
            } else {
                for ((before, now), run) in before.iter().zip(&mut now).zip(&mut runs) {
                    self.samples(before, now, run);
                }
            }
            tick(y)?;
        }
        Ok(())
    }

    fn samples(&mut self, before: &[u16], now: &mut [u16], index: &mut usize) {
        let mut x = 1;
        while x <= self.width {
            let around = around(before, now, x);
            let context = self.model.context(around);
            if context != 0 {
                now[x] = self.plain(context, around, now[x].into()) as u16;
                x += 1;
                continue;
            }
            let start = x;
            while x <= self.width && self.model.is_near(now[x].into(), around.left) {
                now[x] = around.left as u16;
                x += 1;
            }
            let is_broken = x <= self.width;
            self.run(x - start, is_broken, index);
            if is_broken {
                now[x] = self.behind_run(around.left, before[x].into(), *index, now[x].into(), false) as u16;
                *index = index.saturating_sub(1);
                x += 1;
            }
        }
    }

    fn pixels(&mut self, before: &[Line], now: &mut [Line], index: &mut usize) {
        let mut x = 1;
        while x <= self.width {
            let all: Vec<_> = before.iter().zip(now.iter()).map(|(before, now)| around(before, now, x)).collect();
            let contexts: Vec<i32> = all.iter().map(|&around| self.model.context(around)).collect();
            if contexts.iter().any(|&context| context != 0) {
                for ((&context, &around), now) in contexts.iter().zip(&all).zip(now.iter_mut()) {
                    now[x] = self.plain(context, around, now[x].into()) as u16;
                }
                x += 1;
                continue;
            }
            let start = x;
            let near = |now: &[Line], x: usize| {
                now.iter().zip(&all).all(|(now, around)| self.model.is_near(now[x].into(), around.left))
            };
            while x <= self.width && near(now, x) {
                now.iter_mut().zip(&all).for_each(|(now, around)| now[x] = around.left as u16);
                x += 1;
            }
            let is_broken = x <= self.width;
            self.run(x - start, is_broken, index);
            if is_broken {
                for ((&around, now), before) in all.iter().zip(now.iter_mut()).zip(before) {
                    now[x] = self.behind_run(around.left, before[x].into(), *index, now[x].into(), true) as u16;
                }
                *index = index.saturating_sub(1);
                x += 1;
            }
        }
    }

    fn plain(&mut self, number: i32, around: Around, sample: i32) -> i32 {
        let is_negative = number < 0;
        let context = self.model.contexts[number.unsigned_abs() as usize];
        let correction = if is_negative { -context.c } else { context.c };
        let expected = (around.predict() + correction).clamp(0, self.model.p.most);
        let difference = if is_negative { expected - sample } else { sample - expected };
        let error = self.model.error(difference);
        let k = context.golomb();
        let mapped = if context.is_turned(k, self.model.p.near) { !error } else { error };
        let code = if mapped >= 0 { 2 * mapped } else { -2 * mapped - 1 };
        self.code(code, k, self.model.limit);
        let (step, reset) = (self.model.step, self.model.p.reset);
        self.model.contexts[number.unsigned_abs() as usize].learn(error, step, reset);
        let error = if is_negative { -error } else { error };
        self.model.wrap(expected + error * step)
    }

    fn run(&mut self, mut length: usize, is_broken: bool, index: &mut usize) {
        while length >= 1 << RUNS[*index] {
            self.bits.put(1, 1);
            length -= 1 << RUNS[*index];
            *index = (*index + 1).min(31);
        }
        if is_broken {
            self.bits.put(0, 1);
            self.bits.put(length as u32, RUNS[*index]);
        } else if length > 0 {
            self.bits.put(1, 1);
        }
    }

    fn behind_run(&mut self, left: i32, above: i32, index: usize, sample: i32, is_pixel: bool) -> i32 {
        let is_flat = !is_pixel && self.model.is_near(left, above);
        let turned = !is_flat && left > above;
        let expected = if is_flat { left } else { above };
        let error = self.model.error(if turned { expected - sample } else { sample - expected });
        let context = self.model.runs[usize::from(is_flat)];
        let k = context.golomb();
        let code = context.code(error, k);
        self.code(code, k, self.model.limit - RUNS[index] - 1);
        let (step, reset) = (self.model.step, self.model.p.reset);
        self.model.runs[usize::from(is_flat)].learn(error, code, reset);
        self.model.wrap(expected + if turned { -error } else { error } * step)
    }

    fn code(&mut self, code: i32, k: u32, limit: u32) {
        let most = limit - self.model.error_bits - 1;
        let high = code.cast_unsigned() >> k;
        // Up to 47 zeros, then the one.
        let zeros = high.min(most);
        self.bits.put(0, zeros.min(32));
        self.bits.put(0, zeros.saturating_sub(32));
        self.bits.put(1, 1);
        if high < most {
            self.bits.put(code.cast_unsigned() & ((1 << k) - 1), k);
        } else {
            self.bits.put(code.cast_unsigned() - 1, self.model.error_bits);
        }
    }
}

fn around(before: &[u16], now: &[u16], x: usize) -> Around {
    Around {
        left: now[x - 1].into(),
        above: before[x].into(),
        above_left: before[x - 1].into(),
        above_right: before[x + 1].into(),
    }
}
