//! Chunks that are a LERC blob, bare or compressed once more. Who has the module `lerc` can read them.

use super::super::super::tags::tag;
use super::super::jobs::Loaded;
use super::Codecs;
use super::picture::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Cast, Destination, Dict, Index, ViewMut};
use crate::plugin::registry;
use crate::plugin::{Call, Outcome};
use crate::resource::read_memory;

/// What a blob takes beyond its samples as they are.
const HEADER: usize = 64 << 10;

/// A LERC blob: the samples by themselves, those that are not valid as zero.
pub fn lerc(codecs: &mut Codecs, page: &Loaded, bytes: &[u8], target: &Target, out: &mut [u8]) -> Result<usize> {
    let parameters = page.tiff.uints(&page.page.directory, tag::LERC_PARAMETERS)?.unwrap_or_default();
    // No blob is much larger than its samples, of which a whole chunk has as many rows as its tile or strip.
    let (_, rows, width) = page.page.form.chunk();
    let samples = [rows, width, target.extent.samples, target.dtype.size()];
    let most =
        samples.into_iter().try_fold(1usize, usize::checked_mul).and_then(|n| n.checked_mul(2)?.checked_add(HEADER));
    let most = most.ok_or_else(|| Error::limit("a chunk too large to address"))?;
    let mut inflated = |unpack: &mut dyn FnMut(&mut Codecs, &mut [u8]) -> Result<usize>| -> Result<Vec<u8>> {
        let mut blob = target.limits.allocate(most)?;
        let len = unpack(codecs, &mut blob)?;
        blob.truncate(len);
        Ok(blob)
    };
    let blob = match parameters.get(1) {
        None | Some(0) => bytes.to_vec(),
        Some(1) => inflated(&mut |codecs, blob| codecs.inflate(bytes, blob, false))?,
        Some(2) => inflated(&mut |codecs, blob| codecs.zstd(bytes, blob))?,
        Some(other) => return Err(Error::unsupported(format!("LERC compressed once more by {other}"))),
    };
    let module = registry::table().find("lerc")?;
    let call = Call::new(Dict::new(), module.declared.clone(), *target.limits, 1);
    let opened = module.plugin.open(read_memory(blob, Some(".lerc"))?, &call);
    let mut reader = opened.map_err(|e| match e.kind() {
        ErrorKind::NoBackend => Error::corrupt("a chunk without the mark of LERC"),
        _ => e,
    })?;
    let props = reader.props(Index::At(0), &call)?;
    let (height, width, samples) = match *props.shape {
        [height, width] => (height, width, 1),
        [height, width, samples] => (height, width, samples),
        _ => return Err(Error::unsupported(format!("a LERC blob of shape {}", props.shape))),
    };
    target.check(width, height, samples, props.dtype)?;
    target.place(width, height, out, |rows| {
        let view = ViewMut::packed(rows, props.dtype.size(), &props.shape);
        let view = view.ok_or_else(|| Error::internal("a LERC blob of another size than its samples"))?;
        let mut to = Destination::new(view, Cast::plain(props.dtype, props.dtype), *target.limits);
        match reader.read(Index::At(0), &call, &mut to)? {
            Outcome::Partial if !target.partial => Err(Error::corrupt("a LERC blob that is cut off")),
            _ => Ok(()),
        }
    })
}
