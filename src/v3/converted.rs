//! An image that is to be written in another mode: the option `mode` of a write.

use crate::error::{Error, Result};
use crate::model::{
    Color, ColorMode, Conversion, DType, Dict, Limits, Props, Recolor, Shape, View, palette_value, web_palette,
};

/// The pixels in the mode that was asked for.
pub(super) struct Converted {
    /// Those that had to be made; else the caller's stand.
    pub made: Option<(Vec<u8>, Shape)>,
    pub dtype: DType,
    pub color: Option<Color>,
    /// The metadata, where the conversion adds its palette to them.
    pub metadata: Option<Dict>,
}

impl Converted {
    /// An image of these samples, or what a conversion makes of it. An array that is what the mode says is taken for it,
    /// as Pillow's `fromarray` does; any other is converted by Pillow's formulas.
    pub(super) fn new(
        view: &View,
        dtype: DType,
        said: Option<Color>,
        mode: ColorMode,
        limits: &Limits,
    ) -> Result<Converted> {
        if mode.is_premultiplied() || matches!(mode, ColorMode::Rgbx | ColorMode::Pa) {
            return Err(Error::option(format!("option \"mode\": no format stores pixels of mode {}", mode.name())));
        }
        let samples = match *view.shape() {
            [_, _] => 1,
            [_, _, samples] => samples,
            ref other => {
                return Err(Error::shape(format!("option \"mode\" takes images of rows and columns, not {other:?}")));
            }
        };
        let color = Some(mode.color());
        let is_it = samples == mode.samples() && dtype == mode.dtype() && said.is_none_or(|said| said == mode.color());
        // Gray and places in a palette look alike, and without a palette there is none to convert to.
        if is_it || mode == ColorMode::P && samples == 1 && dtype == DType::U8 {
            return Ok(Converted { made: None, dtype, color, metadata: None });
        }
        let natural = [Color::Gray, Color::GrayAlpha, Color::Rgb, Color::Rgba];
        let Some(meant) = said.or(samples.checked_sub(1).and_then(|n| natural.get(n)).copied()) else {
            return Err(Error::shape(format!(
                "option \"mode\": {samples} samples a pixel are none of gray, RGB and RGBA"
            )));
        };
        // A last axis of one sample is none.
        let sides = (view.shape()[0], view.shape()[1]);
        let props = Props::pixels(sides.1, sides.0, dtype, meant);
        if meant.samples() != Some(samples) {
            return Err(Error::shape(format!("{} has no {samples} samples a pixel", meant.name())));
        }
        limits.check_bytes(view.layout().packed_len())?;
        let mut pixels = limits.allocate(view.layout().packed_len())?;
        if !view.pack(&mut pixels) {
            return Err(Error::internal("an image does not fit its shape"));
        }
        let Some(conversion) = Conversion::new(&props, mode)? else {
            return Ok(Converted { made: Some((pixels, props.shape)), dtype, color, metadata: None });
        };
        if let Some(points) = &conversion.points {
            pixels = each(points, &pixels, limits)?;
        }
        if let Some(dither) = &conversion.dither {
            let mut made = limits.allocate(conversion.props.nbytes()?)?;
            let row = made.len() / sides.0.max(1);
            dither.run(sides.1, &pixels, |y, from| -> Result<()> {
                let to = made.get_mut(y * row..).and_then(|rest| rest.get_mut(..row));
                to.ok_or_else(|| Error::internal("a dithered image has another size"))?.copy_from_slice(from);
                Ok(())
            })?;
            pixels = made;
        }
        let metadata = match mode {
            ColorMode::P if meant.samples() == Some(1) || meant == Color::GrayAlpha => None,
            ColorMode::P => Some(Dict::new().with("palette", palette_value(&web_palette())?)),
            _ => None,
        };
        Ok(Converted { made: Some((pixels, conversion.props.shape)), dtype: mode.dtype(), color, metadata })
    }
}

fn each(points: &Recolor, pixels: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let (size_in, size_out) = points.sizes();
    let bytes = (pixels.len() / size_in).checked_mul(size_out).ok_or_else(|| Error::limit("an image too large"))?;
    let mut made = limits.allocate(bytes)?;
    points.convert(pixels, &mut made);
    Ok(made)
}
