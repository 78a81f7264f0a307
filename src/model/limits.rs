//! What a read may ask for: checked in one place, before any allocation.

use super::Props;
use crate::error::{Error, Result};

/// Bounds on what one call may make. `None` lifts one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one image.
    pub max_pixels: Option<u64>,
    /// Bytes of one call's result, and of any intermediate.
    pub max_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_pixels: Some(1 << 30), max_bytes: Some(4 << 30) }
    }
}

/// Bytes of metadata that one image may bring.
pub const MAX_METADATA: usize = 256 << 20;

impl Limits {
    /// Refuses a result that is over a limit.
    pub fn check(&self, props: &Props) -> Result<usize> {
        let pixels = props.pixels_per_image().map_or(u64::MAX, |n| n as u64);
        if let Some(most) = self.max_pixels.filter(|&most| pixels > most) {
            return Err(Error::limit(format!(
                "an image of shape {} has {pixels} pixels, over the limit of {most}; raise max_pixels to read it",
                props.shape
            )));
        }
        let bytes = props.nbytes()?;
        self.check_bytes(bytes).map_err(|e| e.context(format_args!("an array of shape {}", props.shape)))?;
        Ok(bytes)
    }

    /// Refuses an intermediate that is over a limit.
    pub fn check_bytes(&self, bytes: usize) -> Result<()> {
        match self.max_bytes.filter(|&most| bytes as u64 > most) {
            Some(most) => {
                Err(Error::limit(format!("{bytes} bytes are over the limit of {most}; raise max_bytes to read it")))
            }
            None => Ok(()),
        }
    }

    /// Zeroed memory for an intermediate: within the limits, or an error and not an abort.
    pub fn allocate(&self, bytes: usize) -> Result<Vec<u8>> {
        self.check_bytes(bytes)?;
        zeroed(bytes)
    }
}

/// Zeroed memory, or an error where there is none. The system has it zeroed: what is not touched costs nothing.
pub fn zeroed(bytes: usize) -> Result<Vec<u8>> {
    let mut memory: Vec<u8> = bytemuck::try_zeroed_vec(bytes).map_err(|()| Error::out_of_memory(bytes))?;
    strided::prefer_large_pages(&mut memory);
    Ok(memory)
}
