//! The fast way through a still image that is whole: inflated in blocks that stay in the cache, by a second thread
//! where that pays, and unfiltered where the rows go. At the first thing that is not as it should be it gives up, and
//! the `png` crate decodes the image from its start and says what is wrong. So pixels, errors and partial images are the same
//! on every way and with any number of threads.

use super::chunks::Header;
use super::data::{BLOCK, Block, Data, Inflater, Odd};
use super::passes::{Passes, scatter};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::model::Destination;
use crate::plugin::{Bands, Call};
use crate::resource::Source;
use rowfilter::{LAST, unfilter};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

/// Inflated images from this size on are worth a second thread.
const LONG: u64 = 1 << 20;

/// Most blocks between the two threads: inflating goes on while many rows are put into their places.
const AHEAD: usize = 64;

/// Images of a palette are inflated as a whole by libdeflate, which takes two thirds of fdeflate's time for them, but more
/// than that for photographs. The result is three times as large as this memory, and progress can wait for so many bytes.
const AT_ONCE: u64 = 16 << 20;

/// Decodes the image if nothing is wrong with it. `false`: something is, or may be, and nothing was promised of `to`.
pub fn read(source: &Source, header: &Header, rows: &Rows, call: &Call, to: &mut Destination) -> Result<bool> {
    let passes = Passes::new(header);
    let Some(len) = passes.bytes() else { return Ok(false) };
    let job = Job { source, header, len, at_once: header.color == 3 && len <= AT_ONCE };
    if header.interlaced {
        let mut done = false;
        to.fill(&[], |image| {
            done = job.run(Sink::new(&passes, rows, To::Scattered(image))?, call)?;
            Ok(())
        })?;
        return Ok(done);
    }
    if rows.is_same()
        && let Some(image) = to.direct(&[])
    {
        return job.run(Sink::new(&passes, rows, To::Direct(image))?, call);
    }
    job.run(Sink::new(&passes, rows, To::Rows(Bands::new(to, call)?))?, call)
}

struct Job<'a> {
    source: &'a Source,
    header: &'a Header,
    /// Bytes of the inflated image.
    len: u64,
    /// Whether it is inflated as a whole.
    at_once: bool,
}

impl Job<'_> {
    fn run(&self, mut sink: Sink, call: &Call) -> Result<bool> {
        match self.decode(&mut sink, call) {
            Ok(()) => sink.finish(),
            Err(Stop::Odd) => Ok(false),
            Err(Stop::Failed(e)) => Err(e),
        }
    }

    fn decode(&self, sink: &mut Sink, call: &Call) -> std::result::Result<(), Stop> {
        let data = Data::new(self.source, self.header.data_at)?;
        if self.at_once {
            return at_once(data, self.len, sink, call);
        }
        let inflater = Inflater::new(data, self.len);
        if call.threads() > 1 && self.len >= LONG && self.source.any_thread() {
            return beside(inflater, sink, call);
        }
        in_turn(inflater, sink, call)
    }
}

/// Why a decoding stops.
enum Stop {
    Odd,
    /// The caller's destination or progress ended it.
    Failed(Error),
}

impl From<Odd> for Stop {
    fn from(_: Odd) -> Stop {
        Stop::Odd
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

fn in_turn(mut inflater: Inflater, sink: &mut Sink, call: &Call) -> std::result::Result<(), Stop> {
    let mut block = inflater.block();
    while inflater.follow(&mut block)? {
        sink.take(block.bytes(), call)?;
    }
    Ok(())
}

/// Inflates the whole before its rows are made.
fn at_once(data: Data, len: u64, sink: &mut Sink, call: &Call) -> std::result::Result<(), Stop> {
    let image = data.inflated(len)?;
    for block in image.chunks(BLOCK) {
        sink.take(block, call)?;
    }
    Ok(())
}

/// Inflates on a second thread. Rows and progress stay on the caller's.
fn beside(mut inflater: Inflater, sink: &mut Sink, call: &Call) -> std::result::Result<(), Stop> {
    let (full, blocks) = sync_channel(AHEAD);
    let (give_back, used) = channel();
    thread::scope(|scope| {
        let work = move || produce(&mut inflater, full, used);
        thread::Builder::new().name("iio png".into()).spawn_scoped(scope, work).map_err(|_| Stop::Odd)?;
        // The channel is in this scope: when it goes, the other thread ends.
        let blocks = blocks;
        loop {
            match blocks.recv() {
                Ok(Some(block)) => {
                    sink.take(block.bytes(), call)?;
                    let _ = give_back.send(block);
                }
                Ok(None) => return Ok(()),
                Err(_) => return Err(Stop::Odd),
            }
        }
    })
}

/// Sends blocks, and `None` behind the last if all was well. Nobody may be listening any more.
fn produce(inflater: &mut Inflater, full: SyncSender<Option<Block>>, used: Receiver<Block>) {
    let mut last = inflater.block();
    loop {
        // `last` is sent once nothing refers to it, the block before the first never.
        let mut next = used.try_recv().unwrap_or_else(|_| inflater.block());
        let more = inflater.next(&last, &mut next);
        if !last.bytes().is_empty() && full.send(Some(last)).is_err() {
            return;
        }
        match more {
            Ok(true) => last = next,
            Ok(false) => return drop(full.send(None)),
            Err(Odd) => return,
        }
    }
}

/// Where rows go.
enum To<'a, 'b> {
    /// As they are into memory that holds the whole image.
    Direct(&'a mut [u8]),
    Rows(Bands<'a, 'b>),
    /// Pixel by pixel to where their pass has them.
    Scattered(&'a mut [u8]),
}

/// Takes the inflated bytes, undoes filters, and puts rows where they go.
struct Sink<'a, 'b> {
    passes: &'a Passes,
    rows: &'a Rows,
    to: To<'a, 'b>,
    /// The pass and the row in it that come next.
    pass: usize,
    y: usize,
    /// Rows put.
    done: u64,
    /// The beginning of a row whose rest is in the next block.
    begun: Vec<u8>,
    now: Vec<u8>,
    above: Vec<u8>,
    expanded: Vec<u8>,
}

impl<'a, 'b> Sink<'a, 'b> {
    fn new(passes: &'a Passes, rows: &'a Rows, to: To<'a, 'b>) -> Result<Sink<'a, 'b>> {
        let row = passes.longest();
        let expanded = if matches!(to, To::Scattered(_)) { rows.row_bytes() } else { 0 };
        let memory = crate::model::zeroed;
        let (now, above, expanded) = (memory(row)?, memory(row)?, memory(expanded)?);
        Ok(Sink { passes, rows, to, pass: 0, y: 0, done: 0, begun: Vec::new(), now, above, expanded })
    }

    /// Whether all rows came, which are in their places then.
    fn finish(mut self) -> Result<bool> {
        if let To::Rows(to) = &mut self.to {
            to.flush()?;
        }
        Ok(self.pass == self.passes.len() && self.begun.is_empty())
    }

    fn take(&mut self, mut bytes: &[u8], call: &Call) -> std::result::Result<(), Stop> {
        if !self.begun.is_empty() {
            let row = 1 + self.passes.row(self.pass);
            let (rest, behind) = bytes.split_at(bytes.len().min(row - self.begun.len()));
            self.begun.extend_from_slice(rest);
            bytes = behind;
            if self.begun.len() < row {
                return Ok(());
            }
            let mut begun = std::mem::take(&mut self.begun);
            self.row(&begun, call)?;
            begun.clear();
            self.begun = begun;
        }
        while self.pass < self.passes.len() && !bytes.is_empty() {
            let row = 1 + self.passes.row(self.pass);
            let Some((row, behind)) = bytes.split_at_checked(row) else {
                self.begun.extend_from_slice(bytes);
                return Ok(());
            };
            self.row(row, call)?;
            bytes = behind;
        }
        Ok(())
    }

    /// One row, its filter's number before it.
    fn row(&mut self, row: &[u8], call: &Call) -> std::result::Result<(), Stop> {
        let Some((&number, row)) = row.split_first().filter(|(number, _)| **number <= LAST) else {
            return Err(Stop::Odd);
        };
        call.tick(self.done, self.passes.rows())?;
        let step = self.passes.step();
        if let To::Direct(image) = &mut self.to {
            let (before, rest) = image.split_at_mut(self.y * row.len());
            let above = before.rchunks_exact(row.len()).next().unwrap_or(&self.above);
            unfilter(number, step, row, above, rest.get_mut(..row.len()).ok_or(Stop::Odd)?);
        } else {
            if self.y == 0 {
                self.above.fill(0);
            }
            let (now, above) = (&mut self.now[..row.len()], &self.above[..row.len()]);
            unfilter(number, step, row, above, now);
            match &mut self.to {
                To::Rows(to) => to.fill(self.y, |out| {
                    self.rows.expand(now, out);
                    Ok(())
                })?,
                To::Scattered(image) => {
                    let place = self.passes.place(self.pass, self.y);
                    let pixel = self.rows.pixel();
                    let expanded = self.expanded.get_mut(..place.count * pixel).ok_or(Stop::Odd)?;
                    self.rows.expand(now, expanded);
                    scatter(expanded, image, pixel, &place);
                }
                To::Direct(_) => {}
            }
            std::mem::swap(&mut self.now, &mut self.above);
        }
        self.done += 1;
        self.y += 1;
        if self.y == self.passes.height(self.pass) {
            (self.pass, self.y) = (self.pass + 1, 0);
        }
        Ok(())
    }
}
