//! libjpeg's decoder as `shim.c` has it. The rooms that its calls write to are the callers' to check.

use std::ffi::{CStr, c_char, c_int, c_long, c_ulong};
use std::ptr::NonNull;

use crate::error::{Error, ErrorKind, Result};

/// A progressive file may hold any number of scans, each a pass over the whole image, in a few bytes a scan. Encoders
/// write about ten; 500 is the figure of libjpeg-turbo's own tools.
const MAX_SCANS: i32 = 500;

/// What a call of `shim.c` answers, else it failed.
const DONE: i32 = 1;
const TABLES_ONLY: i32 = 2;

/// `codec_jpeg_header`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawHeader {
    pub width: u32,
    pub height: u32,
    pub components: i32,
    pub precision: i32,
    pub color: i32,
    pub progressive: i32,
    pub lossless: i32,
    pub arithmetic: i32,
    pub density: [i32; 3],
    pub restart_interval: i32,
    pub components_in_scan: i32,
    pub h: [i32; 4],
    pub v: [i32; 4],
    pub scan: usize,
}

impl RawHeader {
    /// Columns and rows of the blocks in which the image is coded. Of one component the factors mean nothing.
    pub fn block_size(&self) -> (u32, u32) {
        let largest = |of: &[i32; 4]| of.iter().take(self.components.max(0) as usize).copied().max().unwrap_or(1);
        match self.components {
            1 => (8, 8),
            _ => (8 * largest(&self.h).unsigned_abs(), 8 * largest(&self.v).unsigned_abs()),
        }
    }
}

/// How to decode: `codec_jpeg_job`, with `scan` the data of the scan where they are not the ones behind the header.
pub(crate) struct Job<'d> {
    pub color: i32,
    pub divisor: u32,
    pub strict: bool,
    pub restart: u32,
    pub max_memory: usize,
    pub crop_x: u32,
    pub crop_width: u32,
    pub scan: Option<&'d [u8]>,
}

#[repr(C)]
struct RawJob {
    color: i32,
    divisor: i32,
    strict: i32,
    restart: i32,
    max_memory: usize,
    crop_x: u32,
    crop_width: u32,
    scan: *const u8,
    scan_size: usize,
}

/// `codec_jpeg_started`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Started {
    pub width: u32,
    pub height: u32,
    pub components: u32,
    pub mcus_per_row: u32,
    pub mcu_rows: u32,
    pub rows_per_mcu_row: u32,
}

#[repr(C)]
struct CodecJpeg {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn codec_jpeg_new(most_scans: i32) -> *mut CodecJpeg;
    fn codec_jpeg_free(decoder: *mut CodecJpeg);
    fn codec_jpeg_read_header(decoder: *mut CodecJpeg, data: *const u8, size: usize, header: *mut RawHeader) -> i32;
    fn codec_jpeg_start(
        decoder: *mut CodecJpeg,
        data: *const u8,
        size: usize,
        job: *const RawJob,
        started: *mut Started,
    ) -> i32;
    fn codec_jpeg_read(decoder: *mut CodecJpeg, rows: *mut u8, pitch: usize, count: u32) -> i32;
    fn codec_jpeg_skip(decoder: *mut CodecJpeg, count: u32) -> i32;
    fn codec_jpeg_finish(decoder: *mut CodecJpeg) -> i32;
    fn codec_jpeg_warned(decoder: *const CodecJpeg) -> c_int;
    fn codec_jpeg_text(decoder: *const CodecJpeg) -> *const c_char;
}

/// A decoder that this value alone knows.
pub(crate) struct Raw(NonNull<CodecJpeg>);

// SAFETY: libjpeg keeps all state of a decoder in the decoder.
unsafe impl Send for Raw {}

/// libjpeg gave up: the words are in the decoder.
pub(crate) struct Failed;

/// What the segments up to a first scan hold.
pub(crate) enum Opening {
    Image(RawHeader),
    Tables,
}

impl Raw {
    pub fn new() -> Result<Raw> {
        // SAFETY: any number of scans will do.
        let decoder = unsafe { codec_jpeg_new(MAX_SCANS) };
        let decoder = NonNull::new(decoder);
        Ok(Raw(decoder.ok_or_else(|| Error::new(ErrorKind::OutOfMemory, "no memory for the JPEG codec"))?))
    }

    /// Reads up to the first scan.
    pub fn read_header(&mut self, data: &[u8]) -> Result<Opening> {
        check_size(data.len())?;
        let mut header = RawHeader::default();
        // SAFETY: the decoder lives; C follows the slice within this call only, since a decoding begins with a slice of
        // its own.
        let status = unsafe { codec_jpeg_read_header(self.0.as_ptr(), data.as_ptr(), data.len(), &mut header) };
        match status {
            DONE => Ok(Opening::Image(header)),
            TABLES_ONLY => Ok(Opening::Tables),
            _ => Err(Error::from_libjpeg(&self.text())),
        }
    }

    /// Begins to decode.
    ///
    /// # Safety
    /// `data` and the scan of the job, if it has one, stay readable until the last call for this decoding.
    pub unsafe fn start(&mut self, data: &[u8], job: &Job) -> std::result::Result<Started, Failed> {
        let job = RawJob {
            color: job.color,
            divisor: job.divisor as i32,
            strict: job.strict.into(),
            restart: job.restart as i32,
            max_memory: job.max_memory,
            crop_x: job.crop_x,
            crop_width: job.crop_width,
            scan: job.scan.map_or(std::ptr::null(), <[u8]>::as_ptr),
            scan_size: job.scan.map_or(0, <[u8]>::len),
        };
        let mut started = Started::default();
        // SAFETY: the decoder lives, and the caller promises the bytes.
        let status = unsafe { codec_jpeg_start(self.0.as_ptr(), data.as_ptr(), data.len(), &job, &mut started) };
        done(status).map(|()| started)
    }

    /// Decodes rows.
    ///
    /// # Safety
    /// A decoding was started whose bytes are still there, and there is room for `count` of its rows, `pitch` bytes
    /// apart, at an address that fits its samples.
    pub unsafe fn read(&mut self, rows: *mut u8, pitch: usize, count: u32) -> std::result::Result<(), Failed> {
        // SAFETY: the decoder lives, and the caller promises the rest.
        done(unsafe { codec_jpeg_read(self.0.as_ptr(), rows, pitch, count) })
    }

    /// Passes over rows.
    ///
    /// # Safety
    /// A decoding was started whose bytes are still there.
    pub unsafe fn skip(&mut self, count: u32) -> std::result::Result<(), Failed> {
        // SAFETY: the decoder lives, and the caller promises the bytes.
        done(unsafe { codec_jpeg_skip(self.0.as_ptr(), count) })
    }

    /// Reads on behind the last row.
    ///
    /// # Safety
    /// A decoding was started whose bytes are still there.
    pub unsafe fn finish(&mut self) -> std::result::Result<(), Failed> {
        // SAFETY: the decoder lives, and the caller promises the bytes.
        done(unsafe { codec_jpeg_finish(self.0.as_ptr()) })
    }

    /// Whether libjpeg met damage and went on.
    pub fn warned(&self) -> bool {
        // SAFETY: the decoder lives.
        unsafe { codec_jpeg_warned(self.0.as_ptr()) != 0 }
    }

    /// libjpeg's words for the first damage met, or for the one that stopped it.
    pub fn text(&self) -> String {
        // SAFETY: the decoder lives, and its text ends with a NUL and stays until the next call; we copy it before.
        unsafe { CStr::from_ptr(codec_jpeg_text(self.0.as_ptr())) }.to_string_lossy().into_owned()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: `new` made the decoder; nothing uses it after drop.
        unsafe { codec_jpeg_free(self.0.as_ptr()) };
    }
}

fn done(status: i32) -> std::result::Result<(), Failed> {
    if status == DONE { Ok(()) } else { Err(Failed) }
}

/// Refuses data whose length C's `long` does not hold, and none at all.
pub(crate) fn check_size(length: usize) -> Result<()> {
    match c_ulong::try_from(length) {
        Ok(0) => Err(Error::new(ErrorKind::Truncated, "no JPEG data")),
        Ok(_) => Ok(()),
        Err(_) => Err(Error::argument(format!("{length} bytes are too many for the JPEG codec"))),
    }
}

/// A bound of memory as C takes it: rounded up to a mebibyte, so that what every image needs is within.
pub(crate) fn memory_bound(bytes: u64) -> usize {
    let mebibytes = bytes.div_ceil(1 << 20).clamp(1, c_long::MAX as u64 >> 20);
    (mebibytes << 20) as usize
}
