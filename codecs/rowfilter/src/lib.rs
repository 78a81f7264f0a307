//! PNG's five row filters, done and undone: rows of bytes in, rows of bytes out. No file format is known here, and
//! nothing is allocated but the rows that a [`Filter`] keeps.

#![warn(missing_docs)]

mod filter;
mod unfilter;

pub use filter::{Filter, filter};
pub use unfilter::unfilter;

/// The largest number of a filter.
pub const LAST: u8 = 4;
