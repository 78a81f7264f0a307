//! What an image is: items, shapes, views, properties, values and limits. No input or output, and no format's name.

mod convert;
mod destination;
mod dtype;
mod json;
mod limits;
mod orientation;
mod props;
mod recolor;
mod shape;
mod text;
mod value;

pub use convert::{Cast, cast};
pub use destination::Destination;
pub use dtype::{DType, DTypeKind};
pub use limits::{Limits, MAX_METADATA, zeroed};
pub use orientation::Orientation;
pub use props::{Axes, Color, Index, Props};
pub use recolor::{Mode as ColorMode, Recolor};
pub use shape::{Shape, byte_len};
pub use strided::{Layout, MAX_NDIM, View, ViewMut};
pub use text::Text;
pub use value::{Array, Dict, Kind, List, Progress, Value};
