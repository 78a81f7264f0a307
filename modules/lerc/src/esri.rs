//! Esri's library: found when the module is loaded, and its three functions that are needed.

use kit::{DType, Error, Result};
use libloading::Library;
use std::ffi::c_uint;

/// The names that the library has.
const NAMES: [&str; 6] =
    ["libLerc.so.4", "libLerc.so.3", "libLercLib.so.4", "libLerc.so", "libLercLib.so", "libLerc.so.2"];

type GetBlobInfo = unsafe extern "C" fn(*const u8, c_uint, *mut c_uint, *mut f64, i32, i32) -> c_uint;
type Decode =
    unsafe extern "C" fn(*const u8, c_uint, i32, *mut u8, i32, i32, i32, i32, c_uint, *mut std::ffi::c_void) -> c_uint;

/// The library.
pub struct Esri {
    get_blob_info: GetBlobInfo,
    decode: Decode,
    // The functions are of it.
    _library: Library,
}

/// What a blob says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    pub version: u32,
    pub dtype: DType,
    /// The number by which the library knows the type.
    kind: c_uint,
    /// Values of a pixel.
    pub depth: usize,
    pub columns: usize,
    pub rows: usize,
    pub bands: usize,
    pub valid: u32,
    /// Bytes of the blob.
    pub len: usize,
    /// The least value, the greatest, and the error that was allowed.
    pub range: [f64; 3],
}

/// The library's status as an error.
fn check(status: c_uint) -> Result<()> {
    match status {
        0 => Ok(()),
        3 => Err(Error::corrupt("the LERC blob ends too early")),
        4 => Err(Error::unsupported("the LERC blob has values for no data that differ from band to band")),
        status => Err(Error::corrupt(format!("the LERC blob is damaged (status {status})"))),
    }
}

impl Esri {
    /// Finds the library.
    pub fn load() -> Result<Esri> {
        let missing = || {
            let what = "Esri's LERC library is not installed (Debian: liblerc4; its names are libLerc.so.4, libLercLib.so.4 …)";
            Error::unavailable(what)
        };
        // SAFETY: Esri's library does nothing when it is loaded, and the functions have these types since version 2.
        unsafe {
            let library = NAMES.iter().find_map(|name| Library::new(name).ok()).ok_or_else(missing)?;
            let get_blob_info = *library.get::<GetBlobInfo>(b"lerc_getBlobInfo\0").map_err(|_| missing())?;
            let decode = *library.get::<Decode>(b"lerc_decode\0").map_err(|_| missing())?;
            Ok(Esri { get_blob_info, decode, _library: library })
        }
    }

    /// What a blob says.
    pub fn info(&self, blob: &[u8]) -> Result<Info> {
        let size = c_uint::try_from(blob.len()).map_err(|_| Error::unsupported("a LERC blob of 4 GB or more"))?;
        let (mut numbers, mut range) = ([0 as c_uint; 9], [0f64; 3]);
        // SAFETY: the blob has as many bytes, and the arrays as many places, as the library is told.
        check(unsafe { (self.get_blob_info)(blob.as_ptr(), size, numbers.as_mut_ptr(), range.as_mut_ptr(), 9, 3) })?;
        let [version, kind, depth, columns, rows, bands, valid, len, _] = numbers;
        use DType::{F32, F64, I8, I16, I32, U8, U16, U32};
        let dtype = [I8, U8, I16, U16, I32, U32, F32, F64].get(kind as usize).copied();
        let dtype = dtype.ok_or_else(|| Error::unsupported(format!("LERC values of type {kind}")))?;
        let side = |n: c_uint| match i32::try_from(n) {
            Ok(n @ 1..) => Ok(n as usize),
            _ => Err(Error::corrupt(format!("the LERC blob has a side of {n}"))),
        };
        let (depth, columns) = (side(depth)?, side(columns)?);
        Ok(Info {
            version,
            dtype,
            kind,
            depth,
            columns,
            rows: side(rows)?,
            bands: side(bands)?,
            valid,
            len: len as usize,
            range,
        })
    }

    /// Decodes a blob whose `info` was read of the same bytes into memory of just the size.
    pub fn decode(&self, blob: &[u8], info: &Info, out: &mut [u64]) -> Result<()> {
        let values = [info.depth, info.columns, info.rows, info.bands, info.dtype.size()];
        let bytes = values.into_iter().try_fold(1usize, usize::checked_mul);
        if bytes.is_none_or(|bytes| bytes > size_of_val(out)) || blob.len() > c_uint::MAX as usize {
            return Err(Error::internal("the memory for a LERC blob is too small"));
        }
        let [depth, columns, rows, bands] = [info.depth, info.columns, info.rows, info.bands].map(|n| n as i32);
        // SAFETY: the blob has as many bytes as the library is told, and the memory, which is aligned for any type, as
        // many values. No masks are asked for.
        check(unsafe {
            (self.decode)(
                blob.as_ptr(),
                blob.len() as c_uint,
                0,
                std::ptr::null_mut(),
                depth,
                columns,
                rows,
                bands,
                info.kind,
                out.as_mut_ptr().cast(),
            )
        })
    }
}
