//! MNG: PNG and JNG images that are laid on a canvas, one after another. Read are the chunks of its simple profiles:
//! what places, shows, repeats and times whole images. Differences between images are not.

mod layer;
mod script;

use super::info;
use super::sequence::{Player, Sequence};
use crate::error::Result;
use crate::model::{Color, DType, Dict, Props};
use crate::plugin::{Call, Reader};
use crate::resource::Source;
use layer::Canvas;
use script::Script;

/// What a file begins with.
pub const SIGNATURE: &[u8] = b"\x8aMNG\r\n\x1a\n";

/// Whether a file begins as MNG files do.
pub fn matches(head: &[u8]) -> bool {
    head.starts_with(SIGNATURE)
}

/// Opens a file for reading.
pub fn open(source: Source, call: &Call) -> Result<Box<dyn Reader>> {
    let script = Script::read(&source, call)?;
    let color = if script.background.is_some() { Color::Rgb } else { Color::Rgba };
    let props = Props::pixels(script.width, script.height, DType::U8, color);
    let count = script.frames.len();
    Ok(Sequence::open(Mng { source, script, props }, count, true))
}

struct Mng {
    source: Source,
    script: Script,
    props: Props,
}

impl Player for Mng {
    type State = Canvas;

    fn props(&self, _call: &Call) -> Props {
        self.props.clone()
    }

    fn start(&self, call: &Call) -> Result<Canvas> {
        let mut canvas = Canvas::new(self.script.width, self.script.height, call)?;
        canvas.clear(self.script.background);
        Ok(canvas)
    }

    fn advance(&self, canvas: &mut Canvas, index: usize, call: &Call) -> Result<()> {
        let Some(frame) = self.script.frames.get(index) else { return Ok(()) };
        for layer in &frame.layers {
            if layer.on_background {
                canvas.clear(self.script.background);
            }
            canvas.lay(layer, &self.source, &self.script, call)?;
        }
        Ok(())
    }

    fn row(&self, canvas: &Canvas, y: usize, row: &mut [u8]) {
        let width = self.script.width;
        let stored = canvas.pixels.get(y * width..(y + 1) * width).unwrap_or_default();
        match self.props.color {
            Color::Rgb => {
                row.as_chunks_mut::<3>().0.iter_mut().zip(stored).for_each(|(to, p)| *to = [p[0], p[1], p[2]]);
            }
            _ => row.as_chunks_mut::<4>().0.iter_mut().zip(stored).for_each(|(to, p)| *to = *p),
        }
    }

    fn meta(&self, frame: Option<usize>, _canvas: Option<&Canvas>, _call: &Call) -> Result<Dict> {
        let mut meta = Dict::new();
        if let Some(repeats) = self.script.repeats {
            meta.set("loop", repeats);
        }
        if let Some(shown) = self.script.frames.get(frame.unwrap_or(0))
            && self.script.ticks > 0
        {
            let seconds = |ticks: u64| ticks as f64 / f64::from(self.script.ticks);
            meta.set("duration", seconds(shown.delay) * 1000.0);
            if frame.is_some() {
                info::timed(&mut meta, seconds(shown.begins), seconds(shown.delay));
            }
        }
        let mode = if self.props.color == Color::Rgb { "RGB" } else { "RGBA" };
        Ok(info::finish(meta, mode, self.script.width, self.script.height))
    }
}
