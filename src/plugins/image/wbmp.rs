//! WBMP, the black and white pictures of early telephones: a header of numbers without a mark, then bits.

use super::form::Form;
use super::stills::{PLAIN, Raster, Rows, Stills, check_size};
use crate::error::{Error, Result};
use crate::model::Dict;
use crate::plugin::{Call, Reader};
use crate::resource::Source;

/// The extensions of such files.
pub const EXTENSIONS: &[&str] = &[".wbmp", ".wbm", ".wap"];

/// The one type that there is, and the byte of flags behind it, of which none is set.
const KIND: [u8; 2] = [0, 0];

/// A number in bytes of seven bits, the high ones first, of which all but the last say that another follows.
fn number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut number = 0usize;
    // Sides of more than 28 bits are none.
    for _ in 0..4 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number = number << 7 | usize::from(byte & 0x7f);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Width, height, and where the rows begin.
fn header(head: &[u8]) -> Option<(usize, usize, usize)> {
    let mut at = KIND.len();
    let (width, height) = (number(head, &mut at)?, number(head, &mut at)?);
    (head.starts_with(&KIND) && width > 0 && height > 0).then_some((width, height, at))
}

/// Whether a file of such a name may begin so.
pub fn is_plausible(head: &[u8]) -> bool {
    header(head).is_some()
}

/// Opens a file for reading.
pub fn open(source: Source, _call: &Call) -> Result<Box<dyn Reader>> {
    let found = header(source.head());
    let (width, height, data_at) = found.ok_or_else(|| Error::corrupt("the header says no size").at(2))?;
    let stride = width.div_ceil(8);
    check_size(&source, data_at as u64, stride, height, PLAIN)?;
    let decode = Box::new(move |all: &[u8], rows: &mut Rows| rows.put_plain(all, data_at, stride));
    let form = Form::bool((width, height), 1);
    Ok(Stills::one(Raster { source, form, bottom_up: false, info: Dict::new(), decode }))
}
