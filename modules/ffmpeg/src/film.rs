//! Pictures one after the other: decoded, and filtered if that is asked for.

use crate::av::{Frame, number_of};
use crate::decode::{MENDED, Manner, Player, is_key, is_mended};
use crate::demux::Demuxer;
use crate::filter::Graph;
use crate::index::{Index, Naming};
use crate::input::Resource;
use crate::versions;
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::cmp::Ordering;
use std::sync::{Arc, Mutex};

/// What a film shows.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Spec {
    /// Filters in FFmpeg's language.
    pub filter: Option<String>,
    pub partial: bool,
    pub threads: usize,
    pub thread_type: Option<&'static str>,
    /// The decoder that sees the alpha which is asked for, where FFmpeg's own does not.
    pub alpha: Option<&'static str>,
}

/// The index of a file, made when it is first needed and shared by its cursors.
#[derive(Clone, Default)]
pub struct Shared(Arc<Mutex<Option<Arc<Index>>>>);

impl Shared {
    pub fn get(&self, resource: &Resource, manner: &Manner) -> Result<Arc<Index>> {
        let mut known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(index) = &*known {
            return Ok(index.clone());
        }
        let index = Arc::new(Index::build(resource, manner)?);
        *known = Some(index.clone());
        Ok(index)
    }

    pub fn known(&self) -> Option<Arc<Index>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// What the packets said was not what came out: all is decoded once.
    fn correct(&self, resource: &Resource, manner: &Manner) -> Result<Arc<Index>> {
        kit::log(kit::Level::Debug, "the packets do not tell the frames; they are decoded to find them");
        let index = Arc::new(Index::decoded(resource, manner)?);
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(index.clone());
        Ok(index)
    }
}

/// A running film.
pub struct Film {
    player: Player,
    resource: Resource,
    manner: Manner,
    shared: Shared,
    filter: Option<String>,
    graph: Option<Graph>,
    /// The decoder, or the graph behind it, has nothing more.
    ended: bool,
    /// Pictures of the decoder that were passed: the index of the next one.
    next: usize,
    /// The next picture, looked at.
    held: Option<Frame>,
    /// Whether the graph was told of the end of all.
    drained: bool,
    /// A picture that wants another graph, until the one that is there has given what it holds.
    waiting: Option<Frame>,
    /// What the numbers of pictures mean, while the player numbers them.
    names: Option<Arc<Index>>,
    /// The index by which the player was sent where it is; none: it came from the start.
    jumped: Option<Arc<Index>>,
    /// Jumps behind each of which one picture was taken, and not the next: then only the picture is decoded that is gone to.
    apart: usize,
}

impl Film {
    /// From its start; in a container that is open there and looked into, if there is one.
    pub fn open(
        resource: &Resource,
        manner: &Manner,
        spec: &Spec,
        shared: &Shared,
        ready: Option<Demuxer>,
    ) -> Result<Film> {
        let mut manner =
            Manner { threads: spec.threads, thread_type: spec.thread_type, partial: spec.partial, ..manner.clone() };
        if let (None, Some(alpha)) = (&manner.decoder, spec.alpha) {
            manner.decoder = Some(alpha.to_owned());
        }
        let player = match ready {
            Some(demuxer) => Player::of(demuxer, &manner)?,
            None => Player::open(resource, &manner)?,
        };
        let mut film = Film::live(player, resource.clone(), manner);
        (film.shared, film.filter) = (shared.clone(), spec.filter.clone());
        Ok(film)
    }

    /// Of a device, which only goes on.
    pub fn live(player: Player, resource: Resource, manner: Manner) -> Film {
        Film {
            player,
            resource,
            manner,
            shared: Shared::default(),
            filter: None,
            graph: None,
            ended: false,
            next: 0,
            held: None,
            drained: false,
            waiting: None,
            names: None,
            jumped: None,
            apart: 0,
        }
    }

    /// Sends what comes next through other filters.
    pub fn refilter(&mut self, filter: Option<String>) {
        if self.filter != filter {
            (self.filter, self.graph, self.held) = (filter, None, None);
        }
    }

    /// Lets go of a picture that was looked at.
    pub fn forget(&mut self) {
        self.held = None;
    }

    /// The decoder and container.
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// Seconds that a unit of the pictures' times takes.
    pub fn unit(&self) -> f64 {
        match &self.graph {
            Some(graph) => number_of(graph.time_base()),
            None => number_of(self.player.demuxer().video().time_base),
        }
    }

    /// The index of the next picture that `take` gives.
    pub fn place(&self) -> usize {
        self.next
    }

    /// Looks at the next picture; `None` after the last.
    pub fn peek(&mut self) -> Result<Option<&Frame>> {
        if self.held.is_none() && !self.ended {
            match self.pull() {
                Ok(Some(frame)) => self.held = Some(frame),
                Ok(None) => {
                    self.ended = true;
                    self.check_end()?;
                }
                Err(e) => {
                    // A picture that is damaged is passed.
                    if e.kind() == kit::Kind::Corrupt {
                        self.next = self.next.saturating_add(1);
                    }
                    return Err(e);
                }
            }
        }
        Ok(self.held.as_ref())
    }

    /// The next picture, which is passed.
    pub fn take(&mut self) -> Result<Option<Frame>> {
        self.peek()?;
        let frame = self.held.take();
        self.next += usize::from(frame.is_some());
        Ok(frame)
    }

    /// A film that ends before its container says is cut off.
    fn check_end(&self) -> Result<()> {
        if self.filter.is_some() || self.manner.partial {
            return Ok(());
        }
        let (demuxer, size) = (self.player.demuxer(), self.resource.size());
        let told = demuxer.video().nb_frames;
        if told <= 0 || !demuxer.format().contains("mov") || self.next as i64 >= told || demuxer.listed(size).is_some()
        {
            return Ok(());
        }
        // Or an edit list leaves its end out.
        let mut wish = self.manner.wish.clone();
        wish.options.retain(|(key, _)| key != "ignore_editlist");
        wish.options.push(("ignore_editlist".into(), "1".into()));
        let whole = Demuxer::open(&self.resource, &wish, false)?;
        if whole.listed(size).is_some() {
            return Ok(());
        }
        Err(Error::corrupt(format!("the file ends at frame {} of {told}", self.next)))
    }

    fn pull(&mut self) -> Result<Option<Frame>> {
        let Some(text) = self.filter.clone() else {
            self.apart = 0;
            if self.player.is_dry() {
                return self.resume();
            }
            let frame = self.player.next()?;
            let place = frame.as_ref().and_then(|frame| self.named(frame));
            return match self.is_next(frame.as_ref(), place) {
                true => Ok(frame),
                // The decoder left pictures out: it could not begin where it was told to.
                false => {
                    self.find(self.next, 1)?;
                    self.found()
                }
            };
        };
        loop {
            if let Some(graph) = &mut self.graph {
                if let Some(frame) = graph.receive()? {
                    return Ok(Some(frame));
                }
                if self.drained {
                    return Ok(None);
                }
            }
            let next = match self.waiting.take() {
                Some(frame) => Some(frame),
                None => self.player.next()?,
            };
            match next {
                None => {
                    let Some(graph) = &mut self.graph else { return Ok(None) };
                    graph.send(None)?;
                    self.drained = true;
                }
                Some(frame) => {
                    if let Some(graph) = self.graph.as_mut().filter(|graph| !graph.fits(&frame) && !graph.is_closed()) {
                        graph.send(None)?;
                        self.waiting = Some(frame);
                        continue;
                    }
                    let time = frame.time();
                    // SAFETY: the frame is ours.
                    unsafe { (*frame.raw()).pts = time };
                    self.graph_for(&text, &frame)?.send(Some(&frame))?;
                }
            }
        }
    }

    /// Goes on behind a picture that was decoded alone.
    fn resume(&mut self) -> Result<Option<Frame>> {
        let i = self.next;
        if self.jumped.as_ref().is_some_and(|index| i >= index.entries.len()) {
            return Ok(None);
        }
        let found = self.find(i, 0);
        if found.as_ref().is_err_and(|e| e.kind() == kit::Kind::Corrupt) {
            // A damaged picture is passed, and those behind it come.
            (self.next, self.ended) = (i, false);
        }
        found?;
        self.found()
    }

    /// The picture that was gone to.
    fn found(&mut self) -> Result<Option<Frame>> {
        if let Some(frame) = self.held.take() {
            return Ok(Some(frame));
        }
        let frame = self.player.next()?;
        frame.as_ref().and_then(|frame| self.named(frame));
        Ok(frame)
    }

    /// Whether a picture behind a jump is the one that the index has next.
    fn is_next(&self, frame: Option<&Frame>, place: Option<Option<usize>>) -> bool {
        let Some(index) = &self.jumped else { return true };
        let Some(wanted) = index.entries.get(self.next) else { return true };
        match (frame, place) {
            (None, _) => false,
            (Some(_), Some(place)) => place == Some(self.next),
            (Some(frame), None) => frame.time() == wanted.pts,
        }
    }

    fn graph_for(&mut self, text: &str, frame: &Frame) -> Result<&mut Graph> {
        if self.graph.as_ref().is_none_or(|graph| !graph.fits(frame)) {
            let video = self.player.demuxer().video();
            let rate = self.rate();
            let graph = Graph::new(text, frame, video.time_base, rate)?;
            // Before there is a picture of it.
            kit::Limits { max_pixels: self.manner.max_pixels, max_bytes: u64::MAX }.check(graph.pixels(), 0)?;
            self.graph = Some(graph);
        }
        self.graph.as_mut().ok_or_else(|| Error::internal("no filters"))
    }

    /// Frames a second as FFmpeg guesses them.
    fn rate(&self) -> ff::AVRational {
        let demuxer = self.player.demuxer();
        // SAFETY: the stream is the container's; no frame is needed.
        unsafe { ff::av_guess_frame_rate(demuxer.raw(), demuxer.stream_raw(demuxer.stream), std::ptr::null_mut()) }
    }

    /// Begins again at the first picture.
    fn rewind(&mut self) -> Result<()> {
        let aims = self.player.aims();
        self.player = Player::open(&self.resource, &self.manner)?;
        // What went wrong with it once would again, without end.
        if !aims {
            self.player.stop_aiming();
        }
        (self.graph, self.held, self.names, self.jumped, self.waiting) = (None, None, None, None, None);
        (self.ended, self.drained, self.next) = (false, false, 0);
        Ok(())
    }

    /// Makes picture `i` the next one.
    pub fn seek(&mut self, i: usize) -> Result<()> {
        if i == self.next {
            return Ok(());
        }
        if self.filter.is_some() {
            return self.run_to(i);
        }
        self.find(i, 0)
    }

    /// Makes picture `i` the next one, from a key frame that is at least so many before the one before it.
    fn find(&mut self, i: usize, least: usize) -> Result<()> {
        let mut index = self.shared.get(&self.resource, &self.manner)?;
        loop {
            if i >= index.entries.len() {
                return Err(Error::index(format!("no image {i} of {}", index.entries.len())));
            }
            // No key frame is before: it is among the first of a film that begins inside a group.
            if index.key_of(i, 0).is_none() && index.naming != Naming::Nothing {
                self.lose();
                return self.run_to(i);
            }
            // Where decoding cannot begin at a key frame after all, it can at one before.
            for before in least..least + 3 {
                if self.jump(i, before, &index)? {
                    return Ok(());
                }
            }
            // Once more, with nothing left out.
            if self.player.stop_aiming() {
                continue;
            }
            if index.exact {
                self.lose();
                return self.run_to(i);
            }
            index = self.shared.correct(&self.resource, &self.manner)?;
        }
    }

    /// Decodes up to picture `i`, from here or from the start.
    fn run_to(&mut self, i: usize) -> Result<()> {
        if i < self.next {
            self.rewind()?;
        }
        let mut beat = crate::beat::Beat::new();
        while self.next < i {
            match self.take() {
                Ok(Some(_)) => {}
                Ok(None) => return Err(Error::index(format!("no image {i} of {}", self.next))),
                // Damage is told of the picture that is asked for.
                Err(e) if e.kind() == kit::Kind::Corrupt && !self.ended => {}
                Err(e) => return Err(e),
            }
            beat.tick(self.next as u64, i as u64)?;
        }
        Ok(())
    }

    /// Goes to picture `i` from a key frame before it. `false`: another picture came out.
    fn jump(&mut self, i: usize, before: usize, index: &Arc<Index>) -> Result<bool> {
        let Some(key) = index.key_of(i, before) else { return Ok(false) };
        let near = self.next < i && key <= self.next && !self.ended && self.next != usize::MAX;
        self.apart = if near { 0 } else { self.apart.saturating_add(1) };
        let ahead = near && !self.player.is_dry();
        let start = &index.entries[key];
        let there = match index.naming {
            Naming::Nothing => return Ok(false),
            Naming::Time if ahead && !self.player.stamps() => true,
            Naming::Time => self.player.seek(start)?,
            // What comes next is known by counting.
            Naming::Ordinal if ahead => return self.run_to(i).map(|()| true),
            Naming::Ordinal => self.player.seek_packet(start, index.anew)?,
        };
        (self.held, self.ended, self.drained, self.names) = (None, false, false, None);
        if !there {
            self.rewind()?;
            if index.naming == Naming::Ordinal {
                return self.run_to(i).map(|()| true);
            }
        }
        if self.player.stamps() {
            self.names = Some(index.clone());
        }
        self.jumped = Some(index.clone());
        self.player.aim(index.entries[i].pts, start.pts, self.apart > 1, index.highest);
        let found = self.decode_to(i, key, index);
        if !matches!(found, Ok(true)) {
            self.lose();
        }
        found
    }

    /// Decodes from a key frame up to picture `i`, which is known by its time, or by its packet where those are numbered.
    fn decode_to(&mut self, i: usize, key: usize, index: &Index) -> Result<bool> {
        let mut beat = crate::beat::Beat::new();
        let mut last = None;
        let (wanted, start) = (index.entries[i].pts, index.entries[key].pts);
        loop {
            // What is before the wanted picture may lack what it refers to.
            let Some(frame) = self.player.next_any()? else { return Ok(false) };
            let place = self.named(&frame);
            // A container may call what it likes a key frame.
            let first = place.map_or(frame.time() == start, |place| place == Some(key));
            if first && !is_key(&frame) {
                return Ok(false);
            }
            let here = match place {
                Some(place) => {
                    // In order, and none left out: else the packets did not tell the truth.
                    if place.is_none() || last.is_some_and(|last| place != Some(last + 1)) {
                        return Ok(false);
                    }
                    last = place;
                    place.cmp(&Some(i))
                }
                None => frame.time().cmp(&wanted),
            };
            match here {
                Ordering::Less => {}
                Ordering::Greater => return Ok(false),
                // Of a picture of two fields the other may have been left out.
                Ordering::Equal if self.player.has_aimed() && versions::is_interlaced(&frame) => return Ok(false),
                Ordering::Equal => {
                    self.player.forgive();
                    if is_mended(&frame) && !self.manner.partial {
                        return Err(Error::corrupt(MENDED));
                    }
                    self.held = Some(frame);
                    (self.next, self.ended) = (i, false);
                    return Ok(true);
                }
            }
            beat.tick(0, 0)?;
        }
    }

    /// Where pictures are numbered, which one this is, if the index knows it; it gets its time back.
    fn named(&self, frame: &Frame) -> Option<Option<usize>> {
        let names = self.names.as_ref()?;
        let place = names.place(frame.get().pts);
        let time = place.map_or(ff::AV_NOPTS_VALUE, |i| names.entries[i].pts);
        // SAFETY: the frame is ours.
        unsafe { ((*frame.raw()).pts, (*frame.raw()).best_effort_timestamp) = (time, time) };
        Some(place)
    }

    /// Nobody knows where the decoder stands: the next picture is gone to.
    fn lose(&mut self) {
        self.held = None;
        self.ended = true;
        self.next = usize::MAX;
    }
}
