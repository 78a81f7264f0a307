//! Dr. Halo's CUT: rows of numbers in runs. What colours they have stands in another file, so that they are given as
//! grays, as FreeImage does.

use super::bits::{Bytes, Run, Unroll, le16};
use super::form::{Form, How};
use super::stills::{RUNS, Raster, Rows, Stills, check_size};
use crate::error::Result;
use crate::model::{Color, DType, Dict};
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// The extensions of such files.
pub const EXTENSIONS: &[&str] = &[".cut"];

/// Bytes of the header: width, height, and two that are nothing.
const HEAD: usize = 6;

/// Whether a file of such a name may begin so: the first row takes some bytes, though not more than its pixels twice.
pub fn is_plausible(head: &[u8]) -> bool {
    let (width, height, first) = (le16(head, 0), le16(head, 2), le16(head, HEAD));
    let fits = (1..=2 * u32::from(width) + 2).contains(&first.into());
    head.len() > HEAD + 2 && width > 0 && height > 0 && le16(head, 4) == 0 && fits
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let head = source.head();
    let (width, height) = (usize::from(le16(head, 0)), usize::from(le16(head, 2)));
    check_size(&source, HEAD as u64, width, height, RUNS)?;
    let form = Form::new((width, height), DType::U8, Color::Gray, "L", How::Bytes);
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| unroll(all, width, rows));
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode }))
}

/// Rows, each behind the number of its bytes: runs and pieces without any, up to a zero.
fn unroll(all: &[u8], width: usize, rows: &mut Rows) -> Result<()> {
    let mut data = Bytes(all.get(HEAD..).unwrap_or_default());
    let mut row = rows.call().limits().allocate(width)?;
    for _ in 0..rows.height() {
        let Some(len) = data.take(2).map(|len| usize::from(le16(len, 0))) else { break };
        let Some(stored) = data.take(len) else { break };
        let mut stored = Bytes(stored);
        let full = Unroll::default().fill(&mut row, || match stored.byte()? {
            0 | 0x80 => None,
            n if n > 0x80 => Some(Run::Same(usize::from(n & 0x7f), stored.byte()?)),
            n => stored.take(n.into()).map(Run::Copy),
        });
        if !full {
            break;
        }
        rows.put(&row)?;
    }
    Ok(())
}
