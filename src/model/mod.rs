//! What an image is: items, shapes, views, properties, values and limits. No input or output, and no format's name.

mod convert;
mod destination;
mod dtype;
mod json;
mod limits;
mod props;
mod shape;
mod text;
mod value;

pub use convert::{Cast, cast};
pub use destination::Destination;
pub use dtype::{DType, DTypeKind};
pub use limits::{Limits, MAX_METADATA, zeroed};
pub use props::{Axes, Color, Index, Props};
pub use shape::{Shape, byte_len};
pub use strided::{Layout, MAX_NDIM, View, ViewMut};
pub use text::Text;
pub use value::{Array, Dict, Kind, List, Progress, Value};
