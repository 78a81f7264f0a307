//! The contract between files and backends: the traits, the declarations, the registry and the choice of a plugin.

mod bands;
mod call;
mod contract;
mod declare;
pub mod foreign;
mod formats;
mod known;
mod parallel;
pub mod registry;
mod select;

pub use bands::{Bands, put_beside};
pub use call::{Call, check, check_arguments, common, takes};
pub use contract::{Batch, Count, Cursor, Image, Outcome, Plugin, Reader, Writer, has_passed};
pub use declare::{CallKind, Calls, Declaration, FunctionSpec, OptionSpec, OptionType, normal_extension};
pub use parallel::{parallel, put_rows};
pub use select::{Opening, open_reader, open_writer};
