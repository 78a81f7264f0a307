//! Writing: images come, frames go. The file's first image decides whether it has alpha. Without alpha, a frame is
//! what changed since the image before; with alpha, each frame stands alone, since what was drawn can only be taken
//! away by disposing of all of it.
//!
//! Images of numbers of a palette stay as they are, each a whole frame with its palette.

use super::encode::{Block, Head};
use super::picture::{Area, Canvas, Choice, Picture, Pixel, Wish};
use super::quantise::Rgb;
use super::timing::{Clock, Wanted};
use crate::error::{Error, Result};
use crate::model::{Color, DType, Value};
use crate::plugin::{Call, Image, Writer};
use crate::plugins::image::palette;
use crate::resource::Output;
use std::io::Write;

/// Below this, a pixel shows what is behind.
const OPAQUE: u8 = 128;

/// Opens for writing.
pub fn create(output: Output, _call: &Call) -> Result<Box<dyn Writer>> {
    Ok(Box::new(GifWriter { output, file: None, held: None, interval: None, written: 0, clock: Clock::default() }))
}

/// A file open for writing.
struct GifWriter {
    output: Output,
    file: Option<File>,
    /// The frame before, whose delay the next image's time may say.
    held: Option<Held>,
    /// Milliseconds between the two images before, by their times.
    interval: Option<f64>,
    written: usize,
    clock: Clock,
}

/// What the first image decided, and the one before.
struct File {
    width: usize,
    height: usize,
    has_alpha: bool,
    /// Whether its images are numbers of a palette.
    is_indexed: bool,
    repeats: Option<u16>,
    global: Vec<Rgb>,
    /// The image before, which without alpha the next is compared with.
    pixels: Vec<Pixel>,
    /// Whether a viewer has just its colours.
    is_exact: bool,
    /// What becomes of it.
    disposal: u8,
}

/// A frame that waits.
struct Held {
    block: Block,
    wanted: Wanted,
}

/// What an image asks for beside its pixels.
struct Wishes {
    wanted: Wanted,
    choice: Choice,
    disposal: Option<u8>,
    differences: bool,
}

/// How an image becomes a frame.
struct Plan {
    area: Area,
    /// Only the pixels that differ from the image before are drawn; else all that are opaque.
    only_changed: bool,
    disposal: u8,
}

impl Writer for GifWriter {
    fn write(&mut self, image: &Image, call: &Call) -> Result<()> {
        let wishes = Wishes::new(image, call, self.written)?;
        let block = match image.color {
            Some(Color::Palette) => self.numbers(image, &wishes, call)?,
            _ => self.colours(image, &wishes, call)?,
        };
        self.pass_on(Some(wishes.wanted))?;
        self.held = Some(Held { block, wanted: wishes.wanted });
        self.written += 1;
        Ok(())
    }

    fn finish(&mut self, _call: &Call) -> Result<()> {
        self.pass_on(None)?;
        self.output.write_all(b";")?;
        Ok(())
    }
}

impl GifWriter {
    /// The frame of an image of colours, behind what is in front of the first.
    fn colours(&mut self, image: &Image, wishes: &Wishes, call: &Call) -> Result<Block> {
        let shape = layout(image)?;
        if let Some(option) = ["palette", "transparency"].into_iter().find(|option| call.given(option)) {
            return Err(Error::option(format!(
                "option \"{option}\" of a GIF goes with an image of numbers (mode P, uint8, two axes)"
            )));
        }
        if let Some(file) = &self.file {
            file.check((shape.width, shape.height), false, call)?;
        }
        let pixels = pixels(image, shape, call)?;
        let canvas = Canvas { pixels: &pixels, width: shape.width, height: shape.height };
        let block = match &mut self.file {
            None => {
                let wish = Wish {
                    area: canvas.area(),
                    reserve: shape.has_alpha(),
                    may_draw_all: false,
                    global: None,
                    choice: wishes.choice,
                };
                let picture = canvas.picture(wish, |_, pixel| pixel[3] != 0, call)?;
                self.begin(image, picture, (shape.has_alpha(), false), wishes, call)?
            }
            Some(file) => file.next(&canvas, wishes, call)?,
        };
        if let Some(file) = self.file.as_mut().filter(|file| !file.has_alpha) {
            file.pixels = pixels;
        }
        Ok(block)
    }

    /// The frame of an image of numbers of a palette, which stay as they are.
    fn numbers(&mut self, image: &Image, wishes: &Wishes, call: &Call) -> Result<Block> {
        let colours = palette::own(image, call)?;
        let &[height, width] = image.shape() else { return Err(Error::internal("numbers of a palette are no rows")) };
        check_sides(width, height)?;
        if colours.len() > wishes.choice.most {
            let (count, most) = (colours.len(), wishes.choice.most);
            return Err(Error::option(format!("a palette of {count} colours, where {most} are asked for")));
        }
        let transparent = transparency(image, colours.len(), call)?;
        if let Some(file) = &self.file {
            file.check((width, height), true, call)?;
            if !file.has_alpha && transparent.is_some() {
                return Err(no_alpha());
            }
        }
        let picture = Picture::given((width, height), image.packed(call)?.into_owned(), colours, transparent);
        match &mut self.file {
            None => self.begin(image, picture, (transparent.is_some(), true), wishes, call),
            Some(file) => {
                let disposal = file.disposal_of(wishes);
                let is_local = picture.colours != file.global;
                Ok(Block::new(picture, is_local, disposal))
            }
        }
    }

    /// Writes the frame that was held, now that the time of the next one is known.
    fn pass_on(&mut self, next: Option<Wanted>) -> Result<()> {
        let Some(Held { mut block, wanted }) = self.held.take() else { return Ok(()) };
        let between = match (wanted.time, next.and_then(|next| next.time)) {
            (Some(from), Some(to)) => Some(((to - from) * 1000.0).max(0.0)),
            // The last image is shown as long as the one before.
            (Some(_), None) => self.interval,
            _ => None,
        };
        self.interval = between;
        if let Some(ms) = wanted.duration.or(between) {
            let is_rate = wanted.is_rate || wanted.duration.is_none();
            block.delay = Some(self.clock.delay(ms, is_rate, self.written.saturating_sub(1)));
        }
        block.write(&mut self.output)?;
        Ok(())
    }
}

impl GifWriter {
    /// The first image: what is in front of it, and its frame.
    fn begin(
        &mut self,
        image: &Image,
        picture: Picture,
        (has_alpha, is_indexed): (bool, bool),
        wishes: &Wishes,
        call: &Call,
    ) -> Result<Block> {
        let disposal = wishes.disposal.unwrap_or(if has_alpha { 2 } else { 0 });
        let metadata = |key: &str| image.metadata.and_then(|m| m.get(key));
        let repeats = call.int("loop").or(metadata("loop").and_then(Value::as_int));
        let repeats = repeats.and_then(|n| u16::try_from(n).ok());
        let background = metadata("background").and_then(Value::as_int).and_then(|n| u8::try_from(n).ok());
        let background = background.filter(|&n| usize::from(n) < picture.colours.len());
        let comment = if call.given("comment") { Some(call.get("comment")) } else { metadata("comment") };
        let Area { width, height, .. } = picture.area;
        let head = Head {
            width: width as u16,
            height: height as u16,
            palette: picture.palette(),
            background: background.or(picture.transparent).unwrap_or(0),
            repeats,
            comment: comment.and_then(Value::as_bytes),
        };
        head.write(&mut self.output)?;
        self.file = Some(File {
            width,
            height,
            has_alpha,
            is_indexed,
            repeats,
            global: picture.colours.clone(),
            pixels: Vec::new(),
            is_exact: picture.is_exact,
            disposal,
        });
        Ok(Block::new(picture, false, disposal))
    }
}

/// What is refused once a file has begun without alpha: its readers would show what is behind in no image.
fn no_alpha() -> Error {
    Error::shape("an image with transparent pixels after a first image without alpha")
}

/// The number that is transparent, by the option or by the metadata of an image of numbers.
fn transparency(image: &Image, colours: usize, call: &Call) -> Result<Option<u8>> {
    let known = |n: i64| u8::try_from(n).ok().filter(|&n| usize::from(n) < colours);
    if call.given("transparency") {
        let number = call.int("transparency").and_then(known);
        let wrong = || {
            Error::option(format!("option \"transparency\" of a GIF is one of the {colours} numbers of its palette"))
        };
        return number.map(Some).ok_or_else(wrong);
    }
    let metadata = image.metadata.filter(|m| m.get("mode").and_then(Value::as_str) == Some("P"));
    Ok(metadata.and_then(|m| m.get("transparency")).and_then(Value::as_int).and_then(known))
}

impl File {
    /// Refuses what the file that was begun cannot hold.
    fn check(&self, (width, height): (usize, usize), is_indexed: bool, call: &Call) -> Result<()> {
        if (width, height) != (self.width, self.height) {
            return Err(Error::shape(format!(
                "the images of a GIF have one size: {width}x{height} (width x height) after {}x{}",
                self.width, self.height
            )));
        }
        if is_indexed != self.is_indexed {
            return Err(Error::shape("the images of a GIF are all numbers of a palette (mode P), or none is"));
        }
        if call.given("loop") && call.int("loop") != self.repeats.map(i64::from) {
            return Err(Error::option("loop is said with the first image; it cannot change"));
        }
        Ok(())
    }

    /// The frame of an image after the first.
    fn next(&mut self, canvas: &Canvas, wishes: &Wishes, call: &Call) -> Result<Block> {
        if !self.has_alpha && canvas.pixels.iter().any(|pixel| pixel[3] == 0) {
            return Err(no_alpha());
        }
        let plan = self.plan(canvas, wishes);
        let before = &self.pixels;
        let wish = Wish {
            area: plan.area,
            // Pillow takes away a frame to transparent only if the frame names a transparent colour.
            reserve: self.has_alpha,
            may_draw_all: plan.only_changed,
            global: Some(&self.global),
            choice: wishes.choice,
        };
        let picture = match plan.only_changed {
            true => canvas.picture(wish, |place, pixel| before.get(place) != Some(&pixel), call)?,
            false => canvas.picture(wish, |_, pixel| pixel[3] != 0, call)?,
        };
        self.is_exact = picture.is_exact && (self.is_exact || !plan.only_changed);
        self.disposal = plan.disposal;
        let is_local = picture.colours != self.global;
        Ok(Block::new(picture, is_local, plan.disposal))
    }

    /// What becomes of a frame after the first.
    fn disposal_of(&self, wishes: &Wishes) -> u8 {
        let default = if self.has_alpha { 2 } else { 1 };
        // Pillow takes 0 for "as the frame before".
        wishes.disposal.filter(|&d| d != 0).unwrap_or(default)
    }

    fn plan(&self, canvas: &Canvas, wishes: &Wishes) -> Plan {
        let whole = Plan { area: canvas.area(), only_changed: false, disposal: self.disposal_of(wishes) };
        let disposed = self.disposal > 1 && !self.has_alpha;
        if !wishes.differences || disposed || (self.has_alpha && wishes.disposal.is_some()) {
            return whole;
        }
        if self.has_alpha {
            return Plan { area: canvas.bounds(|_, pixel| pixel[3] != 0), ..whole };
        }
        // What can be shown exactly shall be, though the image before could not.
        if !self.is_exact && canvas.is_simple(wishes.choice.most) {
            return whole;
        }
        let area = canvas.bounds(|place, pixel| self.pixels.get(place) != Some(&pixel));
        Plan { area, only_changed: true, ..whole }
    }
}

impl Wishes {
    fn new(image: &Image, call: &Call, index: usize) -> Result<Wishes> {
        let most = call.int("palettesize").and_then(|n| usize::try_from(n).ok()).unwrap_or(256);
        let most = most.min(call.int("bits").map_or(256, |bits| 1 << bits.clamp(1, 8)));
        let disposal = match call.number_of("disposal", index)? {
            None => None,
            Some(d) if d.fract() == 0.0 && (0.0..=3.0).contains(&d) => Some(d as u8),
            Some(bad) => return Err(Error::option(format!("disposal is 0, 1, 2 or 3, not {bad}"))),
        };
        Ok(Wishes {
            wanted: Wanted::new(call, image.metadata, index)?,
            choice: Choice { most, dither: call.str("dither") != Some("none") },
            disposal,
            differences: call.bool("subrectangles"),
        })
    }
}

/// The size of an image, and what its samples mean.
#[derive(Clone, Copy)]
struct Shape {
    width: usize,
    height: usize,
    samples: usize,
    color: Color,
    is_bool: bool,
}

impl Shape {
    fn has_alpha(&self) -> bool {
        matches!(self.color, Color::GrayAlpha | Color::Rgba | Color::Bgra)
    }
}

fn check_sides(width: usize, height: usize) -> Result<()> {
    if [width, height].iter().all(|n| (1..=65535).contains(n)) {
        return Ok(());
    }
    Err(Error::shape(format!("a GIF has 1 to 65535 rows and columns, not {height} and {width}")))
}

/// Refuses images that the format cannot hold.
fn layout(image: &Image) -> Result<Shape> {
    if !matches!(image.dtype, DType::U8 | DType::Bool) {
        return Err(Error::shape(format!(
            "a GIF holds uint8 or bool, not {}; scale the values to 0 to 255 and convert to uint8",
            image.dtype
        )));
    }
    let (height, width, samples) = match *image.shape() {
        [height, width] => (height, width, 1),
        [height, width, samples @ 1..=4] => (height, width, samples),
        ref other => {
            return Err(Error::shape(format!(
                "an image of a GIF is (rows, columns) or (rows, columns, 1 to 4 samples), not {other:?}"
            )));
        }
    };
    check_sides(width, height)?;
    if let Some(axes) = image.axes.filter(|axes| !matches!(axes.as_str(), "YX" | "YXS")) {
        return Err(Error::unsupported(format!("a GIF has the axes YX or YXS, not {}", axes.as_str())));
    }
    let usual = [Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba];
    let color = image.color.filter(|&c| c != Color::Unknown).or(usual.get(samples - 1).copied()).unwrap_or_default();
    let is_known = usual.contains(&color) || matches!(color, Color::Bgr | Color::Bgra);
    if !is_known || color.samples() != Some(samples) {
        let name = color.name();
        return Err(Error::unsupported(format!("a GIF is not written from {name} with {samples} samples a pixel")));
    }
    Ok(Shape { width, height, samples, color, is_bool: image.dtype == DType::Bool })
}

/// The image as RGB with alpha of 0 or 255.
fn pixels(image: &Image, shape: Shape, call: &Call) -> Result<Vec<Pixel>> {
    let count = shape.width.saturating_mul(shape.height);
    let bytes = count.saturating_mul(size_of::<Pixel>());
    call.limits().check_bytes(bytes)?;
    let mut pixels: Vec<Pixel> = Vec::new();
    pixels.try_reserve_exact(count).map_err(|_| Error::out_of_memory(bytes))?;
    let alpha = |a: u8| if a < OPAQUE { 0 } else { 255 };
    let gray = |g: u8| if shape.is_bool && g != 0 { 255 } else { g };
    let mut scratch = vec![0; shape.width * shape.samples];
    for y in 0..shape.height {
        let row = match image.view.row(&[y]) {
            Some(row) => row,
            None => {
                let packed = image.view.at(y).is_some_and(|row| row.pack(&mut scratch));
                if !packed {
                    return Err(Error::internal("a row of an image does not fit its shape"));
                }
                &scratch
            }
        };
        pixels.extend(row.chunks_exact(shape.samples).map(|p| match (p, shape.color) {
            (&[g], _) => [gray(g), gray(g), gray(g), 255],
            (&[g, a], _) => [gray(g), gray(g), gray(g), alpha(a)],
            (&[b, g, r], Color::Bgr) => [r, g, b, 255],
            (&[r, g, b], _) => [r, g, b, 255],
            (&[b, g, r, a], Color::Bgra) => [r, g, b, alpha(a)],
            (&[r, g, b, a], _) => [r, g, b, alpha(a)],
            _ => [0; 4],
        }));
    }
    Ok(pixels)
}
