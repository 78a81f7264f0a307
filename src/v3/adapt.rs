//! What the options that every read takes make of what a plugin delivers: its size, colour model, orientation and dtype.

use crate::error::{Error, Result};
use crate::model::{
    Area, Cast, ColorMode, Conversion, DType, Destination, Dither, Flatten, Gamma, Kind, Limits, Orientation, Props,
    Reduce, Shape, Step, Steps, ViewMut,
};
use crate::plugin::{Call, CallKind, Outcome};

/// What a file says of an image, besides its properties, that the options ask for.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// By how much the plugin makes the image smaller itself.
    pub reduced: usize,
    /// The gamma in its metadata, where that is to be applied.
    pub gamma: Option<f64>,
}

/// An image as the plugin delivers it, and as the caller gets it.
#[derive(Clone)]
pub(super) struct Adapted {
    native: Props,
    /// What the caller gets.
    pub props: Props,
    steps: Steps,
    turn: Option<Orientation>,
    /// Where colours are to be spread over the whole image.
    dithering: Option<Dithering>,
    /// What the steps and the dithering make, before the dtype is changed and a part cut out.
    colored: Props,
}

#[derive(Clone)]
struct Dithering {
    dither: Dither,
    /// What it takes.
    from: Props,
    /// The part that is wanted of it.
    crop: Option<Area>,
}

impl Adapted {
    pub(super) fn new(native: Props, call: &Call, told: Told) -> Result<Adapted> {
        let mut steps = Steps::default();
        let mut now = native.clone();
        let by = call.reduce()? / told.reduced.max(1);
        if by > 1 {
            let reduce = Reduce::new(&native, by)?;
            shrink(&mut now, &reduce)?;
            steps.reduce = Some(reduce);
        }
        let mut points = Vec::new();
        let background = call.shared("background", CallKind::Read);
        if background.kind() != Kind::Null
            && let Some((flatten, props)) = Flatten::new(&now, &Flatten::colors(background)?)?
        {
            points.push(Step::Flatten(flatten));
            now = props;
        }
        let mut dithering = None;
        let mode = call.mode().map(ColorMode::from_name).transpose()?;
        if let Some(mode) = mode
            && let Some(conversion) = Conversion::new(&now, mode)?
        {
            let Conversion { points: each, dither, props } = conversion;
            points.extend(each.map(Step::Recolor));
            dithering = dither.map(|dither| Dithering { dither, from: dithered_from(&props, &dither), crop: None });
            now = props;
        }
        if let Some(gamma) = told.gamma
            && let Some((gamma, props)) = Gamma::new(&now, gamma)
        {
            points.push(Step::Gamma(gamma));
            now = props;
        }
        steps.points = points.into();
        let turn = if rotates(call) { Orientation::of(&native) } else { None };
        let colored = now;
        let mut props = turn.map_or_else(|| colored.clone(), |turn| turn.apply(&colored));
        let region = call.shared("region", CallKind::Read);
        if region.kind() != Kind::Null {
            let area = Area::from_option(region)?;
            let stored = cut(&mut props, area, turn)?;
            match &mut dithering {
                Some(dithering) => dithering.crop = Some(stored),
                None => {
                    let (height, width) = sides(&native).ok_or_else(no_rows)?;
                    steps.crop = Some(stored.enlarged(by.max(1), native.shape[width], native.shape[height]));
                }
            }
        }
        match wanted_dtype(call)? {
            // Scaled, the full range is that of the dtype, however few bits counted before.
            Some(dtype) if dtype != props.dtype || call.bool("scale") => {
                props.dtype = dtype;
                props.bits = if dtype == DType::Bool { 1 } else { dtype.size() as u32 * 8 };
            }
            None if call.bool("scale") => {
                return Err(Error::option("option \"scale\" says how to convert; it goes with \"dtype\""));
            }
            _ => {}
        }
        Ok(Adapted { native, props, steps, turn, dithering, colored })
    }

    /// Refuses what is over a limit; the bytes that the result takes. Of an image of which a part is wanted, the part
    /// counts: what else a plugin makes room for it checks itself.
    pub(super) fn check_limits(&self, limits: &Limits) -> Result<usize> {
        if self.steps.crop.is_none() {
            limits.check(&self.native)?;
        }
        limits.check(&self.props)
    }

    /// Has a plugin fill the caller's view: its shape has to be the image's, its dtype one that loses nothing.
    pub(super) fn read(
        &self,
        call: &Call,
        view: ViewMut,
        dtype: DType,
        limits: Limits,
        read: impl FnOnce(&mut Destination) -> Result<Outcome>,
    ) -> Result<Outcome> {
        check_destination(&self.props, call, view.shape(), dtype)?;
        let mut view = match self.turn {
            Some(turn) => turn.stored(view, &self.colored.axes).ok_or_else(no_rows)?,
            None => view,
        };
        view.prefer_large_pages();
        let from = self.colored.dtype;
        let cast = match call.bool("scale") {
            true => Cast::scaled(from, dtype, self.colored.bits),
            false => Cast::plain(from, dtype),
        };
        let to = Destination::new(view, cast, limits);
        match &self.dithering {
            None => read(&mut to.with_steps(&self.native, self.steps.clone())),
            Some(dithering) => self.dithered(dithering, to, limits, read),
        }
    }

    /// Reads the whole image first, which is what spreading errors takes.
    fn dithered(
        &self,
        dithering: &Dithering,
        to: Destination,
        limits: Limits,
        read: impl FnOnce(&mut Destination) -> Result<Outcome>,
    ) -> Result<Outcome> {
        let Dithering { dither, from, crop } = dithering;
        let mut image = limits.allocate(from.nbytes()?)?;
        let view = ViewMut::packed(&mut image, 1, &from.shape).ok_or_else(no_rows)?;
        let whole = Destination::new(view, Cast::plain(DType::U8, DType::U8), limits);
        let outcome = read(&mut whole.with_steps(&self.native, self.steps.clone()))?;
        let (rows, columns) = sides(from).ok_or_else(no_rows)?;
        let steps = Steps { crop: *crop, ..Steps::default() };
        let mut to = to.with_steps(&self.colored, steps);
        let plane = from.shape.get(rows..).map_or(0, |dims| dims.iter().product::<usize>());
        for (number, pixels) in image.chunks_exact(plane.max(1)).enumerate() {
            let mut at = vec![0; rows + 1];
            let mut rest = number;
            for (place, &len) in at.iter_mut().zip(&from.shape[..rows]).rev() {
                (*place, rest) = (rest % len.max(1), rest / len.max(1));
            }
            dither.run(from.shape[columns], pixels, |y, row| {
                at[rows] = y;
                to.put(&at, row)
            })?;
        }
        Ok(outcome)
    }
}

/// Refuses a destination that does not take what a read gives.
pub(super) fn check_destination(props: &Props, call: &Call, given: &[usize], dtype: DType) -> Result<()> {
    let shape = props.shape;
    if *given != *shape {
        return Err(Error::shape(format!("the destination has shape {given:?}, the image {shape}")));
    }
    let asked = call.given("dtype");
    let fits = if asked { dtype == props.dtype } else { props.dtype.fits_in(dtype) };
    if !fits {
        let why = if asked { "is not the dtype that was asked for" } else { "does not hold every value of it" };
        let own = props.dtype;
        return Err(Error::shape(format!("the destination is {dtype}, which {why}: {own}")));
    }
    Ok(())
}

/// The axes of rows and columns, if behind them come samples at most.
fn sides(props: &Props) -> Option<(usize, usize)> {
    let letters = props.axes.as_str();
    let is_plain = letters.ends_with("YX") || letters.ends_with("YXS");
    let rows = letters.find('Y').filter(|_| is_plain && letters.len() == props.shape.len())?;
    Some((rows, rows + 1))
}

fn no_rows() -> Error {
    Error::unsupported("the options \"region\" and \"reduce\" take images of rows and columns, with samples last")
}

/// The properties of an image that is made smaller.
fn shrink(props: &mut Props, reduce: &Reduce) -> Result<()> {
    let (rows, columns) = sides(props).ok_or_else(no_rows)?;
    let mut shape = props.shape.to_vec();
    for axis in [rows, columns] {
        shape[axis] = reduce.side(shape[axis]);
        props.spacing[axis] *= reduce.by as f64;
    }
    props.shape = Shape::of(&shape);
    Ok(())
}

/// The properties of a part of an image; the part of the image as it is stored.
fn cut(props: &mut Props, area: Area, turn: Option<Orientation>) -> Result<Area> {
    let (rows, columns) = sides(props).ok_or_else(no_rows)?;
    let mut shape = props.shape.to_vec();
    area.check(shape[columns], shape[rows])?;
    let stored = turn.map_or(area, |turn| area.stored(turn, shape[columns], shape[rows]));
    (shape[rows], shape[columns]) = (area.height, area.width);
    props.shape = Shape::of(&shape);
    Ok(stored)
}

/// The 8-bit image from which one with these properties is dithered.
fn dithered_from(props: &Props, dither: &Dither) -> Props {
    let mut from = props.clone();
    let mut shape = props.shape.to_vec();
    if props.axes.as_str().ends_with('S') {
        shape.pop();
    }
    let mut axes = props.axes.as_str().trim_end_matches('S').to_owned();
    if dither.samples().0 > 1 {
        shape.push(dither.samples().0);
        axes.push('S');
    }
    (from.shape, from.axes, from.dtype) = (Shape::of(&shape), crate::model::Axes::new(&axes), DType::U8);
    from
}

/// Whether images are given upright.
pub(super) fn rotates(call: &Call) -> bool {
    call.bool("rotate") || call.bool("exifrotate")
}

fn wanted_dtype(call: &Call) -> Result<Option<DType>> {
    let value = call.get("dtype");
    match value.as_str() {
        Some(name) => match DType::from_name(name) {
            Some(dtype) => Ok(Some(dtype)),
            None => Err(Error::option(format!("option \"dtype\" is a numpy name such as \"uint16\", not {name:?}"))),
        },
        None if value.kind() == Kind::Null => Ok(None),
        None => Err(Error::option("option \"dtype\" is a name")),
    }
}
