//! A part of a file as a file of its own: the images of collections.

use crate::error::{Error, Result};
use crate::model::{Cast, Destination, Index, Props, ViewMut};
use crate::plugin::{Call, Outcome, Reader};
use crate::resource::{ReadAt, Source};
use std::io;
use std::sync::Arc;

struct Part {
    source: Source,
    from: u64,
    /// Bytes at most.
    len: u64,
}

impl ReadAt for Part {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n = buffer.len().min(left);
        match self.from.checked_add(offset) {
            Some(at) if n > 0 => self.source.read_at(&mut buffer[..n], at),
            _ => Ok(0),
        }
    }

    fn known_len(&self) -> Option<u64> {
        Some(self.source.len()?.saturating_sub(self.from).min(self.len))
    }

    fn as_slice(&self) -> Option<&[u8]> {
        let all = self.source.as_slice()?;
        let from = usize::try_from(self.from).unwrap_or(usize::MAX).min(all.len());
        let rest = &all[from..];
        Some(&rest[..usize::try_from(self.len).unwrap_or(usize::MAX).min(rest.len())])
    }

    fn any_thread(&self) -> bool {
        self.source.any_thread()
    }
}

/// The bytes of a source from there on, at most `len`.
pub fn part(source: &Source, from: u64, len: u64) -> Result<Source> {
    let bytes = Part { source: source.clone(), from, len };
    Source::new(Arc::new(bytes), source.name(), None, None)
}

/// The pixels of the first image of such a file, packed.
pub fn pixels(reader: &mut dyn Reader, call: &Call) -> Result<(Props, Vec<u8>, Outcome)> {
    let props = reader.props(Index::At(0), call)?;
    let mut pixels = call.limits().allocate(call.limits().check(&props)?)?;
    let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape);
    let view = view.ok_or_else(|| Error::internal("an image does not fit its own memory"))?;
    let mut to = Destination::new(view, Cast::plain(props.dtype, props.dtype), *call.limits());
    let outcome = reader.read(Index::At(0), call, &mut to)?;
    Ok((props, pixels, outcome))
}
