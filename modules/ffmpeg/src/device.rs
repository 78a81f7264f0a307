//! Cameras and screens, through libavdevice, which is loaded when the first is opened: it brings many libraries along.

use crate::av::{self, Frame, cstring, number, text};
use crate::convert::{Converter, Target};
use crate::decode::{Manner, Player};
use crate::demux::Demuxer;
use crate::film::Film;
use crate::input::Resource;
use crate::{filter, meta, reader};
use ffmpeg_sys_next as ff;
use kit::{Count, Destination, Dict, DictMut, DictRef, Error, Index, Input, Kind, Outcome, Props, Result};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

type ListFn = unsafe extern "C" fn(
    *const ff::AVInputFormat,
    *const c_char,
    *mut ff::AVDictionary,
    *mut *mut ff::AVDeviceInfoList,
) -> c_int;
type FreeListFn = unsafe extern "C" fn(*mut *mut ff::AVDeviceInfoList);

/// What is used of libavdevice.
struct Library {
    list: ListFn,
    free_list: FreeListFn,
}

/// Loads libavdevice, which makes its devices known to libavformat.
fn library() -> Result<&'static Library> {
    static LOADED: OnceLock<std::result::Result<Library, String>> = OnceLock::new();
    LOADED.get_or_init(load).as_ref().map_err(|why| Error::unavailable(why.clone()))
}

fn load() -> std::result::Result<Library, String> {
    let major = ff::LIBAVDEVICE_VERSION_MAJOR;
    let name = format!("libavdevice.so.{major}\0");
    let why =
        || format!("cameras and screens want libavdevice.so.{major}, which is not here (Debian: libavdevice{major})");
    // SAFETY: the name is NUL-terminated; FFmpeg's library may be loaded at any time, and stays.
    let handle = unsafe { libc::dlopen(name.as_ptr().cast(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        return Err(why());
    }
    let symbol = |name: &std::ffi::CStr| -> std::result::Result<*mut c_void, String> {
        // SAFETY: the handle is open, the name NUL-terminated.
        let found = unsafe { libc::dlsym(handle, name.as_ptr()) };
        if found.is_null() { Err(why()) } else { Ok(found) }
    };
    let (register, list, free_list) = (
        symbol(c"avdevice_register_all")?,
        symbol(c"avdevice_list_input_sources")?,
        symbol(c"avdevice_free_list_devices")?,
    );
    // SAFETY: these are the types that FFmpeg's header of this version gives.
    unsafe {
        std::mem::transmute::<*mut c_void, unsafe extern "C" fn()>(register)();
        Ok(Library {
            list: std::mem::transmute::<*mut c_void, ListFn>(list),
            free_list: std::mem::transmute::<*mut c_void, FreeListFn>(free_list),
        })
    }
}

/// FFmpeg's name of the devices of a kind, and of the one of them.
struct Place {
    format: String,
    name: String,
}

/// Where a device of imageio's name is; others are "FORMAT:NAME" in FFmpeg's words.
fn place(device: &str) -> Result<Place> {
    let of = |format: &str, name: String| Ok(Place { format: format.into(), name });
    if let Some(number) = device.strip_prefix("<video").and_then(|rest| rest.strip_suffix('>')) {
        let name = format!("/dev/video{number}");
        if !std::path::Path::new(&name).exists() {
            return Err(Error::new(
                Kind::NotFound,
                format!("there is no camera {name}; the metadata of <video> list those there are"),
            ));
        }
        return of("video4linux2", name);
    }
    if device == "<screen>" {
        let display = std::env::var("DISPLAY").unwrap_or_default();
        if display.is_empty() {
            return Err(Error::new(Kind::NotFound, "there is no screen: DISPLAY names none"));
        }
        return of("x11grab", display);
    }
    match device.split_once(':') {
        Some((format, name)) if !format.is_empty() => of(format, name.into()),
        _ => Err(Error::option("option \"device\" is <screen>, <video0> or FORMAT:NAME in FFmpeg's words")),
    }
}

fn input_format(name: &str) -> Result<*const ff::AVInputFormat> {
    let c = cstring(name)?;
    // SAFETY: the name lives through the call.
    let format = unsafe { ff::av_find_input_format(c.as_ptr()) };
    // SAFETY: a format that was found lives for ever.
    match unsafe { format.as_ref() } {
        Some(found) if found.flags & ff::AVFMT_NOFILE as c_int != 0 => Ok(format),
        Some(_) => Err(Error::option(format!("{name} is no device but a container"))),
        None => Err(Error::unsupported(format!("this FFmpeg reads no devices {name:?}; `ffmpeg -devices` lists them"))),
    }
}

/// Opens the device of the options.
pub fn open(input: Input, device: &str, options: DictRef) -> Result<Box<dyn kit::Reader>> {
    if input.size() != Some(0) || input.path().is_some() {
        return Err(Error::option("option \"device\" goes with <screen> or <video0>, which it stands in for"));
    }
    library()?;
    let live = match device {
        "<video>" => None,
        _ => Some(Live::open(Resource::new(input), device, options)?),
    };
    Ok(Box::new(Camera { live: live.map(|live| Arc::new(Mutex::new(live))) }))
}

/// A device that is running.
struct Live {
    film: Film,
    converter: Converter,
    /// Whether pictures come when they come, and not when they are asked for.
    real: bool,
    /// When a picture was last looked at.
    seen: Instant,
}

impl Live {
    fn open(resource: Resource, device: &str, options: DictRef) -> Result<Live> {
        let place = place(device)?;
        let format = input_format(&place.format)?;
        let mut wish = reader::wish(options)?;
        // imageio's name of the last comes first: what is given twice holds as it is said here.
        for (name, known) in [
            ("video_size", "video_size"),
            ("framerate", "framerate"),
            ("pixelformat", "pixel_format"),
            ("pixel_format", "pixel_format"),
        ] {
            if let Some(value) = options.to_text(name) {
                wish.options.push((known.into(), value));
            }
        }
        let max_pixels = kit::Limits::of(options).max_pixels;
        let decoder = options.str("codec").map(str::to_owned);
        let manner = Manner { wish, threads: 1, thread_type: None, max_pixels, partial: false, decoder };
        let demuxer = Demuxer::device(&resource, &manner.wish, format, &place.name)?;
        let player = Player::of(demuxer, &manner)?;
        let film = Film::live(player, resource, manner);
        Ok(Live { film, converter: Converter::default(), real: place.format != "lavfi", seen: Instant::now() })
    }

    /// What pictures become.
    fn target(&mut self, options: DictRef) -> Result<Target> {
        self.film.refilter(filter::wanted(options)?);
        self.seen = Instant::now();
        let frame = self.film.peek()?.ok_or_else(ended)?;
        let (own, format) = (frame.size(), frame.get().format);
        let (width, height) = reader::size(options)?.unwrap_or(own);
        Ok(Target { pixels: reader::wanted_pixels(options, format)?, width, height, coded: None })
    }

    fn take(&mut self) -> Result<Frame> {
        // What was looked at a while ago is not what the camera sees.
        if self.real && self.seen.elapsed() > Duration::from_millis(100) {
            self.film.forget();
        }
        self.film.take()?.ok_or_else(ended)
    }
}

fn ended() -> Error {
    Error::index("the device gives no further image")
}

/// A device as a file. It has one place, which all reads and cursors share: what was given is gone.
struct Camera {
    live: Option<Arc<Mutex<Live>>>,
}

fn lock(live: &Mutex<Live>) -> MutexGuard<'_, Live> {
    live.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Camera {
    fn live(&self) -> Result<&Arc<Mutex<Live>>> {
        self.live
            .as_ref()
            .ok_or_else(|| Error::unsupported("<video> stands for all cameras, and only lists them; read <video0>"))
    }
}

impl kit::Reader for Camera {
    fn count(&mut self, how: Count, _: DictRef) -> Result<Option<usize>> {
        match how {
            Count::Cheap => Ok(None),
            Count::Exact => Err(Error::unsupported("a device has no end: read one image, or iterate")),
        }
    }

    fn props(&mut self, index: Index, options: DictRef) -> Result<Props> {
        if index == Index::All {
            return self.count(Count::Exact, options).and(Err(Error::internal("a device has an end")));
        }
        let target = lock(self.live()?).target(options)?;
        target.pixels.props(target.width, target.height)
    }

    fn read(&mut self, _: Index, options: DictRef, mut to: Destination) -> Result<Outcome> {
        let mut live = lock(self.live()?);
        let target = live.target(options)?;
        let frame = live.take()?;
        live.converter.place(&frame, &target, &mut to)?;
        Ok(Outcome::Complete)
    }

    fn meta(&mut self, index: Index, options: DictRef, into: &mut DictMut) -> Result<()> {
        let Some(live) = &self.live else { return list(into) };
        let mut live = lock(live);
        match index {
            Index::At(_) => {
                live.target(options)?;
                let unit = live.film.unit();
                let frame = live.film.peek()?.ok_or_else(ended)?.share()?;
                meta::frame(&frame, unit, live.film.player().demuxer(), false, into)
            }
            _ => meta::file(live.film.player(), None, 0, false, into),
        }
    }

    fn cursor(&mut self, options: DictRef) -> Result<Box<dyn kit::Cursor>> {
        let live = self.live()?;
        let target = lock(live).target(options)?;
        let props = target.pixels.props(target.width, target.height)?;
        Ok(Box::new(Shots { live: live.clone(), target, props, last: None, next: 0 }))
    }
}

/// The images of a device, one after the other.
struct Shots {
    live: Arc<Mutex<Live>>,
    target: Target,
    props: Props,
    last: Option<Frame>,
    next: usize,
}

impl kit::Cursor for Shots {
    fn next_props(&mut self) -> Result<Option<Props>> {
        let mut live = lock(&self.live);
        live.seen = Instant::now();
        Ok(live.film.peek()?.map(|_| self.props.clone()))
    }

    fn next(&mut self, mut to: Destination) -> Result<Outcome> {
        to.check(&self.props)?;
        let mut live = lock(&self.live);
        let frame = live.take()?;
        self.next += 1;
        live.converter.place(&frame, &self.target, &mut to)?;
        self.last = Some(frame);
        Ok(Outcome::Complete)
    }

    fn meta(&mut self, into: &mut DictMut) -> Result<()> {
        let Some(frame) = &self.last else { return Err(Error::invalid("no image was given yet")) };
        let live = lock(&self.live);
        meta::frame(frame, live.film.unit(), live.film.player().demuxer(), false, into)
    }

    /// Forward only, by letting images pass.
    fn seek(&mut self, index: usize) -> Result<()> {
        if index < self.next {
            return Err(Error::unsupported("a device does not go back"));
        }
        let mut live = lock(&self.live);
        while self.next < index {
            live.film.take()?.ok_or_else(ended)?;
            self.next += 1;
            kit::progress(self.next as u64, index as u64)?;
        }
        Ok(())
    }
}

/// The cameras that there are.
fn list(into: &mut DictMut) -> Result<()> {
    let library = library()?;
    let format = input_format("video4linux2")?;
    let mut found: *mut ff::AVDeviceInfoList = null_mut();
    // SAFETY: the format lives for ever; the list is given back below. No camera at all is told as a failure.
    unsafe { (library.list)(format, std::ptr::null(), null_mut(), &mut found) };
    let mut devices = Dict::new()?;
    // SAFETY: the list is FFmpeg's, or NULL.
    if let Some(all) = unsafe { found.as_ref() } {
        for i in 0..all.nb_devices.max(0) as usize {
            // SAFETY: the list has that many devices.
            let device = unsafe { &**all.devices.add(i) };
            let name = owned(device.device_name);
            let mut one = Dict::new()?;
            if let Some(number) = name.strip_prefix("/dev/video") {
                one.set_str("uri", &format!("<video{number}>"))?;
            }
            one.set_str("device", &format!("video4linux2:{name}"))?;
            one.set_str("description", &owned(device.device_description))?;
            devices.set_dict(&i.to_string(), &one)?;
        }
        // SAFETY: the list is ours to give back.
        unsafe { (library.free_list)(&mut found) };
    }
    into.set_list("devices", &devices)
}

fn owned(name: *const c_char) -> String {
    text(name).unwrap_or("").to_owned()
}

/// Whether every picture of the stream stands alone, so that those before the newest may be left out.
pub fn stands_alone(demuxer: &Demuxer) -> bool {
    let parameters = demuxer.parameters(demuxer.stream);
    let id = number!(parameters, codec_id);
    let raw = id == ff::AVCodecID::AV_CODEC_ID_RAWVIDEO as c_int;
    // SAFETY: the parameters hold an id of this FFmpeg's; it has a descriptor, or NULL.
    let descriptor = unsafe { ff::avcodec_descriptor_get((*parameters).codec_id).as_ref() };
    raw || descriptor.is_some_and(|d| d.props & ff::AV_CODEC_PROP_INTRA_ONLY as c_int != 0)
}

/// FFmpeg's names of the formats whose reading can be asked not to wait.
pub fn may_not_wait(format: *const ff::AVInputFormat) -> bool {
    // SAFETY: a format lives for ever.
    av::text(unsafe { (*format).name }).is_some_and(|name| name.contains("v4l2"))
}
