//! Views over memory with any strides: the one place where pixels are addressed by pointer.
//!
//! A [`ViewMut`] is made once, by whoever owns the memory or was promised it; everything else (rows,
//! cuts, flips, packing and unpacking) is then safe. Items are moved as bytes: any alignment is taken,
//! and what the bytes mean is not this crate's business.

mod arrays;
mod copy;
mod gather;
mod layout;
mod pages;
mod square;
mod swap;
mod view;

pub use layout::{Layout, MAX_NDIM};
pub use pages::prefer_large_pages;
pub use swap::swap_ends;
pub use view::{View, ViewMut};
