//! A TIFF file open for reading: its chain of directories, walked only as far as it is needed, and its pages.

use super::form::Form;
use super::ifd::{Directory, Tiff};
use super::ndpi::Pieces;
use super::tags::tag;
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashSet;
use std::sync::Arc;

/// More pages than any file has: tifffile's bound.
const MOST_PAGES: usize = 1 << 22;

/// Where the directory of a page is. A page that a set of files does not have is `offset` 0, and reads as the fill
/// value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageAt {
    /// Which file of a set: an index into [`File::others`] plus one; 0 is the file itself.
    pub file: u32,
    /// Position of the directory.
    pub offset: u64,
}

impl PageAt {
    /// A directory of the file itself.
    pub const fn here(offset: u64) -> PageAt {
        PageAt { file: 0, offset }
    }

    /// A page that is not there.
    pub const MISSING: PageAt = PageAt { file: 0, offset: 0 };
}

/// A page: its directory and what it says of the pixels.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is.
    pub at: PageAt,
    /// The directory.
    pub directory: Directory,
    /// The form.
    pub form: Form,
}

/// The chain of directories, as far as it was walked.
#[derive(Default)]
struct Chain {
    offsets: Vec<u64>,
    /// The highest of them: one behind it was not seen before, and in most files each is.
    highest: u64,
    /// All of them, once there was one before the highest.
    seen: HashSet<u64>,
    /// The next directory; 0: the chain is at its end.
    next: u64,
    /// Bytes of the directories together. They do not overlap, so a file is at least as long.
    bytes: u64,
    /// Why the chain cannot be walked to its end.
    broken: Option<Error>,
    /// The directory that was read last.
    like: Option<Arc<Directory>>,
}

impl Chain {
    /// Whether a directory was not met before. It counts as met then.
    fn is_new(&mut self, at: u64) -> bool {
        if self.seen.is_empty() {
            if at > self.highest {
                self.highest = at;
                return true;
            }
            self.seen.extend(&self.offsets);
        }
        self.seen.insert(at)
    }
}

/// A directory of the chain.
pub enum Seen {
    /// One that was read.
    New(Arc<Directory>),
    /// One at this offset with the form of the one before.
    Alike(u64),
}

/// An open file.
pub struct File {
    /// The bytes and how numbers lie in them.
    pub tiff: Tiff,
    /// The other files of a set, opened by whoever found the set.
    pub others: Vec<Tiff>,
    chain: Chain,
    /// The page that was asked for last.
    last: Option<Arc<Page>>,
    first: Option<Arc<Page>>,
}

impl File {
    /// The file, its first directory not yet read.
    pub fn new(tiff: Tiff) -> File {
        let chain = Chain { next: tiff.first, ..Chain::default() };
        File { tiff, others: Vec::new(), chain, last: None, first: None }
    }

    /// Goes one directory on. `None`: there is none.
    fn step(&mut self) -> Result<Option<Seen>> {
        let chain = &mut self.chain;
        if let Some(broken) = &chain.broken {
            return Err(broken.clone());
        }
        if chain.next == 0 {
            return Ok(None);
        }
        let at = chain.next;
        let stepped = if !chain.is_new(at) {
            Err(Error::corrupt(format!("the chain of directories comes back to the one at {at}")).at(at))
        } else if chain.offsets.len() >= MOST_PAGES {
            Err(Error::limit(format!("the file has more than {MOST_PAGES} pages")))
        } else {
            look(&self.tiff, at, &mut chain.like).and_then(|(seen, next, len)| {
                chain.bytes += len as u64;
                match self.tiff.len().filter(|&len| chain.bytes > len) {
                    Some(_) => Err(Error::corrupt("directories overlap").at(at)),
                    None => Ok((seen, next)),
                }
            })
        };
        match stepped {
            Ok((seen, next)) => {
                chain.offsets.push(at);
                chain.next = next;
                Ok(Some(seen))
            }
            Err(e) => {
                let page = chain.offsets.len();
                let e = e.context(format_args!("page {page}"));
                chain.broken = Some(e.clone());
                Err(e)
            }
        }
    }

    /// How many pages the chain has. Walks it to its end.
    pub fn page_count(&mut self) -> Result<usize> {
        while self.step()?.is_some() {}
        Ok(self.chain.offsets.len())
    }

    /// Where page `index` of the chain is. Walks no further than that.
    pub fn locate(&mut self, index: usize) -> Result<PageAt> {
        while self.chain.offsets.len() <= index {
            if self.step()?.is_none() {
                let count = self.chain.offsets.len();
                return Err(Error::index(format!("no page {index} of {count}")));
            }
        }
        let offset = self.chain.offsets.get(index).copied();
        offset.map(PageAt::here).ok_or_else(|| Error::internal("a page that was counted is not there"))
    }

    /// Where these pages of the chain are.
    pub fn locate_all(&mut self, pages: impl IntoIterator<Item = usize>) -> Result<Vec<PageAt>> {
        pages.into_iter().map(|index| self.locate(index)).collect()
    }

    /// Whether there is a page `index`.
    pub fn has_page(&mut self, index: usize) -> Result<bool> {
        match self.locate(index) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == ErrorKind::Index => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Has `each` see every directory of the chain in order, each looked at once.
    pub fn for_each(&mut self, mut each: impl FnMut(&Tiff, Seen) -> Result<()>) -> Result<()> {
        let mut like = None;
        for &at in &self.chain.offsets {
            let (seen, ..) = look(&self.tiff, at, &mut like)?;
            each(&self.tiff, seen)?;
        }
        // What is alike is so to what `each` saw.
        self.chain.like = like;
        while let Some(seen) = self.step()? {
            each(&self.tiff, seen)?;
        }
        Ok(())
    }

    /// The file of a set in which a page is.
    pub fn tiff_of(&self, at: PageAt) -> Result<&Tiff> {
        match at.file {
            0 => Ok(&self.tiff),
            n => self.others.get(n as usize - 1).ok_or_else(|| Error::internal("a page of a file that is not open")),
        }
    }

    /// The page of a directory anywhere: of the chain, below another page, in another file of the set.
    pub fn page(&mut self, at: PageAt) -> Result<Arc<Page>> {
        if let Some(last) = self.last.as_ref().filter(|page| page.at == at) {
            return Ok(last.clone());
        }
        let page = Arc::new(self.load(at)?);
        self.last = Some(page.clone());
        Ok(page)
    }

    /// As [`File::page`], which remembers the last page; this does not.
    pub fn load(&self, at: PageAt) -> Result<Page> {
        let tiff = self.tiff_of(at)?;
        let directory = tiff.directory(at.offset)?;
        let form = Form::of(tiff, &directory)?;
        Ok(Page { at, directory, form })
    }

    /// The first page of the file.
    pub fn first(&mut self) -> Result<Arc<Page>> {
        if let Some(first) = &self.first {
            return Ok(first.clone());
        }
        let at = self.locate(0).map_err(|e| match e.kind() {
            ErrorKind::Index => Error::corrupt("the file has no page"),
            _ => e,
        })?;
        let page = self.page(at)?;
        self.first = Some(page.clone());
        Ok(page)
    }

    /// Page `index` of the chain.
    pub fn nth(&mut self, index: usize) -> Result<Arc<Page>> {
        let at = self.locate(index)?;
        self.page(at)
    }

    /// The directories below a page, those that can be.
    pub fn sub_ifds(&self, page: &Page) -> Result<Vec<PageAt>> {
        let offsets = self.tiff_of(page.at)?.uints(&page.directory, tag::SUB_IFDS)?.unwrap_or_default();
        Ok(offsets.into_iter().filter(|&o| o >= 8).map(|offset| PageAt { file: page.at.file, offset }).collect())
    }

    /// The n-th description of a page, `""` if it has none.
    pub fn description(&self, page: &Page, n: usize) -> Result<String> {
        let text = self.tiff_of(page.at)?.nth_text(&page.directory, tag::IMAGE_DESCRIPTION, n);
        Ok(text?.unwrap_or_default())
    }
}

/// Looks at the directory at an offset: what it is, where the next is, and how long it is. `like` is the one that was
/// read last.
fn look(tiff: &Tiff, at: u64, like: &mut Option<Arc<Directory>>) -> Result<(Seen, u64, usize)> {
    if let Some(known) = like
        && at >= 8
        && let Some(next) = tiff.glance(at, known)?
    {
        return Ok((Seen::Alike(at), next, known.len()));
    }
    let directory = Arc::new(tiff.directory(at)?);
    *like = Some(directory.clone());
    let next = directory.next.ok_or_else(|| Error::cut("the file ends within a directory").at(at))?;
    let len = directory.len();
    Ok((Seen::New(directory), next, len))
}

/// Where the pixels of a page lie.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    /// Positions; 0: the chunk is not stored and has the fill value.
    pub offsets: Vec<u64>,
    /// Bytes of each, as stored.
    pub counts: Vec<u64>,
    /// What the chunks are, where they are pieces of one JPEG file.
    pub pieces: Option<Pieces>,
}

impl Chunks {
    /// Where the chunks of a page are. Lists that are too short leave their chunks out; a missing list of lengths is
    /// made up for.
    pub fn of(tiff: &Tiff, page: &Page) -> Result<Chunks> {
        let directory = &page.directory;
        if let Some(pieces) = Pieces::of(tiff, directory)?
            && let Some((offsets, counts)) = Pieces::chunks(tiff, directory)?
        {
            return Ok(Chunks { offsets, counts, pieces: Some(pieces) });
        }
        let list = |tags: [u16; 3]| -> Result<Option<Vec<u64>>> {
            for tag in tags {
                if let Some(found) = tiff.uints(directory, tag)? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        };
        let offsets = list([tag::TILE_OFFSETS, tag::STRIP_OFFSETS, tag::JPEG_INTERCHANGE_FORMAT])?;
        let counts = list([tag::TILE_BYTE_COUNTS, tag::STRIP_BYTE_COUNTS, tag::JPEG_INTERCHANGE_FORMAT_LENGTH])?;
        let offsets = offsets
            .ok_or_else(|| Error::corrupt("the directory does not say where the pixels are").at(directory.offset))?;
        Ok(Chunks { counts: counts.unwrap_or_default(), offsets, pieces: None })
    }
}
