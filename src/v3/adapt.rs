//! What the options that every read takes make of what a plugin delivers: orientation, colour model, dtype.

use crate::error::{Error, Result};
use crate::model::{Cast, ColorMode, DType, Destination, Dict, Kind, Limits, Orientation, Props, Recolor, ViewMut};
use crate::plugin::Call;

/// An image as the plugin delivers it, and as the caller gets it.
#[derive(Clone)]
pub(super) struct Adapted {
    native: Props,
    /// What the caller gets.
    pub props: Props,
    turn: Option<Orientation>,
    recolor: Option<Recolor>,
    /// What the colour conversion makes, before the dtype is changed.
    colored: Props,
}

impl Adapted {
    pub(super) fn new(native: Props, call: &Call) -> Result<Adapted> {
        let turn = if rotates(call) { Orientation::of(&native) } else { None };
        let upright = turn.map_or_else(|| native.clone(), |turn| turn.apply(&native));
        let mode = call.str("mode").or(call.str("pilmode")).map(ColorMode::from_name).transpose()?;
        let recolored = mode.map(|mode| Recolor::new(&upright, mode)).transpose()?.flatten();
        let (recolor, colored) = recolored.map_or((None, upright.clone()), |(recolor, props)| (Some(recolor), props));
        let mut props = colored.clone();
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
        Ok(Adapted { native, props, turn, recolor, colored })
    }

    /// Refuses what is over a limit; the bytes that the result takes.
    pub(super) fn check_limits(&self, limits: &Limits) -> Result<usize> {
        limits.check(&self.native)?;
        limits.check(&self.props)
    }

    /// A destination over the caller's view: its shape has to be the image's, its dtype one that loses nothing.
    pub(super) fn destination<'a>(
        &self,
        call: &Call,
        view: ViewMut<'a>,
        dtype: DType,
        limits: Limits,
    ) -> Result<Destination<'a>> {
        let (shape, given) = (self.props.shape, view.shape());
        if *given != *shape {
            return Err(Error::shape(format!("the destination has shape {given:?}, the image {shape}")));
        }
        let asked = call.given("dtype");
        let fits = if asked { dtype == self.props.dtype } else { self.props.dtype.fits_in(dtype) };
        if !fits {
            let why = if asked { "is not the dtype that was asked for" } else { "does not hold every value of it" };
            let own = self.props.dtype;
            return Err(Error::shape(format!("the destination is {dtype}, which {why}: {own}")));
        }
        let view = match self.turn {
            Some(turn) => turn.stored(view, &self.colored.axes).ok_or_else(|| Error::internal("no rows to turn"))?,
            None => view,
        };
        let from = self.colored.dtype;
        let cast = match call.bool("scale") {
            true => Cast::scaled(from, dtype, self.colored.bits),
            false => Cast::plain(from, dtype),
        };
        let to = Destination::new(view, cast, limits);
        Ok(match self.recolor {
            Some(recolor) => to.recolored(recolor, self.native.shape, self.native.dtype),
            None => to,
        })
    }
}

/// Whether images are given upright.
pub(super) fn rotates(call: &Call) -> bool {
    call.bool("rotate") || call.bool("exifrotate")
}

/// Takes out what a read with these options applies to the pixels.
pub(super) fn exclude_applied(meta: &mut Dict, call: &Call) {
    if rotates(call) && call.bool("exclude_applied") {
        meta.remove("Orientation");
    }
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
