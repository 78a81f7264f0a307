//! Frames as they are stored: the option `raw_frames`, and mode P of a file of one frame.

use super::blocks::Frame;
use super::player::{Format, Player, interlaced_row, table};
use crate::error::Result;
use crate::model::{Color, DType, Destination, Dict, List, Props};
use crate::plugin::{Call, Outcome};

/// What a read of a frame by itself gives: its colours, with alpha if one of them is transparent, or their places.
pub fn props(frame: &Frame, call: &Call) -> Props {
    let color = match frame.transparent {
        _ if call.indices() => Color::Palette,
        Some(_) => Color::Rgba,
        None => Color::Rgb,
    };
    Props::pixels(frame.size.0, frame.size.1, DType::U8, color)
}

/// The properties of the places of a file of one frame.
pub fn screen_props(format: &Format) -> Props {
    Props::pixels(format.width, format.height, DType::U8, Color::Palette)
}

/// What a frame by itself has in its metadata besides: where it lies, what becomes of it, and that it is drawn over
/// what was there.
pub fn describe(meta: &mut Dict, frame: &Frame) {
    let ((x, y), (width, height)) = (frame.at, frame.size);
    meta.set("bbox", [x, y, x + width, y + height].into_iter().collect::<List>());
    meta.set("disposal", frame.disposal);
    meta.set("blend", 1);
}

/// Reads a frame by itself.
pub fn read(player: &mut Player, index: usize, call: &Call, to: &mut Destination) -> Result<Outcome> {
    let palette = player.global_palette().map(<[u8]>::to_vec);
    let (frame, pixels, damage) = player.raw(index, call)?;
    let samples = to.shape().get(2).copied().unwrap_or(1);
    let mut table = table(frame.palette.as_deref().or(palette.as_deref()));
    if let Some(transparent) = frame.transparent {
        table[usize::from(transparent)][3] = 0;
    }
    let (width, height) = frame.size;
    for stored in 0..height {
        let y = if frame.interlaced { interlaced_row(stored, height) } else { stored };
        let from = pixels.get(stored * width..).unwrap_or(&[]);
        to.fill(&[y], |row| {
            row.fill(0);
            let pixels = row.chunks_exact_mut(samples.max(1)).zip(from);
            match samples {
                1 => pixels.for_each(|(to, &place)| to[0] = place),
                _ => pixels.for_each(|(to, &place)| to.copy_from_slice(&table[usize::from(place)][..samples.min(4)])),
            }
            Ok(())
        })?;
    }
    finish(damage, call)
}

/// Reads the places of the one frame of a file, on what Pillow puts behind it.
pub fn read_screen(player: &mut Player, call: &Call, to: &mut Destination) -> Result<Outcome> {
    let (frame, pixels, damage) = player.raw(0, call)?;
    let behind = frame.transparent.unwrap_or(0);
    let height = to.shape().first().copied().unwrap_or(0);
    let mut rows: Vec<Option<usize>> = vec![None; height];
    for stored in 0..frame.size.1 {
        let y = if frame.interlaced { interlaced_row(stored, frame.size.1) } else { stored };
        if let Some(row) = rows.get_mut(frame.at.1 + y) {
            *row = Some(stored);
        }
    }
    for (y, stored) in rows.into_iter().enumerate() {
        to.fill(&[y], |row| {
            row.fill(behind);
            if let Some(stored) = stored {
                let from = pixels.get(stored * frame.size.0..).unwrap_or(&[]);
                let places = row.iter_mut().skip(frame.at.0).take(frame.size.0);
                places.zip(from).for_each(|(to, &place)| *to = place);
            }
            Ok(())
        })?;
    }
    finish(damage, call)
}

fn finish(damage: Option<crate::error::Error>, call: &Call) -> Result<Outcome> {
    match damage {
        None => Ok(Outcome::Complete),
        Some(_) if call.bool("allow_partial") => Ok(Outcome::Partial),
        Some(e) => Err(e),
    }
}
