//! Files with one picture.

use super::encoded::Encoded;
use super::{Picture, failed, image, meta};
use crate::error::Result;
use crate::model::{Destination, Dict, Index, Props};
use crate::plugin::{Call, Count, Outcome, Reader};
use crate::resource::Source;
use webp_codec::{ErrorKind, Header, decode_into, decode_into_with};

/// A file with one picture. Its bytes are fetched for each read: few programs read one twice.
pub struct Still {
    source: Source,
    picture: Picture,
}

impl Still {
    pub fn new(source: Source, picture: Picture) -> Still {
        Still { source, picture }
    }
}

impl Reader for Still {
    fn count(&mut self, _how: Count, _call: &Call) -> Result<Option<usize>> {
        Ok(Some(1))
    }

    fn is_uniform(&self) -> bool {
        true
    }

    fn props(&mut self, index: Index, _call: &Call) -> Result<Props> {
        image(index, 1)?;
        Ok(self.picture.props())
    }

    fn read(&mut self, index: Index, call: &Call, to: &mut Destination) -> Result<Outcome> {
        image(index, 1)?;
        let file = self.source.all(call.limits())?;
        let header = Header::parse(&file).map_err(failed)?;
        self.picture.must_be(&header)?;
        if header.lossless == Some(true) {
            // libwebp undoes the coding on four bytes a pixel of its own.
            let bytes = (header.width as usize).saturating_mul(header.height as usize).saturating_mul(4);
            call.limits().check_bytes(bytes).map_err(|e| e.context("the lossless pixels"))?;
        }
        let mut outcome = Outcome::Complete;
        to.fill(&[], |out| {
            if call.bool("allow_partial") {
                outcome = decode_what_is_there(&file, self.picture, call, out)?;
            } else {
                decode(&file, self.picture, call, out)?;
            }
            Ok(())
        })?;
        Ok(outcome)
    }

    fn meta(&mut self, index: Index, call: &Call) -> Result<Dict> {
        image(index, 1)?;
        // Only announced metadata are looked for: without them the first bytes tell everything.
        let meta = if meta::has_chunks(self.source.head()) {
            let all = Encoded::load(&self.source, call.limits())?;
            meta::of_file(all.as_ref(), &Header::parse(all.as_ref()).map_err(failed)?)?
        } else {
            meta::of_file(self.source.head(), &Header::parse(self.source.head()).map_err(failed)?)?
        };
        Ok(meta::finish(meta, self.picture, None))
    }
}

/// All of the picture, or an error.
fn decode(file: &[u8], picture: Picture, call: &Call, out: &mut [u8]) -> Result<()> {
    if call.progress().is_some() {
        return decode_by_rows(file, picture, call, out).1;
    }
    decode_into(file, out, picture.pitch(), picture.format, call.threads() > 1).map_err(failed)
}

/// The rows that can be had of a damaged picture; zeros below.
fn decode_what_is_there(file: &[u8], picture: Picture, call: &Call, out: &mut [u8]) -> Result<Outcome> {
    let (rows, done) = decode_by_rows(file, picture, call, out);
    match done {
        Ok(()) => Ok(Outcome::Complete),
        Err(e) if e.kind() == crate::ErrorKind::Corrupt => {
            if let Some(rest) = out.get_mut(picture.pitch().saturating_mul(rows)..) {
                rest.fill(0);
            }
            Ok(Outcome::Partial)
        }
        Err(e) => Err(e),
    }
}

/// Decodes row after row and says how many are final, also after a failure.
fn decode_by_rows(file: &[u8], picture: Picture, call: &Call, out: &mut [u8]) -> (usize, Result<()>) {
    let mut rows = 0;
    let mut stopped = None;
    let threads = call.threads() > 1;
    let done = decode_into_with(file, out, picture.pitch(), picture.format, threads, &mut |done| {
        rows = done as usize;
        stopped = call.tick(done.into(), picture.height.into()).err();
        stopped.is_none()
    });
    let done = done.map_err(|e| match stopped {
        Some(stopped) if e.kind == ErrorKind::Cancelled => stopped,
        _ => failed(e),
    });
    (rows, done)
}
