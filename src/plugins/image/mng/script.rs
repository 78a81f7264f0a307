//! What the chunks between the images say: which images are shown where, in which frames, and for how long.

use super::super::bits::{be16, be32};
use crate::error::{Error, Result};
use crate::plugin::Call;
use crate::resource::Source;
use std::collections::HashMap;

/// The most chunks of a file, the most images shown, and the most that loops within loops may be.
const MOST_CHUNKS: usize = 1 << 20;
const MOST_LAYERS: usize = 1 << 16;
const MOST_LOOPS: usize = 16;
/// The longest chunk that says something here.
const LONGEST: u64 = 1 << 12;

/// A part of the canvas, from its left and upper edge to before its right and lower one.
#[derive(Clone, Copy)]
pub struct Clip {
    /// Left, right, top, bottom.
    pub sides: [i64; 4],
}

/// An image in the file: from its header to its end.
#[derive(Clone, Copy)]
pub struct Object {
    /// Where its chunks begin.
    pub at: u64,
    /// Bytes of them.
    pub len: u64,
    /// Whether it is a JNG.
    pub is_jng: bool,
}

/// An image on the canvas.
#[derive(Clone)]
pub struct Layer {
    /// What is laid.
    pub object: Object,
    /// Where its upper left pixel comes.
    pub at: [i64; 2],
    /// Outside of which nothing changes.
    pub clip: Option<Clip>,
    /// Whether the canvas is cleared before.
    pub on_background: bool,
}

/// What is shown at once.
pub struct Frame {
    /// The images that are laid, in their order.
    pub layers: Vec<Layer>,
    /// When it begins, and how long it stays, in ticks.
    pub begins: u64,
    /// How long it stays.
    pub delay: u64,
}

/// A file.
pub struct Script {
    /// Pixels of a row of the canvas.
    pub width: usize,
    /// Its rows.
    pub height: usize,
    /// Ticks of a second; 0: there is no time.
    pub ticks: u32,
    /// How often it is played; 0: without end.
    pub repeats: Option<i64>,
    /// The colour of the canvas, if it must have one.
    pub background: Option<[u8; 3]>,
    /// The palette, and its alphas, of images without one.
    pub palette: Option<(u64, u64)>,
    /// The alphas of that.
    pub alphas: Option<(u64, u64)>,
    /// The frames.
    pub frames: Vec<Frame>,
}

#[derive(Clone, Copy)]
struct Chunk {
    kind: [u8; 4],
    at: u64,
    len: u64,
}

/// The chunks of a file. One that is cut ends with what is whole.
fn chunks(source: &Source, call: &Call) -> Result<Vec<Chunk>> {
    let mut chunks = Vec::new();
    let mut at = super::SIGNATURE.len() as u64;
    loop {
        let mut head = [0; 8];
        source.read_exact_at(&mut head, at).map_err(|e| e.context("the end of the file is missing"))?;
        let [a, b, c, d, kind @ ..] = head;
        let len = u64::from(u32::from_be_bytes([a, b, c, d]));
        chunks.push(Chunk { kind, at: at + 8, len });
        at += len + 12;
        if source.len().is_some_and(|all| at > all) {
            return Err(Error::corrupt("the data end within a chunk").at(at - len - 12));
        }
        match &kind {
            b"MEND" => return Ok(chunks),
            _ if chunks.len() >= MOST_CHUNKS => return Err(Error::limit("more chunks than a film has")),
            _ => call.tick(chunks.len() as u64, 0)?,
        }
    }
}

/// An object of the film and what is known of it.
#[derive(Clone, Default)]
struct Known {
    image: Option<Object>,
    hidden: bool,
    at: [i64; 2],
    clip: Option<Clip>,
}

/// Where reading the chunks stands.
struct Reading {
    script: Script,
    objects: HashMap<u16, Known>,
    /// The object that the next image becomes.
    object: u16,
    /// How images make frames: 1 and 3 each one, 2 and 4 all up to the next FRAM; 3 and 4 on the background.
    mode: u8,
    delay: u64,
    /// The delay that comes back with the next subframe.
    usual_delay: u64,
    clip: Option<Clip>,
    usual_clip: Option<Clip>,
    layers: Vec<Layer>,
    /// How many images were shown.
    shown: usize,
    /// Whether the next image of a subframe is its first.
    first: bool,
    time: u64,
}

impl Script {
    /// Reads all that is not an image.
    pub fn read(source: &Source, call: &Call) -> Result<Script> {
        let chunks = chunks(source, call)?;
        let head = chunks.first().filter(|c| &c.kind == b"MHDR" && c.len >= 28);
        let head = body(source, *head.ok_or_else(|| Error::corrupt("the file does not begin with its header"))?)?;
        let script = Script {
            width: be32(&head, 0) as usize,
            height: be32(&head, 4) as usize,
            ticks: be32(&head, 8),
            repeats: None,
            background: None,
            palette: None,
            alphas: None,
            frames: Vec::new(),
        };
        if script.width == 0 || script.height == 0 {
            return Err(Error::corrupt(format!("a film of {} x {} pixels", script.width, script.height)));
        }
        let mut reading = Reading {
            script,
            objects: HashMap::new(),
            object: 0,
            mode: 1,
            delay: 1,
            usual_delay: 1,
            clip: None,
            usual_clip: None,
            layers: Vec::new(),
            shown: 0,
            first: true,
            time: 0,
        };
        reading.all(source, &chunks)?;
        reading.end_frame(true);
        if reading.script.frames.is_empty() {
            return Err(Error::corrupt("the file shows no image"));
        }
        Ok(reading.script)
    }
}

/// The bytes of a chunk that is not an image's.
fn body(source: &Source, chunk: Chunk) -> Result<Vec<u8>> {
    let mut body = vec![0; chunk.len.min(LONGEST) as usize];
    source.read_exact_at(&mut body, chunk.at)?;
    Ok(body)
}

fn signed(bytes: &[u8], at: usize) -> i64 {
    i64::from(be32(bytes, at) as i32)
}

impl Reading {
    fn all(&mut self, source: &Source, chunks: &[Chunk]) -> Result<()> {
        // Where the loops at hand begin, and how often they still come.
        let mut loops: Vec<(usize, u32)> = Vec::new();
        let (mut i, mut steps) = (1, 0usize);
        while let Some(&chunk) = chunks.get(i) {
            i += 1;
            steps += 1;
            if steps > MOST_CHUNKS {
                return Err(Error::limit("a film that repeats its parts too often"));
            }
            match &chunk.kind {
                b"IHDR" | b"JHDR" => {
                    let end = chunks.get(i..).and_then(|rest| rest.iter().position(|c| &c.kind == b"IEND"));
                    let end = i + end.ok_or_else(|| Error::corrupt("an image has no end").at(chunk.at))?;
                    let at = chunk.at - 8;
                    let len = chunks.get(end).map_or(0, |c| c.at + c.len + 4).saturating_sub(at);
                    i = end + 1;
                    self.image(Object { at, len, is_jng: &chunk.kind == b"JHDR" })?;
                }
                b"LOOP" => {
                    if loops.len() >= MOST_LOOPS {
                        return Err(Error::limit("too many loops within loops"));
                    }
                    let times = be32(&body(source, chunk)?, 1);
                    // Without end is once.
                    loops.push((i, if times >= 0x7fff_ffff { 1 } else { times }));
                }
                b"ENDL" => match loops.pop() {
                    Some((from, times)) if times > 1 => {
                        loops.push((from, times - 1));
                        i = from;
                    }
                    _ => {}
                },
                b"MEND" => break,
                _ => self.chunk(chunk, source)?,
            }
        }
        Ok(())
    }

    /// What one chunk says that is no image.
    fn chunk(&mut self, chunk: Chunk, source: &Source) -> Result<()> {
        match &chunk.kind {
            b"BACK" => {
                let b = body(source, chunk)?;
                // One that is only advised is the viewer's to take.
                if b.get(6).is_some_and(|&n| n & 1 != 0) && self.script.background.is_none() {
                    self.script.background = Some([b[0], b[2], b[4]]);
                }
            }
            b"TERM" => {
                let b = body(source, chunk)?;
                let times = be32(&b, 6);
                let endless = times >= 0x7fff_ffff;
                self.script.repeats = (b.first() == Some(&3)).then_some(if endless { 0 } else { times.into() });
            }
            b"PLTE" => self.script.palette = Some((chunk.at, chunk.len)).filter(|p| p.1 > 0),
            b"tRNS" => self.script.alphas = Some((chunk.at, chunk.len)).filter(|p| p.1 > 0),
            b"DEFI" => self.define(&body(source, chunk)?),
            b"MOVE" | b"CLIP" => self.place(&body(source, chunk)?, &chunk.kind == b"MOVE"),
            b"FRAM" => self.frame(&body(source, chunk)?),
            b"SHOW" => self.show(&body(source, chunk)?)?,
            b"DISC" => {
                let b = body(source, chunk)?;
                for &id in b.as_chunks::<2>().0 {
                    self.objects.remove(&u16::from_be_bytes(id));
                }
            }
            b"DHDR" | b"BASI" | b"CLON" | b"PAST" | b"MAGN" => {
                let kind = String::from_utf8_lossy(&chunk.kind).into_owned();
                return Err(Error::unsupported(format!("a film with the chunk {kind}")).at(chunk.at));
            }
            _ => {}
        }
        Ok(())
    }

    fn define(&mut self, b: &[u8]) {
        self.object = be16(b, 0);
        let known = self.objects.entry(self.object).or_default();
        *known = Known { hidden: b.get(2) == Some(&1), ..Known::default() };
        if b.len() >= 12 {
            known.at = [signed(b, 4), signed(b, 8)];
        }
        if b.len() >= 28 {
            known.clip = Some(Clip { sides: [12, 16, 20, 24].map(|at| signed(b, at)) });
        }
    }

    /// Moves objects, or the edges of what of them is seen.
    fn place(&mut self, b: &[u8], moves: bool) {
        let relative = b.get(4) == Some(&1);
        for (_, known) in self.objects.iter_mut().filter(|(id, _)| (be16(b, 0)..=be16(b, 2)).contains(id)) {
            if moves {
                let by = [signed(b, 5), signed(b, 9)];
                known.at = if relative { [0, 1].map(|i| known.at[i].saturating_add(by[i])) } else { by };
            } else {
                let sides = [5, 9, 13, 17].map(|at| signed(b, at));
                let before = known.clip.map_or([0; 4], |c| c.sides);
                let moved = [0, 1, 2, 3].map(|i| before[i].saturating_add(sides[i]));
                known.clip = Some(Clip { sides: if relative { moved } else { sides } });
            }
        }
    }

    /// A subframe begins.
    fn frame(&mut self, b: &[u8]) {
        if matches!(self.mode, 2 | 4) {
            self.end_frame(true);
        }
        (self.delay, self.clip) = (self.usual_delay, self.usual_clip);
        self.first = true;
        if let Some(&mode) = b.first().filter(|m| (1..=4).contains(*m)) {
            self.mode = mode;
        }
        // A name, then what changes, then that.
        let Some(name) = b.iter().skip(1).position(|&n| n == 0) else { return };
        let Some(rest) = b.get(name + 2..).filter(|r| r.len() >= 4) else { return };
        let mut at = 4;
        if matches!(rest[0], 1 | 2) {
            self.delay = be32(rest, at).into();
            if rest[0] == 2 {
                self.usual_delay = self.delay;
            }
            at += 4;
        }
        if matches!(rest[1], 1..=8) {
            at += 4;
        }
        if matches!(rest[2], 1 | 2) && rest.len() >= at + 17 {
            let sides = [1, 5, 9, 13].map(|i| signed(rest, at + i));
            let before = self.clip.map_or([0; 4], |c| c.sides);
            let moved = [0, 1, 2, 3].map(|i| before[i].saturating_add(sides[i]));
            self.clip = Some(Clip { sides: if rest[at] == 1 { moved } else { sides } });
            if rest[2] == 2 {
                self.usual_clip = self.clip;
            }
        }
    }

    /// An image in the file: shown, unless it is only kept.
    fn image(&mut self, image: Object) -> Result<()> {
        let known = self.objects.entry(self.object).or_default();
        known.image = Some(image);
        if known.hidden { Ok(()) } else { self.lay(self.object) }
    }

    fn show(&mut self, b: &[u8]) -> Result<()> {
        let first = be16(b, 0);
        let last = if b.len() >= 4 { be16(b, 2) } else { first };
        let mode = b.get(4).copied().unwrap_or(0);
        let mut ids: Vec<u16> = self.objects.keys().copied().filter(|id| (first..=last).contains(id)).collect();
        ids.sort_unstable();
        for id in ids {
            let Some(known) = self.objects.get_mut(&id) else { continue };
            match mode {
                0 => known.hidden = false,
                1 => known.hidden = true,
                2 | 3 => {}
                _ => return Err(Error::unsupported(format!("images shown in the way {mode}"))),
            }
            if matches!(mode, 0 | 2) && !known.hidden {
                self.lay(id)?;
            }
        }
        Ok(())
    }

    fn lay(&mut self, id: u16) -> Result<()> {
        let Some(known) = self.objects.get(&id) else { return Ok(()) };
        let Some(object) = known.image else { return Ok(()) };
        self.shown += 1;
        if self.shown > MOST_LAYERS {
            return Err(Error::limit("more images than a film shows"));
        }
        let clip = match (known.clip, self.clip) {
            (Some(Clip { sides: [l, r, t, b] }), Some(Clip { sides: [ol, or, ot, ob] })) => {
                Some(Clip { sides: [l.max(ol), r.min(or), t.max(ot), b.min(ob)] })
            }
            (one, other) => one.or(other),
        };
        let on_background = self.mode == 3 || (self.mode == 4 && self.first);
        self.layers.push(Layer { object, at: known.at, clip, on_background });
        self.first = false;
        if matches!(self.mode, 1 | 3) {
            self.end_frame(false);
        }
        Ok(())
    }

    /// What was laid is shown; in no time it is not, but at the end of a subframe.
    fn end_frame(&mut self, always: bool) {
        if self.layers.is_empty() || (self.delay == 0 && !always) {
            return;
        }
        let layers = std::mem::take(&mut self.layers);
        self.script.frames.push(Frame { layers, begins: self.time, delay: self.delay });
        self.time = self.time.saturating_add(self.delay);
    }
}
