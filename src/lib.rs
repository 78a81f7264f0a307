//! libimageio.
