//! Looks at bytes from every side that the library has, and says where two sides tell different things.
//!
//! Refusing the bytes is always right; contradicting itself, breaking a limit and an internal failure never are.

use libimageio::model::{Color, DType, Dict, Index, Props, ViewMut};
use libimageio::plugin::{CallKind, Count, Outcome};
use libimageio::resource::{ReadAt, Source};
use libimageio::v3::{self, Cursor, File};
use libimageio::{ErrorKind, Result};
use std::hash::Hasher;
use std::io;
use std::sync::Arc;

/// Images that are looked at one by one.
const IMAGES: usize = 16;

/// How bytes are looked at.
#[derive(Clone, Copy)]
pub struct View {
    /// The option of that name.
    pub max_bytes: u64,
    /// The option of that name.
    pub threads: i64,
    /// Through a source that gives a few bytes at a time instead of memory.
    pub in_pieces: bool,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Everything that was told: values and errors.
    pub digest: u64,
    /// Reads that gave a whole image.
    pub complete: u32,
    /// Reads that gave part of one.
    pub partial: u32,
}

/// A contradiction, in words.
pub type Contradiction = String;

macro_rules! contradiction {
    ($($words:tt)*) => { return Err(format!($($words)*)) };
}

struct Pieces(Arc<[u8]>);

impl ReadAt for Pieces {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.0.get(at..)).unwrap_or(&[]);
        let n = rest.len().min(buffer.len()).min(1000);
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn known_len(&self) -> Option<u64> {
        Some(self.0.len() as u64)
    }
}

/// The digest of what is told, and the limit that holds meanwhile.
struct Looker {
    hash: std::hash::DefaultHasher,
    limit: u64,
    seen: Seen,
}

/// A read: what it gave, and whether that was all.
type Gave = (Props, Vec<u8>, Outcome);

/// Looks at bytes.
pub fn examine(bytes: &Arc<[u8]>, view: View) -> Result<Seen, Contradiction> {
    let options = Dict::new().with("max_bytes", view.max_bytes as i64).with("threads", view.threads);
    let opened = if view.in_pieces {
        Source::new(Arc::new(Pieces(bytes.clone())), "<bytes>", None, None)
            .and_then(|source| v3::imopen_source(&source, &options))
    } else {
        v3::imopen_bytes(bytes.clone(), &options)
    };
    let mut looker = Looker { hash: Default::default(), limit: view.max_bytes, seen: Seen::default() };
    if let Some(mut file) = looker.told("opening", opened)? {
        looker.file(&mut file)?;
    }
    Ok(Seen { digest: looker.hash.finish(), ..looker.seen })
}

impl Looker {
    /// What succeeded. A failure may be of any kind but that of a defect.
    fn told<T>(&mut self, doing: &str, result: Result<T>) -> Result<Option<T>, Contradiction> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(e) if e.kind() == ErrorKind::Internal => contradiction!("{doing}: internal: {e}"),
            Err(e) if e.kind() == ErrorKind::OutOfMemory => contradiction!("{doing}: memory: {e}"),
            Err(e) => {
                self.hash.write(e.kind().c_name().as_bytes());
                self.hash.write(e.message().as_bytes());
                Ok(None)
            }
        }
    }

    fn file(&mut self, file: &mut File) -> Result<(), Contradiction> {
        // What a cheap count looks at depends on whether the bytes are in memory.
        let before = self.hash.clone();
        let cheap = self.told("a cheap count", file.count(Count::Cheap, &Dict::new()))?.flatten();
        self.hash = before;
        let count = self.told("a count", file.count(Count::Exact, &Dict::new()))?.flatten();
        if let (Some(a), Some(b)) = (cheap, count)
            && a != b
        {
            contradiction!("a cheap count of {a}, an exact one of {b}");
        }
        self.hash.write_usize(count.unwrap_or(usize::MAX));
        let mut first = None;
        let mut all = None;
        for index in [Index::At(0), Index::Default, Index::All] {
            self.meta(file, index)?;
            let whole = self.read(file, index, &Dict::new())?;
            let part = self.read(file, index, &Dict::new().with("allow_partial", true))?;
            match (&whole, &part) {
                (Some((a, x, _)), Some((b, y, Outcome::Complete))) if a == b && x == y => {}
                (Some(_), _) => contradiction!("{index:?}: allow_partial changes a whole read"),
                (None, Some((.., Outcome::Complete))) => contradiction!("{index:?}: allow_partial makes a read whole"),
                _ => {}
            }
            match index {
                Index::At(_) => first = whole,
                Index::All => all = whole,
                Index::Default => {}
            }
        }
        if let (Some((props, pixels, _)), Some((stack, stacked, _))) = (&first, &all) {
            let unit = stack.shape.len() == props.shape.len();
            if (stack.shape[1..] != *props.shape && !unit) || !stacked.starts_with(pixels) {
                contradiction!("the first image of the stack {} is not image 0 {}", stack.shape, props.shape);
            }
        }
        if let Some((props, pixels, _)) = &first {
            self.other_ways(file, props, pixels)?;
        }
        if let Some(count) = count {
            let beyond = file.call(CallKind::Props, &Dict::new()).and_then(|call| file.plan(Index::At(count), &call));
            match beyond {
                Err(e) if e.kind() == ErrorKind::Internal => contradiction!("props beyond the end: {e}"),
                Err(_) => {}
                Ok(_) => contradiction!("there is an image {count} of {count}"),
            }
        }
        self.iterate(file, count, all.as_ref(), &Dict::new())?;
        self.iterate(file, count, None, &Dict::new().with("allow_partial", true))?;
        Ok(())
    }

    /// A read into memory full of garbage, twice with other garbage: what shows through was never written.
    fn read(&mut self, file: &mut File, index: Index, options: &Dict) -> Result<Option<Gave>, Contradiction> {
        let call = match self.told("a call", file.call(CallKind::Read, options))? {
            Some(call) => call,
            None => return Ok(None),
        };
        let Some(plan) = self.told("properties", file.plan(index, &call))? else { return Ok(None) };
        let props = plan.props().clone();
        self.props(&props);
        let Some(bytes) = self.told("limits", file.check_limits(&plan))? else { return Ok(None) };
        if bytes as u64 > self.limit || props.nbytes().ok() != Some(bytes) {
            contradiction!("{bytes} bytes of {} are over the limit", props.shape);
        }
        let mut gave = |garbage: u8, looker: &mut Looker| -> Result<Option<(Vec<u8>, Outcome)>, Contradiction> {
            let mut pixels = vec![garbage; bytes];
            let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape).ok_or("a shape without view")?;
            let outcome = looker.told("a read", file.read_planned(&plan, &call, view, props.dtype))?;
            Ok(outcome.map(|outcome| (pixels, outcome)))
        };
        let (once, twice) = (gave(0xA5, self)?, gave(0x5A, self)?);
        let (once, twice) = match (once, twice) {
            (Some(once), Some(twice)) => (once, twice),
            (None, None) => return Ok(None),
            _ => contradiction!("{index:?}: a second read ends otherwise"),
        };
        if once != twice {
            let at = once.0.iter().zip(&twice.0).position(|(a, b)| a != b);
            contradiction!("{index:?} {}: a second read gives other bytes, at {at:?}", props.shape);
        }
        let (pixels, outcome) = once;
        match outcome {
            Outcome::Complete => self.seen.complete += 1,
            Outcome::Partial => self.seen.partial += 1,
        }
        self.told_pixels(&pixels, outcome);
        Ok(Some((props, pixels, outcome)))
    }

    /// How much of a damaged image there is may depend on the pieces in which its bytes arrive.
    fn told_pixels(&mut self, pixels: &[u8], outcome: Outcome) {
        match outcome {
            Outcome::Complete => self.hash.write(pixels),
            Outcome::Partial => self.hash.write(b"partial"),
        }
    }

    fn props(&mut self, props: &Props) {
        self.hash.write(format!("{props:?}").as_bytes());
    }

    /// The same image into turned memory, and as another dtype.
    fn other_ways(&mut self, file: &mut File, props: &Props, pixels: &[u8]) -> Result<(), Contradiction> {
        let call = self.told("a call", file.call(CallKind::Read, &Dict::new()))?.ok_or("a call that fails now")?;
        let plan = self.told("properties", file.plan(Index::At(0), &call))?.ok_or("props that fail now")?;
        let mut turned = vec![0x5A; pixels.len()];
        let mut shape = props.shape.to_vec();
        shape.swap(0, 1);
        let view = ViewMut::packed(&mut turned, props.dtype.size(), &shape);
        let mut view = view.and_then(|v| v.swap(0, 1)).and_then(|v| v.flip(0)).ok_or("a view that does not turn")?;
        let read = file.read_planned(&plan, &call, view.reborrow(), props.dtype);
        self.told("a strided read", read)?.ok_or("a strided read fails where a packed one does not")?;
        let mut packed = vec![0; pixels.len()];
        view.as_view().pack(&mut packed);
        if packed != pixels {
            contradiction!("a strided read of {} gives other pixels", props.shape);
        }
        for options in [
            Dict::new().with("rotate", true),
            Dict::new().with("mode", "RGBA"),
            Dict::new().with("mode", "L").with("rotate", true).with("dtype", "uint16").with("allow_partial", true),
        ] {
            // Only what Pillow has a mode for is converted to another.
            let known = matches!(props.color, Color::Gray | Color::GrayAlpha | Color::Rgb | Color::Rgba | Color::Cmyk);
            let shaped = matches!(props.axes.as_str(), "YX" | "YXS");
            let plain = matches!(props.dtype, DType::Bool | DType::U8 | DType::U16) && known && shaped;
            let has_modes = plain || !options.contains("mode");
            if self.read(file, Index::At(0), &options)?.is_none()
                && has_modes
                && (props.nbytes().unwrap_or(0) as u64) < self.limit / 8
            {
                contradiction!("a read fails that changes the model of {} {}", props.color.name(), props.dtype);
            }
        }
        if let Some((as_double, ..)) = self.read(file, Index::At(0), &Dict::new().with("dtype", "float32"))?
            && as_double.dtype != DType::F32
        {
            contradiction!("a read as float32 gives {}", as_double.dtype);
        }
        Ok(())
    }

    fn meta(&mut self, file: &mut File, index: Index) -> Result<(), Contradiction> {
        for applied in [true, false] {
            let meta = file.meta(index, &Dict::new().with("exclude_applied", applied));
            let Some(meta) = self.told("metadata", meta)? else { continue };
            let json = self.told("JSON", meta.to_json())?.ok_or("metadata that JSON cannot tell")?;
            if self.told("JSON again", Dict::from_json(&json))?.is_none() {
                contradiction!("metadata whose JSON is none: {json:.200}");
            }
            self.hash.write(json.as_bytes());
        }
        Ok(())
    }

    fn iterate(
        &mut self,
        file: &mut File,
        count: Option<usize>,
        all: Option<&Gave>,
        options: &Dict,
    ) -> Result<(), Contradiction> {
        let Some(mut cursor) = self.told("an iterator", Cursor::new(file, options))? else { return Ok(()) };
        let mut given = 0;
        while given < IMAGES {
            let Some(props) = self.told("the next properties", cursor.props(file))? else { break };
            let Some(props) = props else {
                if count.is_some_and(|count| count > given) {
                    contradiction!("an iterator ends at {given} of {count:?}");
                }
                break;
            };
            self.props(&props);
            // The read would refuse it; the test itself has to have the memory.
            if props.nbytes().map_or(true, |bytes| bytes as u64 > self.limit) {
                break;
            }
            let mut pixels = vec![0xA5; props.nbytes().map_err(|e| e.to_string())?];
            let view = ViewMut::packed(&mut pixels, props.dtype.size(), &props.shape).ok_or("a shape without view")?;
            let read = cursor.next(file, view, props.dtype);
            if let Some(outcome) = self.told("the next image", read)? {
                if outcome.is_none() {
                    contradiction!("an iterator tells properties of an image that it does not have");
                }
                self.told_pixels(&pixels, outcome.unwrap_or(Outcome::Partial));
                let of_stack = all.and_then(|(_, stack, _)| stack.get(given * pixels.len()..)?.get(..pixels.len()));
                if of_stack.is_some_and(|of_stack| of_stack != pixels) {
                    contradiction!("image {given} of the iterator is not that of the stack");
                }
                if let Some(meta) = self.told("its metadata", cursor.meta(file))? {
                    let json = self.told("JSON", meta.to_json())?.ok_or("metadata that JSON cannot tell")?;
                    self.hash.write(json.as_bytes());
                }
            } else if all.is_some() {
                contradiction!("image {given} of the iterator fails, the stack does not");
            }
            given += 1;
        }
        Ok(())
    }
}
