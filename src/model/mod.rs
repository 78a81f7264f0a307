//! What an image is: items, shapes, views, properties, values and limits. No input or output, and no format's name.

mod area;
mod convert;
mod destination;
mod dtype;
pub mod exif;
mod icc;
mod json;
mod key;
mod limits;
mod mode;
mod orientation;
mod props;
mod recolor;
mod reduce;
mod shape;
mod steps;
mod text;
mod value;

pub use area::Area;
pub use convert::{Cast, Table, cast};
pub use destination::Destination;
pub use dtype::{DType, DTypeKind};
pub use icc::icc_description;
pub use key::Key;
pub use limits::{Limits, MAX_METADATA, zeroed};
pub use mode::Mode as ColorMode;
pub use orientation::Orientation;
pub use props::{Axes, Color, Index, Props};
pub use recolor::{Conversion, Dither, Recolor, rgb_of_ycbcr, web_palette};
pub use reduce::Reduce;
pub use shape::{Shape, byte_len, item_count};
pub use steps::{Flatten, Gamma, Step, Steps};
pub use strided::{Layout, MAX_NDIM, View, ViewMut};
pub use text::Text;
pub use value::{Array, Dict, Kind, List, Progress, Value, palette_value};
