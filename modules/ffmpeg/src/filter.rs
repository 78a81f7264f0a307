//! FFmpeg's filters between decoder and caller, and the ways in which imageio names them.

use crate::av::{self, Frame, check, cstring, number};
use ffmpeg_sys_next as ff;
use kit::{DictRef, Error, Result, ValueKind};
use std::ffi::c_int;
use std::ptr::{NonNull, null_mut};

/// The filters that the options ask for, in FFmpeg's own language; `None`: none.
pub fn wanted(options: DictRef) -> Result<Option<String>> {
    let rate = options.to_text("fps").filter(|t| !t.is_empty());
    // The filter would take it, and give nothing.
    if let Some(rate) = rate.as_ref().filter(|rate| !is_rate(rate)) {
        return Err(Error::option(format!("option \"fps\" is a number above 0 or a fraction, not {rate}")));
    }
    text_of(options, rate.map(|rate| format!("fps={}", escaped(&rate))))
}

/// Whether a number or fraction is a rate; FFmpeg has words for some, too.
fn is_rate(text: &str) -> bool {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    match (number(text), text.split_once('/').map(|(num, den)| (number(num), number(den)))) {
        (Some(rate), _) => rate > 0.0 && rate <= 1e6,
        (_, Some((Some(num), Some(den)))) => num > 0.0 && den > 0.0 && num / den <= 1e6,
        _ => true,
    }
}

/// The same where `fps` is not a filter's business.
pub fn without_rate(options: DictRef) -> Result<Option<String>> {
    text_of(options, None)
}

fn text_of(options: DictRef, rate: Option<String>) -> Result<Option<String>> {
    let mut parts: Vec<String> = Vec::new();
    if let Some(sequence) = options.dict("filter_sequence").filter(|s| !s.is_empty()) {
        parts.push(chain(sequence)?);
    }
    if let Some(text) = options.str("filter").filter(|t| !t.is_empty()) {
        parts.push(text.to_owned());
    }
    parts.extend(rate);
    let line = parts.join(",");
    if !options.has("filter_graph") {
        return Ok((!line.is_empty()).then_some(line));
    }
    let graph = options.dict("filter_graph").ok_or_else(|| Error::option("filter_graph is [nodes, edges]"))?;
    Ok(Some(net(graph, &line)?))
}

/// `[[name, arguments], …]`.
fn chain(sequence: DictRef) -> Result<String> {
    let wrong = || Error::option("filter_sequence is a list of [filter, arguments]");
    let filters: Result<Vec<String>> =
        (0..sequence.len()).map(|i| node(sequence.dict(&i.to_string()).ok_or_else(wrong)?).ok_or_else(wrong)).collect();
    Ok(filters?.join(","))
}

/// `[name, arguments]` as FFmpeg writes it; arguments are a text or a dictionary.
fn node(pair: DictRef) -> Option<String> {
    let name = pair.str("0").filter(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))?;
    let arguments = match pair.kind("1") {
        ValueKind::Absent | ValueKind::Null => String::new(),
        ValueKind::Dict => {
            let dict = pair.dict("1")?;
            let all: Option<Vec<String>> =
                dict.keys().map(|key| Some(format!("{key}={}", escaped(&dict.to_text(key)?)))).collect();
            all?.join(":")
        }
        // A text is what the filter itself takes: of the graph's language nothing in it has a meaning.
        _ => of_filter(&pair.to_text("1")?),
    };
    Some(if arguments.is_empty() { name.to_owned() } else { format!("{name}={arguments}") })
}

/// The arguments of one filter, so that the graph's language passes them on as they are.
fn of_filter(arguments: &str) -> String {
    let mut out = String::new();
    for c in arguments.chars() {
        if matches!(c, '\\' | '\'' | ',' | ';' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A value between the quotes of FFmpeg's two levels.
fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        if matches!(c, '\\' | '\'' | ':' | ',' | ';' | '[' | ']' | '=') {
            out.push_str("\\\\\\");
        }
        out.push(c);
    }
    out
}

/// `[{name: [filter, arguments]}, [[from, to, out_pad, in_pad], …]]`, between `video_in` and `video_out`.
fn net(graph: DictRef, before: &str) -> Result<String> {
    let wrong = |what: &str| Error::option(format!("filter_graph: {what}"));
    let (nodes, edges) = match (graph.dict("0"), graph.dict("1")) {
        (Some(nodes), Some(edges)) => (nodes, edges),
        _ => return Err(wrong("it is [nodes, edges]")),
    };
    let label = |i: usize| format!("[e{i}]");
    let mut links = Vec::new();
    for i in 0..edges.len() {
        let edge = edges.dict(&i.to_string()).ok_or_else(|| wrong("an edge is [from, to, out_pad, in_pad]"))?;
        let end = |k: &str| edge.str(k).ok_or_else(|| wrong("an edge names two nodes"));
        links.push((end("0")?, end("1")?, edge.int("2").unwrap_or(0), edge.int("3").unwrap_or(0)));
    }
    let pads = |name: &str, outgoing: bool| -> String {
        let mut of: Vec<(i64, usize)> = Vec::new();
        for (i, (from, to, out_pad, in_pad)) in links.iter().enumerate() {
            match outgoing {
                true if *from == name => of.push((*out_pad, i)),
                false if *to == name => of.push((*in_pad, i)),
                _ => {}
            }
        }
        of.sort_unstable();
        of.into_iter().map(|(_, i)| label(i)).collect()
    };
    let (first, last) = (pads("video_in", true), pads("video_out", false));
    if first.is_empty() || last.is_empty() {
        return Err(wrong("an edge begins at video_in, and one ends at video_out"));
    }
    let mut text = vec![format!("[in]{}{first}", if before.is_empty() { "null" } else { before })];
    for key in nodes.keys() {
        let filter = nodes.dict(key).and_then(node).ok_or_else(|| wrong("a node is [filter, arguments]"))?;
        text.push(format!("{}{filter}{}", pads(key, false), pads(key, true)));
    }
    text.push(format!("{last}null[out]"));
    Ok(text.join(";"))
}

/// A graph that takes pictures and gives pictures.
pub struct Graph {
    raw: NonNull<ff::AVFilterGraph>,
    source: *mut ff::AVFilterContext,
    sink: *mut ff::AVFilterContext,
    /// What it was made for: another format or size wants another graph.
    of: (c_int, usize, usize),
    /// How long a picture is shown that does not tell, in the unit of the times that go in.
    step: i64,
    /// When the last picture that went in ends.
    end: i64,
    closed: bool,
}

// SAFETY: it is used by one thread at a time.
unsafe impl Send for Graph {}

impl Graph {
    /// The graph of a text, for pictures like `frame`.
    pub fn new(text: &str, frame: &Frame, time_base: ff::AVRational, rate: ff::AVRational) -> Result<Graph> {
        av::forget_errors();
        // SAFETY: it gives a graph of ours, or NULL.
        let raw = av::there(unsafe { ff::avfilter_graph_alloc() }, "filters")?;
        let (w, h) = frame.size();
        let step = av::number_of(rate) * av::number_of(time_base);
        let step = if step > 0.0 { (1.0 / step).round() as i64 } else { 0 };
        let of = (frame.get().format, w, h);
        let (source, sink) = (null_mut(), null_mut());
        let mut graph = Graph { raw, source, sink, of, step, end: ff::AV_NOPTS_VALUE, closed: false };
        // SAFETY: the graph is ours.
        unsafe { (*raw.as_ptr()).nb_threads = 1 };
        let aspect = frame.get().sample_aspect_ratio;
        let mut source = format!(
            "video_size={w}x{h}:pix_fmt={}:time_base={}/{}:pixel_aspect={}/{}",
            frame.get().format,
            time_base.num,
            time_base.den.max(1),
            aspect.num,
            aspect.den.max(1)
        );
        if rate.num > 0 && rate.den > 0 {
            source.push_str(&format!(":frame_rate={}/{}", rate.num, rate.den));
        }
        graph.source = graph.add("buffer", "in", Some(&source))?;
        graph.sink = graph.add("buffersink", "out", None)?;
        graph.parse(text)?;
        // SAFETY: the graph is whole.
        let code = unsafe { ff::avfilter_graph_config(raw.as_ptr(), null_mut()) };
        if code < 0 {
            return Err(refusal(&format!("the filters {text:?} do not fit together"), code));
        }
        Ok(graph)
    }

    fn add(&mut self, filter: &str, name: &str, arguments: Option<&str>) -> Result<*mut ff::AVFilterContext> {
        let (filter, name) = (cstring(filter)?, cstring(name)?);
        let arguments = arguments.map(cstring).transpose()?;
        let mut made = null_mut();
        // SAFETY: all strings live through the call; the graph owns what is made.
        let code = unsafe {
            let filter = ff::avfilter_get_by_name(filter.as_ptr());
            let arguments = arguments.as_ref().map_or(std::ptr::null(), |a| a.as_ptr());
            ff::avfilter_graph_create_filter(&mut made, filter, name.as_ptr(), arguments, null_mut(), self.raw.as_ptr())
        };
        check(code, "making a filter")?;
        Ok(made)
    }

    fn parse(&mut self, text: &str) -> Result<()> {
        let c = cstring(text)?;
        // SAFETY: the ends are FFmpeg's objects, given back below; the contexts are the graph's.
        let code = unsafe {
            let mut outputs = ff::avfilter_inout_alloc();
            let mut inputs = ff::avfilter_inout_alloc();
            if outputs.is_null() || inputs.is_null() {
                return Err(Error::out_of_memory(0));
            }
            (*outputs).name = ff::av_strdup(c"in".as_ptr());
            (*outputs).filter_ctx = self.source;
            (*inputs).name = ff::av_strdup(c"out".as_ptr());
            (*inputs).filter_ctx = self.sink;
            let code =
                ff::avfilter_graph_parse_ptr(self.raw.as_ptr(), c.as_ptr(), &mut inputs, &mut outputs, null_mut());
            ff::avfilter_inout_free(&mut inputs);
            ff::avfilter_inout_free(&mut outputs);
            code
        };
        if code < 0 {
            return Err(refusal(&format!("the filters {text:?}"), code));
        }
        Ok(())
    }

    /// Whether it takes pictures like this one.
    pub fn fits(&self, frame: &Frame) -> bool {
        let (w, h) = frame.size();
        self.of == (frame.get().format, w, h)
    }

    /// Takes a picture, or with `None` the end: that of the last picture, up to which filters of the rate give pictures.
    pub fn send(&mut self, frame: Option<&Frame>) -> Result<()> {
        let raw = frame.map_or(null_mut(), Frame::raw);
        if let Some(frame) = frame {
            let shown = if frame.duration() > 0 { frame.duration() } else { self.step };
            let pts = frame.get().pts;
            self.end = if pts == ff::AV_NOPTS_VALUE { pts } else { pts.saturating_add(shown) };
        }
        self.closed = frame.is_none();
        if self.closed && self.end != ff::AV_NOPTS_VALUE {
            // SAFETY: the source is the graph's.
            return check(unsafe { ff::av_buffersrc_close(self.source, self.end, 0) }, "filtering").map(drop);
        }
        let flags = ff::AV_BUFFERSRC_FLAG_KEEP_REF as c_int;
        // SAFETY: the source is the graph's; it takes a reference of its own.
        check(unsafe { ff::av_buffersrc_add_frame_flags(self.source, raw, flags) }, "filtering").map(drop)
    }

    /// Whether it was told of the end.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Gives a picture; `None`: it wants more, or was at the end.
    pub fn receive(&mut self) -> Result<Option<Frame>> {
        let frame = Frame::new()?;
        // SAFETY: the sink is the graph's, the frame ours.
        match unsafe { ff::av_buffersink_get_frame(self.sink, frame.raw()) } {
            0.. => Ok(Some(frame)),
            code if code == ff::AVERROR(libc::EAGAIN) || code == ff::AVERROR_EOF => Ok(None),
            code => Err(av::failure(code, "filtering")),
        }
    }

    /// Pixels of the pictures that come out.
    pub fn pixels(&self) -> u64 {
        // SAFETY: the sink is the graph's.
        let (w, h) = unsafe { (ff::av_buffersink_get_w(self.sink), ff::av_buffersink_get_h(self.sink)) };
        w.max(0) as u64 * h.max(0) as u64
    }

    /// Pictures a second that come out; `None`: not known.
    pub fn rate(&self) -> Option<ff::AVRational> {
        // SAFETY: the sink is the graph's.
        let rate = unsafe { ff::av_buffersink_get_frame_rate(self.sink) };
        (rate.num > 0 && rate.den > 0).then_some(rate)
    }

    /// The unit of the times that come out.
    pub fn time_base(&self) -> ff::AVRational {
        // SAFETY: the sink is the graph's.
        unsafe { ff::av_buffersink_get_time_base(self.sink) }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let mut raw = self.raw.as_ptr();
        // SAFETY: made by `new`; this is its one end, and that of its filters.
        unsafe { ff::avfilter_graph_free(&mut raw) };
    }
}

/// What FFmpeg says against filters.
fn refusal(what: &str, code: c_int) -> Error {
    let said = av::first_error().map_or(String::new(), |said| format!(" ({said})"));
    Error::option(format!("{what}: {}{said}", av::words(code)))
}

/// The type of picture as a letter.
pub fn picture_type(frame: &Frame) -> &'static str {
    match number!(frame.raw(), pict_type) {
        1 => "I",
        2 => "P",
        3 => "B",
        4 => "S",
        5 => "SI",
        6 => "SP",
        7 => "BI",
        _ => "NONE",
    }
}
