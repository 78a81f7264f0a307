//! Pictures one after the other: decoded, and filtered if that is asked for.

use crate::av::{Frame, number_of};
use crate::decode::{Manner, Player};
use crate::filter::Graph;
use crate::index::Index;
use crate::input::Resource;
use ffmpeg_sys_next as ff;
use kit::{Error, Result};
use std::sync::{Arc, Mutex};

/// What a film shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spec {
    /// Filters in FFmpeg's language.
    pub filter: Option<String>,
    pub partial: bool,
    pub threads: usize,
    pub thread_type: Option<&'static str>,
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
    /// Whether the graph was told of the end.
    drained: bool,
}

impl Film {
    pub fn open(resource: &Resource, manner: &Manner, spec: &Spec, shared: &Shared) -> Result<Film> {
        let manner =
            Manner { threads: spec.threads, thread_type: spec.thread_type, partial: spec.partial, ..manner.clone() };
        Ok(Film {
            player: Player::open(resource, &manner)?,
            resource: resource.clone(),
            manner,
            shared: shared.clone(),
            filter: spec.filter.clone(),
            graph: None,
            ended: false,
            next: 0,
            held: None,
            drained: false,
        })
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
                        self.next += 1;
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
        let told = self.player.demuxer().video().nb_frames;
        let whole = self.player.demuxer().told_count(self.resource.size());
        if told > 0 && whole.is_none() && self.player.demuxer().format().contains("mov") && (self.next as i64) < told {
            return Err(Error::corrupt(format!("the file ends at frame {} of {told}", self.next)));
        }
        Ok(())
    }

    fn pull(&mut self) -> Result<Option<Frame>> {
        let Some(text) = self.filter.clone() else { return self.player.next() };
        loop {
            if let Some(graph) = &mut self.graph {
                if let Some(frame) = graph.receive()? {
                    return Ok(Some(frame));
                }
                if self.drained {
                    return Ok(None);
                }
            }
            match self.player.next()? {
                None => {
                    let Some(graph) = &mut self.graph else { return Ok(None) };
                    graph.send(None)?;
                    self.drained = true;
                }
                Some(frame) => {
                    let time = frame.time();
                    // SAFETY: the frame is ours.
                    unsafe { (*frame.raw()).pts = time };
                    self.graph_for(&text, &frame)?.send(Some(&frame))?;
                }
            }
        }
    }

    fn graph_for(&mut self, text: &str, frame: &Frame) -> Result<&mut Graph> {
        if self.graph.as_ref().is_none_or(|graph| !graph.fits(frame)) {
            let video = self.player.demuxer().video();
            let rate = self.rate();
            self.graph = Some(Graph::new(text, frame, video.time_base, rate)?);
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
        self.player = Player::open(&self.resource, &self.manner)?;
        (self.graph, self.held, self.ended, self.drained, self.next) = (None, None, false, false, 0);
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
        let mut index = self.shared.get(&self.resource, &self.manner)?;
        let out = |n: usize| Error::index(format!("no image {i} of {n}"));
        if i >= index.entries.len() {
            return Err(out(index.entries.len()));
        }
        if !index.timed {
            return self.run_to(i);
        }
        if self.jump(i, &index)? {
            return Ok(());
        }
        index = self.shared.correct(&self.resource, &self.manner)?;
        if i >= index.entries.len() {
            return Err(out(index.entries.len()));
        }
        if index.timed && self.jump(i, &index)? {
            return Ok(());
        }
        self.rewind()?;
        self.run_to(i)
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

    /// Goes to picture `i` by its time, from the key frame before it. `false`: another picture came out.
    fn jump(&mut self, i: usize, index: &Index) -> Result<bool> {
        let Some(key) = index.key_of(i) else { return Ok(false) };
        let wanted = index.entries[i].pts;
        let ahead = self.next < i && key <= self.next && !self.ended;
        if !ahead {
            let start = index.entries[key];
            (self.held, self.ended, self.drained) = (None, false, false);
            if !self.player.seek(start.pts, start.dts)? {
                self.rewind()?;
            }
        }
        self.held = None;
        let mut beat = crate::beat::Beat::new();
        loop {
            // What is before the wanted picture may lack what it refers to.
            match self.player.next_any() {
                Ok(Some(frame)) if frame.time() == wanted => {
                    self.player.forgive();
                    self.held = Some(frame);
                    (self.next, self.ended) = (i, false);
                    return Ok(true);
                }
                Ok(Some(frame)) if frame.time() > wanted => break,
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(e) => {
                    self.lose();
                    return Err(e);
                }
            }
            if let Err(stop) = beat.tick(0, 0) {
                self.lose();
                return Err(stop);
            }
        }
        self.lose();
        Ok(false)
    }

    /// Nobody knows where the decoder stands: the next picture is gone to.
    fn lose(&mut self) {
        self.held = None;
        self.ended = true;
        self.next = usize::MAX;
    }
}
