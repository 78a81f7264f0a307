//! libimageio.so and libimageio.a: the exported functions of `libimageio`, and nothing of its own.
extern crate libimageio;
