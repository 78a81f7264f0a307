//! A video open for reading.

use crate::av::Frame;
use crate::convert::{Converter, Target};
use crate::decode::Manner;
use crate::demux::{Demuxer, Wish};
use crate::film::{Film, Shared, Spec};
use crate::info::Info;
use crate::input::Resource;
use crate::pixels::{Pixels, Samples};
use crate::{filter, meta};
use kit::{Count, Destination, DictMut, DictRef, Error, Index, Input, Limits, Outcome, Props, Result, ValueKind};
use std::collections::HashMap;

/// The file.
pub struct Video {
    resource: Resource,
    manner: Manner,
    processors: usize,
    info: Info,
    shared: Shared,
    /// The container that properties were told from, for the first film.
    ready: Option<Demuxer>,
    /// The film that single reads go on with.
    running: Option<(Spec, Film)>,
    /// What is told of the picture that was read last from it, and which that is.
    told: Option<(usize, Frame)>,
    converter: Converter,
    /// Pictures that come out of filters.
    counts: HashMap<String, usize>,
    /// Width, height and format of the first picture that comes out of filters.
    forms: HashMap<String, (usize, usize, i32)>,
}

impl Video {
    pub fn open(input: Input, options: DictRef) -> Result<Video> {
        let resource = Resource::new(input);
        let wish = wish(options)?;
        let limits = Limits::of(options);
        let processors = kit::threads(options);
        let manner = Manner {
            wish,
            threads: 1,
            thread_type: None,
            max_pixels: limits.max_pixels,
            partial: false,
            decoder: options.str("codec").map(str::to_owned),
        };
        let (info, ready) = Info::of(&resource, &manner)?;
        Ok(Video {
            resource,
            manner,
            processors,
            info,
            shared: Shared::default(),
            ready,
            running: None,
            told: None,
            converter: Converter::default(),
            counts: HashMap::new(),
            forms: HashMap::new(),
        })
    }

    fn spec(&self, options: DictRef) -> Result<Spec> {
        let given = options.int("thread_count").unwrap_or(0);
        // More than processors: one waits while the caller's thread converts, and others for what they refer to.
        let threads = match (usize::try_from(given).unwrap_or(0), self.processors) {
            (0, 1) => 1,
            (0, n) => (n + 2).min(16),
            (n, _) => n,
        };
        let thread_type = match options.str("thread_type") {
            Some("FRAME") => Some("FRAME"),
            Some("SLICE") => Some("SLICE"),
            _ => None,
        };
        let partial = options.bool("allow_partial") == Some(true);
        let alpha = self.info.alpha.filter(|_| named_format(options).is_some_and(|pixels| pixels.has_alpha()));
        Ok(Spec { filter: filter::wanted(options)?, partial, threads, thread_type, alpha })
    }

    /// The film of these options, to be gone on with.
    fn film(&mut self, spec: &Spec) -> Result<&mut Film> {
        if self.running.as_ref().is_none_or(|(of, _)| of != spec) {
            (self.running, self.told) = (None, None);
            let film = Film::open(&self.resource, &self.manner, spec, &self.shared, self.ready.take())?;
            self.running = Some((spec.clone(), film));
        }
        Ok(&mut self.running.as_mut().ok_or_else(|| Error::internal("no film"))?.1)
    }

    /// What pictures become. Behind filters their size is that of the first that comes out.
    fn target(&mut self, spec: &Spec, options: DictRef) -> Result<Target> {
        let mut known = (self.info.width, self.info.height, self.info.format);
        if let Some(text) = &spec.filter {
            if let Some(&form) = self.forms.get(text) {
                known = form;
            } else {
                let film = self.film(spec)?;
                film.seek(0)?;
                if let Some(frame) = film.peek()? {
                    let (w, h) = frame.size();
                    known = (w, h, frame.get().format);
                    self.forms.insert(text.clone(), known);
                }
            }
        }
        let (width, height) = size(options)?.unwrap_or((known.0, known.1));
        Ok(Target { pixels: wanted_pixels(options, known.2)?, width, height, coded: None })
    }

    fn count(&mut self, spec: &Spec) -> Result<usize> {
        let Some(text) = &spec.filter else {
            // What packets, or decoding, have told is nearer to the truth than the container's table.
            if let Some(count) = self.shared.known().map(|index| index.entries.len()).or(self.info.count) {
                return Ok(count);
            }
            return Ok(self.shared.get(&self.resource, &self.manner)?.entries.len());
        };
        if let Some(&count) = self.counts.get(text) {
            return Ok(count);
        }
        // What filters give is only known when they have given it.
        let mut film = Film::open(&self.resource, &self.manner, spec, &self.shared, self.ready.take())?;
        let mut beat = crate::beat::Beat::new();
        while film.take()?.is_some() {
            beat.tick(film.place() as u64, 0)?;
        }
        self.counts.insert(text.clone(), film.place());
        Ok(film.place())
    }

    fn image_props(&self, target: &Target) -> Result<Props> {
        let mut props = target.pixels.props(target.width, target.height)?;
        if target.pixels.layout != Samples::Bytes {
            props.orientation = self.info.orientation;
        }
        Ok(props)
    }

    /// Whether pictures are turned upright, and what says how is therefore not told.
    fn is_turned(&self, options: DictRef) -> bool {
        let bytes = |pixels: Pixels| pixels.layout == Samples::Bytes;
        (options.bool("rotate") == Some(true) || options.bool("exifrotate") == Some(true))
            && options.bool("exclude_applied") != Some(false)
            && !wanted_pixels(options, self.info.format).is_ok_and(bytes)
    }

    fn read_one(&mut self, spec: &Spec, target: &Target, i: usize, to: &mut Destination) -> Result<()> {
        self.film(spec)?;
        let Some((_, film)) = &mut self.running else { return Err(Error::internal("no film")) };
        film.seek(i)?;
        let mut frame = film.take()?.ok_or_else(|| Error::index(format!("no image {i} of {}", film.place())))?;
        self.converter.place(&frame, target, to)?;
        frame.let_go();
        self.told = Some((i, frame));
        Ok(())
    }
}

/// The stream and the demuxer's options that are asked for.
pub fn wish(options: DictRef) -> Result<Wish> {
    let stream = options.int("stream").map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut named = Vec::new();
    for name in ["options", "container_options"] {
        let Some(dict) = options.dict(name) else { continue };
        for key in dict.keys().filter(|&key| dict.kind(key) != ValueKind::Null) {
            // What opens other things is not the file's business, nor its reader's.
            if ["protocol_whitelist", "enable_drefs", "use_absolute_path", "seg_format_options"].contains(&key) {
                return Err(Error::option(format!("{name}: {key:?} would open other files")));
            }
            let value = dict.to_text(key);
            let value = value.ok_or_else(|| Error::option(format!("{name}: {key:?} is a text or a number")))?;
            named.push((key.to_owned(), value));
        }
    }
    Ok(Wish { stream, options: named })
}

/// Width and height of the option `size`: "WxH" or [W, H].
pub fn size(options: DictRef) -> Result<Option<(usize, usize)>> {
    let wrong = || Error::option("option \"size\" is \"WxH\" or [W, H]");
    let size = match options.kind("size") {
        ValueKind::Absent | ValueKind::Null => return Ok(None),
        ValueKind::Str => {
            let text = options.str("size").unwrap_or("");
            let (w, h) = text.split_once('x').ok_or_else(wrong)?;
            (w.parse().map_err(|_| wrong())?, h.parse().map_err(|_| wrong())?)
        }
        _ => match options.floats("size").as_deref() {
            Some(&[w, h]) if w.fract() == 0.0 && h.fract() == 0.0 => (w as usize, h as usize),
            _ => return Err(wrong()),
        },
    };
    match size {
        (1..=32768, 1..=32768) => Ok(Some(size)),
        _ => Err(wrong()),
    }
}

/// The format that the options name.
fn named_format(options: DictRef) -> Option<Pixels> {
    Pixels::named(options.str("format")?).ok()
}

/// The format of the options: rgb24 unless another is named; null is the stream's own.
pub fn wanted_pixels(options: DictRef, native: i32) -> Result<Pixels> {
    match options.kind("format") {
        ValueKind::Null => Pixels::of(native),
        ValueKind::Str => {
            let name = options.str("format").unwrap_or("");
            let pixels = Pixels::named(name)?;
            if pixels.layout == Samples::Bytes && pixels.format != native {
                return Err(Error::unsupported(format!("{name} is no array of rows; read rgb24, yuv444p, gray …")));
            }
            if pixels.format != native && !pixels.can_be_made() {
                return Err(Error::unsupported(format!(
                    "FFmpeg does not convert to {name}; read rgb24, yuv444p, gray …"
                )));
            }
            Ok(pixels)
        }
        _ => Pixels::named("rgb24"),
    }
}

impl kit::Reader for Video {
    fn count(&mut self, how: Count, options: DictRef) -> Result<Option<usize>> {
        if how == Count::Cheap {
            return Ok(self.shared.known().map(|index| index.entries.len()).or(self.info.count));
        }
        let spec = self.spec(options)?;
        Video::count(self, &spec).map(Some)
    }

    fn props(&mut self, index: Index, options: DictRef) -> Result<Props> {
        let spec = self.spec(options)?;
        let target = self.target(&spec, options)?;
        let mut props = self.image_props(&target)?;
        let count = match (index, self.info.count) {
            (Index::At(0), None) if spec.filter.is_none() => return Ok(props),
            _ => Video::count(self, &spec)?,
        };
        match index {
            Index::At(i) if i >= count => Err(Error::index(format!("no image {i} of {count}"))),
            Index::At(_) => Ok(props),
            _ => {
                if count == 0 {
                    return Err(Error::index("the video has no frame"));
                }
                props = props.stacked(count);
                props.spacing = vec![if spec.filter.is_none() { self.info.step } else { 0.0 }];
                Ok(props)
            }
        }
    }

    fn read(&mut self, index: Index, options: DictRef, mut to: Destination) -> Result<Outcome> {
        let spec = self.spec(options)?;
        let target = self.target(&spec, options)?;
        if let Index::At(i) = index {
            self.read_one(&spec, &target, i, &mut to)?;
            return Ok(Outcome::Complete);
        }
        let count = *to.view.shape().first().unwrap_or(&0);
        for i in 0..count {
            let mut image = to.at(i)?;
            match self.read_one(&spec, &target, i, &mut image) {
                Ok(()) => kit::progress(i as u64 + 1, count as u64)?,
                Err(e) if spec.partial && matches!(e.kind(), kit::Kind::Index | kit::Kind::Corrupt) => {
                    for missing in i..count {
                        let mut image = to.at(missing)?;
                        let zero = kit::zeroed(image.view.layout().packed_len())?;
                        image.view.unpack(&[], &zero);
                    }
                    return Ok(Outcome::Partial);
                }
                Err(e) if e.kind() == kit::Kind::Index => {
                    return Err(Error::corrupt(format!("the file ends at frame {i} of {count}")));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(Outcome::Complete)
    }

    fn meta(&mut self, index: Index, options: DictRef, into: &mut DictMut) -> Result<()> {
        let turned = self.is_turned(options);
        let spec = self.spec(options)?;
        let orientation = self.info.orientation;
        self.film(&spec)?;
        let Some((_, film)) = &mut self.running else { return Err(Error::internal("no film")) };
        match index {
            Index::At(i) => {
                if let Some((_, frame)) = self.told.as_ref().filter(|(of, _)| *of == i) {
                    return meta::frame(frame, film.unit(), film.player().demuxer(), turned, into);
                }
                film.seek(i)?;
                let held = film.peek()?.ok_or_else(|| Error::index(format!("no image {i}")))?.share()?;
                // Filters have a unit of their own, which is known with their first picture.
                meta::frame(&held, film.unit(), film.player().demuxer(), turned, into)
            }
            _ => {
                let told = self.told.as_ref().map(|(_, frame)| frame);
                let shown = match (meta::is_hdr(film.player().demuxer()), told) {
                    (true, None) => film.peek().ok().flatten().map(Frame::share).transpose()?,
                    (true, Some(frame)) => Some(frame.share()?),
                    (false, _) => None,
                };
                meta::file(film.player(), shown.as_ref(), orientation, turned, into)
            }
        }
    }

    fn cursor(&mut self, options: DictRef) -> Result<Box<dyn kit::Cursor>> {
        let spec = self.spec(options)?;
        let target = self.target(&spec, options)?;
        let props = self.image_props(&target)?;
        Ok(Box::new(Cursor {
            film: Film::open(&self.resource, &self.manner, &spec, &self.shared, self.ready.take())?,
            converter: Converter::default(),
            target,
            props,
            last: None,
            turned: self.is_turned(options),
        }))
    }

    fn call(&mut self, function: &str, _arguments: DictRef, result: &mut DictMut) -> Result<()> {
        let spec = Spec { threads: 1, ..Spec::default() };
        match function {
            "container_metadata" => meta::container_tags(self.film(&spec)?.player().demuxer(), result),
            "video_stream_metadata" => meta::stream_tags(self.film(&spec)?.player().demuxer(), result),
            "init_video_stream" | "write_frame" | "set_video_filter" => {
                Err(Error::new(kit::Kind::Mode, "the file is open for reading"))
            }
            _ => Err(Error::unsupported(format!("there is no function {function:?}"))),
        }
    }
}

/// A place among the frames of a video.
struct Cursor {
    film: Film,
    converter: Converter,
    target: Target,
    props: Props,
    /// What is told of the picture that was given last.
    last: Option<Frame>,
    /// Whether pictures are turned behind, so that nothing is told of it.
    turned: bool,
}

impl kit::Cursor for Cursor {
    fn next_props(&mut self) -> Result<Option<Props>> {
        Ok(self.film.peek()?.map(|_| self.props.clone()))
    }

    fn next(&mut self, mut to: Destination) -> Result<Outcome> {
        // It is passed when it was given: a refusal of the destination consumes nothing.
        to.check(&self.props)?;
        let mut frame = self.film.take()?.ok_or_else(|| Error::index("there is no further image"))?;
        self.converter.place(&frame, &self.target, &mut to)?;
        frame.let_go();
        self.last = Some(frame);
        Ok(Outcome::Complete)
    }

    fn meta(&mut self, into: &mut DictMut) -> Result<()> {
        let Some(frame) = &self.last else { return Err(Error::invalid("no image was given yet")) };
        meta::frame(frame, self.film.unit(), self.film.player().demuxer(), self.turned, into)
    }

    fn seek(&mut self, index: usize) -> Result<()> {
        self.film.seek(index)
    }
}
