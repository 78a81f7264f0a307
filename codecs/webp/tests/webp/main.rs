//! One program for all tests that use the public interface, so that libwebp is linked once.

mod anim;
mod common;
mod hostile;
mod metadata;
mod still;
