//! A video open for writing.

use crate::av::{Frame, number_of};
use crate::convert::{Converter, Target, to_yuv420};
use crate::encode::{Encoding, timed};
use crate::filter::{self, Graph};
use crate::fit::{Fit, best, fitted, frame_of, input_pixels, size_of};
use crate::output::Writing;
use crate::pixels::{Pixels, Samples};
use crate::plan::{Choice, Plan, Rate, bits, inverse, rate_of};
use ffmpeg_sys_next as ff;
use kit::{DictMut, DictRef, Error, Output, Result, Source, ValueKind};
use std::ffi::c_int;

/// The file.
pub struct Film {
    /// Until the encoder is opened.
    output: Option<Output>,
    plan: Plan,
    encoding: Option<Encoding>,
    /// What the encoder is given.
    target: Option<Target>,
    /// What the images are: all alike.
    shape: Option<(c_int, usize, usize)>,
    /// The format that was named for them.
    in_format: Option<String>,
    filter: Option<String>,
    graph: Option<Graph>,
    fit: Fit,
    /// The size of the first picture that was encoded, before it was fitted.
    entering: Option<(usize, usize)>,
    converter: Converter,
    /// Pictures a second that come out of the filters.
    encoded_rate: Option<ff::AVRational>,
    /// Images taken.
    count: i64,
    /// When the next image is shown if it does not say itself.
    time: f64,
    threads: usize,
}

/// The options of the first image decide; these are what later ones may still say.
struct Moment {
    time: Option<f64>,
    duration: Option<f64>,
}

impl Film {
    pub fn create(output: Output, extension: Option<&str>, options: DictRef) -> Result<Film> {
        let mut plan = Plan {
            container: options.str("container").map(str::to_owned),
            extension: extension.map(str::to_owned),
            container_options: named(options, "options")?,
            container_tags: named(options, "container_metadata")?,
            stream_tags: named(options, "stream_metadata")?,
            codec: options.str("codec").map(str::to_owned),
            out_format: options.str("pixelformat").map(str::to_owned),
            ..Plan::default()
        };
        plan.container_options.extend(named(options, "container_options")?);
        if plan.container_options.iter().any(|(key, value)| key == "movflags" && value.contains("faststart")) {
            return Err(Error::unsupported(
                "movflags faststart reads the file again while it is written, which an output cannot; \
                 give moov_size to keep room at the front, or have `ffmpeg -c copy -movflags faststart` move the table",
            ));
        }
        // What cannot be written at all is refused before there is an image.
        Choice::of(&plan)?;
        Ok(Film {
            output: Some(output),
            plan,
            encoding: None,
            target: None,
            shape: None,
            in_format: None,
            filter: None,
            graph: None,
            fit: Fit::default(),
            entering: None,
            converter: Converter::default(),
            encoded_rate: None,
            count: 0,
            time: 0.0,
            threads: kit::threads(options),
        })
    }

    /// Reads the options of the first image.
    fn settle(&mut self, options: DictRef) -> Result<()> {
        self.fit = Fit::of(options)?;
        let plan = &mut self.plan;
        if let Some(codec) = options.str("codec") {
            plan.codec = Some(codec.to_owned());
        }
        if options.has("time_s") || options.has("duration_s") {
            plan.rate = Rate::Timed;
        } else if let Some(rate) = options.to_text("fps") {
            plan.rate = Rate::Constant(rate_of(&rate)?);
        }
        plan.quality = options.float("quality");
        plan.bitrate = bits(options)?;
        plan.gop = options.int("gop").or(plan.gop);
        plan.codec_options = named(options, "codec_options")?;
        if let Some(crf) = options.to_text("crf") {
            plan.codec_options.push(("crf".into(), crf));
        }
        if let Some(preset) = options.str("preset") {
            known_preset(plan.codec.as_deref(), preset)?;
            plan.codec_options.push(("preset".into(), preset.to_owned()));
        }
        let threads = options.int("thread_count").and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
        plan.threads = threads.unwrap_or(self.threads);
        let format = options.str("out_pixel_format").or(options.str("pixelformat"));
        plan.out_format = format.map(str::to_owned).or(plan.out_format.take());
        if let Some(metadata) = options.dict("metadata") {
            keep_tags(metadata, plan)?;
        }
        // Frames a second are a matter of the encoder here, not of a filter.
        if self.filter.is_none() && ["filter", "filter_sequence", "filter_graph"].iter().any(|&f| options.has(f)) {
            self.filter = filter::without_rate(options)?;
        }
        Ok(())
    }

    fn take(&mut self, image: Source, format: Option<&str>, options: DictRef) -> Result<()> {
        // A stack of images in one array.
        let shape = image.shape();
        let planar = format.map(Pixels::named).transpose()?.is_some_and(|p| matches!(p.layout, Samples::Planar(_)));
        let stack = match (shape.len(), shape.last()) {
            (4, _) => true,
            (3, Some(&last)) => !planar && format.is_none() && last > 4,
            _ => false,
        };
        if !stack {
            let moment = self.moment(options, 0)?;
            return self.take_one(image, format, options, moment);
        }
        let many = shape[0];
        if many == 0 {
            return Err(Error::shape("the batch has no image"));
        }
        for i in 0..many {
            let view = image.view.at(i).ok_or_else(|| Error::internal("a batch lost an image"))?;
            let moment = self.moment(options, i)?;
            self.take_one(Source { dtype: image.dtype, view }, format, options, moment)?;
            kit::progress(i as u64 + 1, many as u64)?;
        }
        Ok(())
    }

    fn moment(&self, options: DictRef, i: usize) -> Result<Moment> {
        let of = |name: &str| -> Result<Option<f64>> {
            let Some(all) = options.floats(name) else { return Ok(None) };
            let place = if options.float(name).is_some() { 0 } else { i };
            let found = all.get(place).copied();
            found.map(Some).ok_or_else(|| Error::option(format!("option {name:?} has {} values", all.len())))
        };
        Ok(Moment { time: of("time_s")?, duration: of("duration_s")? })
    }

    fn take_one(&mut self, image: Source, format: Option<&str>, options: DictRef, moment: Moment) -> Result<()> {
        let pixels = input_pixels(&image, format, options)?;
        let (width, height) = size_of(&image, &pixels)?;
        let shape = (pixels.format, width, height);
        match self.shape {
            None => self.settle(options)?,
            Some(known) if known != shape => {
                return Err(Error::shape(format!(
                    "the image is {width}x{height} in {}, the first was {}x{} in {}",
                    pixels.name,
                    known.1,
                    known.2,
                    Pixels::of(known.0)?.name
                )));
            }
            Some(_) => {}
        }
        let frame = frame_of(&image, &pixels, width, height)?;
        let (pts, step) = self.when(&moment)?;
        if let Some(text) = self.filter.clone() {
            self.filtered(&text, frame, pts, step)?;
        } else {
            let (pts, step) = match (self.plan.rate, self.encoded_rate) {
                // Filters that are gone gave the encoder a unit of its own.
                // SAFETY: it only computes.
                (Rate::Constant(rate), Some(_)) => unsafe {
                    let (from, to) = (inverse(rate), self.time_base());
                    (ff::av_rescale_q(pts, from, to), ff::av_rescale_q(step, from, to))
                },
                _ => (pts, step),
            };
            self.encode(frame, pts, step)?;
        }
        self.shape = Some(shape);
        self.count += 1;
        self.time = moment.time.unwrap_or(self.time) + moment.duration.unwrap_or(0.0);
        Ok(())
    }

    /// The time of the next image and how long it is shown, in the encoder's unit.
    fn when(&self, moment: &Moment) -> Result<(i64, i64)> {
        let unit = self.unit();
        match self.plan.rate {
            Rate::Constant(_) if moment.time.is_some() || moment.duration.is_some() => {
                Err(Error::option("time_s and duration_s are given for the first frame or for none"))
            }
            Rate::Constant(_) => Ok((self.count, 1)),
            Rate::Timed => {
                let time = moment.time.unwrap_or(self.time);
                if !time.is_finite() || !(0.0..1e9).contains(&time) {
                    return Err(Error::option(format!("a frame cannot be shown at {time} s")));
                }
                let pts = (time / unit).round() as i64;
                if let Some(encoding) = &self.encoding {
                    encoding.check_time(pts)?;
                }
                Ok((pts, moment.duration.map_or(0, |d| (d / unit).round().max(1.0) as i64)))
            }
        }
    }

    /// Seconds of the encoder's unit.
    fn unit(&self) -> f64 {
        match (&self.encoding, self.plan.rate) {
            (None, Rate::Constant(rate)) => 1.0 / number_of(rate),
            _ => number_of(self.time_base()),
        }
    }

    /// The encoder's unit, or what it will be.
    fn time_base(&self) -> ff::AVRational {
        match (&self.encoding, self.plan.rate) {
            (Some(encoding), _) => encoding.time_base(),
            (None, Rate::Constant(rate)) => inverse(self.encoded_rate.unwrap_or(rate)),
            (None, Rate::Timed) => timed(Choice::of(&self.plan).map_or("", |choice| choice.name())),
        }
    }

    fn filtered(&mut self, text: &str, frame: Frame, pts: i64, step: i64) -> Result<()> {
        frame.set_times(pts, step);
        if self.graph.is_none() {
            let (base, rate) = match self.plan.rate {
                Rate::Constant(rate) => (inverse(rate), rate),
                Rate::Timed => (self.time_base(), ff::AVRational { num: 0, den: 1 }),
            };
            let graph = Graph::new(text, &frame, base, rate)?;
            // Filters may give more pictures a second, or fewer; an encoder that is open keeps its unit.
            if let (Rate::Constant(_), None, Some(rate)) = (self.plan.rate, &self.encoding, graph.rate()) {
                self.encoded_rate = Some(rate);
            }
            self.graph = Some(graph);
        }
        let Some(graph) = &mut self.graph else { return Err(Error::internal("no filters")) };
        graph.send(Some(&frame))?;
        self.empty_graph()
    }

    /// Encodes what the filters have.
    fn empty_graph(&mut self) -> Result<()> {
        loop {
            let Some(graph) = &mut self.graph else { return Ok(()) };
            let (Some(frame), base) = (graph.receive()?, graph.time_base()) else { return Ok(()) };
            let own = self.time_base();
            // SAFETY: it only computes.
            let (pts, step) = unsafe {
                (ff::av_rescale_q(frame.get().pts, base, own), ff::av_rescale_q(frame.duration(), base, own))
            };
            // Filters may give the same time twice in a coarser unit.
            if self.encoding.as_ref().is_some_and(|encoding| encoding.check_time(pts).is_err()) {
                continue;
            }
            self.encode(frame, pts, step)?;
        }
    }

    fn encode(&mut self, frame: Frame, pts: i64, step: i64) -> Result<()> {
        if self.encoding.is_none() {
            self.begin(&frame)?;
        }
        let ((w, h), first) = (frame.size(), *self.entering.get_or_insert(frame.size()));
        if (w, h) != first {
            let what = format!("the filters give a picture of {w}x{h}, the first was {}x{}", first.0, first.1);
            return Err(Error::shape(what));
        }
        let (Some(encoding), Some(target)) = (&mut self.encoding, &self.target) else {
            return Err(Error::internal("no encoder"));
        };
        let frame = fitted(frame, target)?;
        let ready = match frame.get().format == target.pixels.format {
            true => frame,
            false => match to_yuv420(&frame, target)? {
                Some(ready) => ready,
                None => self.converter.scale(&frame, target)?,
            },
        };
        encoding.send(&ready, pts, step)
    }

    /// Opens the encoder for pictures like the first.
    fn begin(&mut self, first: &Frame) -> Result<()> {
        let choice = Choice::of(&self.plan)?;
        let from = Pixels::of(first.get().format)?;
        let format = match &self.plan.out_format {
            Some(name) => {
                let named = Pixels::named(name)?;
                let formats = choice.formats();
                if !formats.is_empty() && !formats.contains(&named.format) {
                    let all: Vec<&str> = formats.iter().filter_map(|&f| Pixels::of(f).ok()).map(|p| p.name).collect();
                    let what = format!("the encoder {} takes {}, not {name}", choice.name(), all.join(", "));
                    return Err(Error::option(what));
                }
                named
            }
            None => best(&choice, &from)?,
        };
        let (width, height) = self.fit.size(first.size(), &format, choice.name())?;
        self.plan.converted = (format.is_yuv() && !from.is_yuv()).then_some(format.is_full());
        let Some(output) = self.output.take() else { return Err(Error::internal("the output is gone")) };
        let place = Writing::new(output)?;
        let plan = match (self.encoded_rate, self.plan.rate) {
            (Some(rate), Rate::Constant(_)) => &Plan { rate: Rate::Constant(rate), ..self.plan.clone() },
            _ => &self.plan,
        };
        match Encoding::open(plan, choice, place, format.format, (width, height)) {
            Ok(encoding) => self.encoding = Some(encoding),
            Err((place, error)) => {
                self.output = Some(place.give_back());
                return Err(error);
            }
        }
        let coded = self.encoding.as_ref().map(Encoding::colours);
        self.target = Some(Target { pixels: format, width, height, coded });
        Ok(())
    }
}

/// x264 itself prints what it thinks of a preset that it does not know.
fn known_preset(codec: Option<&str>, preset: &str) -> Result<()> {
    const KNOWN: [&str; 10] =
        ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"];
    let named = preset.parse::<u32>().is_ok_and(|n| n < 10) || KNOWN.contains(&preset);
    if codec.is_none_or(|codec| codec.contains("264")) && !named {
        return Err(Error::option(format!("there is no preset {preset:?}: {}", KNOWN.join(", "))));
    }
    Ok(())
}

/// A dictionary of texts.
fn named(options: DictRef, name: &str) -> Result<Vec<(String, String)>> {
    let Some(dict) = options.dict(name) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for key in dict.keys().filter(|&key| dict.kind(key) != ValueKind::Null) {
        let value = dict.to_text(key);
        let value = value.ok_or_else(|| Error::option(format!("{name}: {key:?} is a text or a number")))?;
        all.push((key.to_owned(), value));
    }
    Ok(all)
}

/// Text tags of a reader's metadata, but for those that the muxer makes anew.
fn keep_tags(metadata: DictRef, plan: &mut Plan) -> Result<()> {
    const MADE: [&str; 20] = [
        "video_format",
        "codec",
        "long_codec",
        "profile",
        "container",
        "major_brand",
        "minor_version",
        "compatible_brands",
        "encoder",
        "ENCODER",
        "DURATION",
        "handler_name",
        "vendor_id",
        "color_range",
        "color_space",
        "color_primaries",
        "color_transfer",
        "frame_type",
        "alpha_mode",
        "creation_time",
    ];
    for key in metadata.keys().filter(|key| !MADE.contains(key)) {
        if let Some(value) = metadata.str(key)
            && !plan.container_tags.iter().any(|(k, _)| k == key)
        {
            plan.container_tags.push((key.to_owned(), value.to_owned()));
        }
    }
    plan.orientation = match (metadata.int("Orientation"), metadata.float("rotation")) {
        (Some(orientation), _) => u32::try_from(orientation).unwrap_or(0),
        // The angle alone, as readers tell it: clockwise.
        (None, Some(angle)) => match angle.rem_euclid(360.0) {
            0.0 => 1,
            90.0 => 6,
            180.0 => 3,
            270.0 => 8,
            _ => return Err(Error::option(format!("metadata: the rotation is a multiple of 90 degrees, not {angle}"))),
        },
        (None, None) => 0,
    };
    Ok(())
}

impl kit::Writer for Film {
    fn write(&mut self, image: Source, options: DictRef) -> Result<()> {
        // What the first image was named, the others are too.
        let format = options.str("in_pixel_format").map(str::to_owned).or(self.in_format.clone());
        self.take(image, format.as_deref(), options)?;
        self.in_format = format;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(graph) = &mut self.graph {
            graph.send(None)?;
            self.empty_graph()?;
        }
        match &mut self.encoding {
            Some(encoding) => encoding.finish(),
            None => Err(Error::new(kit::Kind::Io, "the filters gave no frame")),
        }
    }

    fn call(&mut self, function: &str, arguments: DictRef, result: &mut DictMut) -> Result<()> {
        let open = self.encoding.is_some();
        let late = || Error::unsupported("that is said before the first frame");
        match function {
            "init_video_stream" if open => Err(late()),
            "init_video_stream" => self.init(arguments),
            "write_frame" => {
                let frame = arguments.array("frame").ok_or_else(|| Error::invalid("write_frame takes a frame"))?;
                let format = arguments.str("pixel_format").map(str::to_owned);
                let none = DictRef::empty();
                self.take_one(frame, format.as_deref(), none, Moment { time: None, duration: None })
            }
            "set_video_filter" => {
                let filter = filter::wanted(arguments)?;
                // What the former ones hold comes first.
                if let Some(graph) = &mut self.graph {
                    graph.send(None)?;
                    self.empty_graph()?;
                }
                (self.graph, self.filter) = (None, filter);
                Ok(())
            }
            "container_metadata" => tags(&mut self.plan.container_tags, arguments, open, result),
            "video_stream_metadata" => tags(&mut self.plan.stream_tags, arguments, open, result),
            _ => Err(Error::unsupported(format!("there is no function {function:?}"))),
        }
    }
}

impl Film {
    fn init(&mut self, arguments: DictRef) -> Result<()> {
        let plan = &mut self.plan;
        if let Some(rate) = arguments.to_text("fps") {
            plan.rate = Rate::Constant(rate_of(&rate)?);
        }
        plan.codec = arguments.str("codec").map(str::to_owned).or(plan.codec.take());
        plan.out_format = arguments.str("pixel_format").map(str::to_owned).or(plan.out_format.take());
        plan.gop = arguments.int("max_keyframe_interval").or(plan.gop);
        plan.closed_gop = arguments.bool("force_keyframes") == Some(true);
        Choice::of(plan).map(drop)
    }
}

/// Sets the tags that are given, and tells them all.
fn tags(own: &mut Vec<(String, String)>, given: DictRef, open: bool, result: &mut DictMut) -> Result<()> {
    if !given.is_empty() && open {
        return Err(Error::unsupported("tags are set before the first frame"));
    }
    for key in given.keys() {
        let value = given.to_text(key).ok_or_else(|| Error::option(format!("the tag {key:?} is a text")))?;
        own.retain(|(k, _)| k != key);
        own.push((key.to_owned(), value));
    }
    own.iter().try_for_each(|(key, value)| result.set_str(key, value))
}
