//! A decoding under way: rows of samples in their order.

use crate::decode::{Completeness, Header, Tolerance, check_room};
use crate::error::{self, Error, ErrorKind, Result};
use crate::raw::{Failed, Job, Raw, Started};
use crate::{PixelFormat, Scale};

/// Reads the rows of an image, or of a part of it.
pub struct Rows<'d> {
    raw: &'d mut Raw,
    data: &'d [u8],
    plan: Plan,
    next: u32,
    /// What came of the decoding, once nothing more comes of it.
    ended: Option<Completeness>,
}

/// What is decoded.
pub(crate) struct Plan {
    pub header: Header,
    /// Of what is read.
    pub size: (u32, u32),
    pub format: PixelFormat,
    pub tolerance: Tolerance,
    /// Rows that are passed over.
    pub before: u32,
    pub behind: u32,
    /// Whether the data go to the end of the image.
    pub is_end: bool,
}

impl Job<'_> {
    pub fn new(format: PixelFormat, scale: Scale, strict: bool) -> Self {
        Job {
            color: match format {
                PixelFormat::Gray => 0,
                PixelFormat::Rgb => 1,
                PixelFormat::Bgr => 2,
                PixelFormat::Rgba => 3,
                PixelFormat::Cmyk => 4,
                PixelFormat::Pairs => 5,
            },
            divisor: scale.divisor(),
            strict,
            restart: 0,
            max_memory: 0,
            crop_x: 0,
            crop_width: 0,
            scan: None,
        }
    }
}

impl<'d> Rows<'d> {
    /// Begins to decode `data`. `fits` is asked whether what libjpeg makes of them is what was expected.
    pub(crate) fn start(
        raw: &'d mut Raw,
        data: &'d [u8],
        job: &Job<'d>,
        plan: Plan,
        fits: impl FnOnce(&Started) -> bool,
    ) -> Result<Rows<'d>> {
        crate::raw::check_size(data.len())?;
        // SAFETY: `data` is borrowed for as long as the rows, and so is the scan of the job.
        let started = unsafe { raw.start(data, job) };
        let mut rows = Rows { raw, data, plan, next: 0, ended: None };
        match started {
            Err(Failed) => rows.fail()?,
            Ok(started) => {
                let Plan { size, before, behind, format, .. } = rows.plan;
                let found = (started.width, started.height, started.components as usize);
                if found != (size.0, before + size.1 + behind, format.channels()) || !fits(&started) {
                    return Err(Error::new(ErrorKind::Corrupt, "the JPEG data tell two sizes of their image"));
                }
                // SAFETY: a decoding was started just now, whose bytes are borrowed.
                if before > 0 && unsafe { rows.raw.skip(before) }.is_err() {
                    rows.fail()?;
                }
            }
        }
        Ok(rows)
    }

    /// Width and height of what is read.
    pub fn size(&self) -> (u32, u32) {
        self.plan.size
    }

    /// Rows that were not yet read.
    pub fn left(&self) -> u32 {
        self.plan.size.1 - self.next
    }

    /// Decodes the next rows of an image of at most 8 bits a sample. `out` holds at least
    /// `(count - 1) * pitch + width * channels` samples; what lies between rows is not touched. Where
    /// [`Tolerance::Partial`] has damage be no error, rows that the data do not give stay as they are.
    pub fn read_u8(&mut self, out: &mut [u8], pitch: usize, count: u32) -> Result<()> {
        self.read(out, pitch, count)
    }

    /// As [`Rows::read_u8`], for an image of 9 to 16 bits a sample.
    pub fn read_u16(&mut self, out: &mut [u16], pitch: usize, count: u32) -> Result<()> {
        self.read(out, pitch, count)
    }

    fn read<S: Copy + Ord + TryFrom<u32>>(&mut self, out: &mut [S], pitch: usize, count: u32) -> Result<()> {
        self.plan.header.check_width::<S>()?;
        let (width, left) = (self.plan.size.0, self.left());
        if count > left {
            return Err(Error::argument(format!("{count} rows of an image with {left} more")));
        }
        if count == 0 {
            return Ok(());
        }
        check_room(out.len(), (width, count), pitch, self.plan.format)?;
        let bytes = pitch.checked_mul(size_of::<S>());
        let bytes = bytes.ok_or_else(|| Error::argument(format!("a pitch of {pitch} samples is too long")))?;
        self.next += count;
        if self.ended.is_some() {
            return Ok(());
        }
        // SAFETY: `start` began a decoding whose bytes are borrowed, and it has not ended. The check above found room for
        // the rows, which are as wide and of as many samples as `start` compared; the samples are of the size that
        // `check_width` compared, and any bits are one.
        let read = unsafe { self.raw.read(out.as_mut_ptr().cast(), bytes, count) };
        self.keep_within_precision(out, pitch, count);
        if read.is_err() { self.fail() } else { Ok(()) }
    }

    /// Reads on to the end of the image, of which all rows were read; how much of it was in the data.
    pub fn finish(self) -> Result<Completeness> {
        if self.left() > 0 {
            return Err(Error::argument(format!("{} rows were not read", self.left())));
        }
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        // SAFETY: `start` began a decoding whose bytes are borrowed, and it has not ended.
        let skipped = if self.plan.behind > 0 { unsafe { self.raw.skip(self.plan.behind) } } else { Ok(()) };
        let done = match skipped {
            // SAFETY: as above.
            Ok(()) if self.plan.is_end => unsafe { self.raw.finish() },
            other => other,
        };
        match done {
            Err(Failed) => self.outcome(true),
            Ok(()) if self.raw.warned() => self.outcome(false),
            Ok(()) => Ok(Completeness::Complete),
        }
    }

    /// libjpeg gave up: an error, unless that is tolerated.
    fn fail(&mut self) -> Result<()> {
        self.ended = Some(self.outcome(true)?);
        Ok(())
    }

    /// What the damage amounts to that libjpeg told of, and which `stopped` it or did not.
    fn outcome(&self, stopped: bool) -> Result<Completeness> {
        let text = self.raw.text();
        let mut damage = Error::from_libjpeg(&text);
        if damage.kind == ErrorKind::Corrupt && error::is_warning(&text) && ends_in_a_scan(self.data) {
            damage.kind = ErrorKind::Truncated;
        }
        match (damage.kind, self.plan.tolerance) {
            (ErrorKind::Corrupt, Tolerance::Partial) => Ok(Completeness::Corrupt(damage.message)),
            (ErrorKind::Truncated, Tolerance::Partial) => Ok(Completeness::Truncated(damage.message)),
            (ErrorKind::Corrupt, Tolerance::Corrupt) if !stopped => Ok(Completeness::Corrupt(damage.message)),
            _ => Err(damage),
        }
    }

    /// Lossless data reconstruct modulo 65536, so damage gives samples that the precision does not allow and that the
    /// caller may use as an index. Lossy samples are within range by construction.
    fn keep_within_precision<S: Copy + Ord + TryFrom<u32>>(&self, out: &mut [S], pitch: usize, count: u32) {
        let Plan { header, size, format, .. } = &self.plan;
        if header.lossless
            && let Ok(largest) = S::try_from((1u32 << header.precision) - 1)
        {
            let row = size.0 as usize * format.channels();
            let rows = out.chunks_mut(pitch).take(count as usize);
            rows.flat_map(|samples| &mut samples[..row]).for_each(|sample| *sample = (*sample).min(largest));
        }
    }
}

/// Whether the last marker of the data begins a scan instead of ending the image. libjpeg keeps only the first warning,
/// so this tells that data which are damaged also end too early. Within a scan 0xFF is followed by 0x00 or a restart
/// marker, hence neither marker is found there by chance.
fn ends_in_a_scan(data: &[u8]) -> bool {
    const START_OF_SCAN: [u8; 2] = [0xFF, 0xDA];
    const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];
    data.windows(2).rev().find(|pair| *pair == START_OF_SCAN || *pair == END_OF_IMAGE) != Some(&END_OF_IMAGE[..])
}
