//! An open file: everything that happens between a user's call and a plugin, for every plugin alike.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Axes, Color, DType, Destination, Dict, Index, Key, Limits, Progress, Props, Shape, Value, ViewMut, palette_value,
    web_palette,
};
use crate::plugin::registry::Registered;
use crate::plugin::{self, Call, CallKind, Count, Opening, Outcome, Reader};
use crate::resource::{Output, Source};
use once_cell::sync::OnceCell;
use std::sync::Arc;

use super::adapt::{Adapted, Told, check_destination, rotates, wants_alpha};
use super::metadata;
use super::writing::Writing;

/// A file open for reading or writing. Dropping one that was opened for writing publishes nothing.
pub struct File {
    pub(super) side: Side,
    pub(super) plugin: Arc<Registered>,
    pub(super) limits: Limits,
    threads: usize,
    progress: Option<Progress>,
    pub(super) name: String,
    /// What was lent stays in use until the end, whether or not the plugin still wants it.
    _lent: Option<Source>,
}

pub(super) enum Side {
    Reading(Box<dyn Reader>),
    Writing(Box<Writing>),
}

/// A read that was looked at and found possible.
#[derive(Clone)]
pub struct Plan {
    index: Index,
    /// The image, or each of a stack.
    adapted: Adapted,
    /// Images, if the library stacks them.
    stack: Option<usize>,
    props: Props,
}

impl Plan {
    /// What the read gives.
    pub fn props(&self) -> &Props {
        &self.props
    }
}

/// How many threads a call may use if nobody says.
fn processors() -> usize {
    static PROCESSORS: OnceCell<usize> = OnceCell::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The options that every opening takes, read before the plugin is known.
pub(super) struct OpenOptions {
    pub limits: Limits,
    pub threads: usize,
    pub progress: Option<Progress>,
    pub local: bool,
    pub extension: Option<String>,
}

impl OpenOptions {
    pub(super) fn new(options: &Dict) -> Result<OpenOptions> {
        let mut known = Dict::new();
        for (name, value) in options.iter() {
            if plugin::common().iter().any(|o| o.name == **name && o.calls.has(CallKind::Open)) {
                known.set(name.clone(), value.clone());
            }
        }
        let none = plugin::Declaration { name: "any".into(), ..Default::default() };
        let known = plugin::check(&known, &none, CallKind::Open)?;
        let mut limits = Limits::default();
        let limit = |name: &str, default| match known.get(name).and_then(Value::as_int) {
            Some(0) => None,
            Some(n) => Some(n as u64),
            None => default,
        };
        limits.max_pixels = limit("max_pixels", limits.max_pixels);
        limits.max_bytes = limit("max_bytes", limits.max_bytes);
        let threads = match known.get("threads").and_then(Value::as_int) {
            Some(n) if n > 0 => n as usize,
            _ => processors(),
        };
        let extension = known.get("extension").and_then(Value::as_str);
        if let Some(bad) = extension.filter(|e| !e.is_empty() && !e.starts_with('.')) {
            return Err(Error::option(format!("option \"extension\" starts with a dot: \".{bad}\"")));
        }
        Ok(OpenOptions {
            limits,
            threads,
            progress: progress_of(&known),
            local: matches!(known.get("local"), Some(Value::Bool(true))),
            extension: extension.filter(|e| !e.is_empty()).map(str::to_lowercase),
        })
    }

    pub(super) fn opening<'a>(&self, options: &'a Dict, call: Option<CallKind>) -> Opening<'a> {
        Opening { options, call, limits: self.limits, threads: self.threads, progress: self.progress.clone() }
    }
}

/// EXIF's number of an orientation.
fn as_orientation(value: &Value) -> Option<u32> {
    value.as_int().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=8).contains(n))
}

fn progress_of(options: &Dict) -> Option<Progress> {
    match options.get("progress") {
        Some(Value::Callback(progress)) => Some(progress.clone()),
        _ => None,
    }
}

impl File {
    /// Opens a source for reading. `call` is the call behind a one-call function, whose options are among `options`.
    pub(super) fn read(source: &Source, options: &Dict, common: &OpenOptions, call: Option<CallKind>) -> Result<File> {
        let name = source.name().to_owned();
        let opened = plugin::open_reader(source, &common.opening(options, call)).map_err(|e| e.resource(&name))?;
        let (reader, plugin) = opened;
        Ok(File {
            side: Side::Reading(reader),
            plugin,
            limits: common.limits,
            threads: common.threads,
            progress: common.progress.clone(),
            name,
            _lent: Some(source.clone()),
        })
    }

    /// Opens an output for writing.
    pub(super) fn write_to(
        output: impl FnOnce() -> Result<Output>,
        name: &str,
        extension: Option<&str>,
        options: &Dict,
        common: &OpenOptions,
        call: Option<CallKind>,
    ) -> Result<File> {
        let opened = plugin::open_writer(output, extension, &common.opening(options, call));
        let (writer, plugin, output) = opened.map_err(|e| e.resource(name))?;
        Ok(File {
            side: Side::Writing(Box::new(Writing::new(writer, output))),
            plugin,
            limits: common.limits,
            threads: common.threads,
            progress: common.progress.clone(),
            name: name.to_owned(),
            _lent: None,
        })
    }

    /// Whether it was opened for writing.
    pub fn is_writing(&self) -> bool {
        matches!(self.side, Side::Writing(_))
    }

    /// The name of the plugin that serves it.
    pub fn plugin(&self) -> &str {
        self.plugin.name()
    }

    /// The limits of its reads.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A call of this file with options that are checked for it.
    pub fn call(&self, kind: CallKind, options: &Dict) -> Result<Call> {
        let checked = self.told(plugin::check(options, &self.plugin.declared, kind))?;
        let progress = progress_of(&checked).or_else(|| self.progress.clone());
        Ok(Call::new(checked, self.plugin.declared.clone(), self.limits, self.threads).with_progress(progress))
    }

    /// Those of a one-call function's options that are the call's own.
    pub(super) fn own_options(&self, kind: CallKind, options: &Dict) -> Dict {
        let mut own = Dict::new();
        for (name, value) in options.iter().filter(|(name, _)| plugin::takes(&self.plugin.declared, name, kind)) {
            own.set(name.clone(), value.clone());
        }
        own
    }

    /// Says in an error whose it is.
    pub(super) fn told<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| e.plugin(self.plugin.name()).resource(&self.name))
    }

    pub(super) fn reader(&mut self) -> Result<&mut dyn Reader> {
        match &mut self.side {
            Side::Reading(reader) => Ok(&mut **reader),
            Side::Writing(_) => Err(Error::new(ErrorKind::Mode, "the file is open for writing").resource(&self.name)),
        }
    }

    /// How many images there are.
    pub fn count(&mut self, how: Count, options: &Dict) -> Result<Option<usize>> {
        let call = self.call(CallKind::Count, options)?;
        let count = self.reader()?.count(how, &call);
        self.told(count)
    }

    /// Looks at a read: its properties, and whether it can be.
    pub fn plan(&mut self, index: Index, call: &Call) -> Result<Plan> {
        let plan = self.native(index, call).and_then(|(index, mut native, stack)| {
            let told = self.tell(if stack.is_some() { Index::At(0) } else { index }, &native, call)?;
            if let Some(count) = stack {
                let stacked = native.clone().stacked(count)?;
                // The stack's own axis may have taken the place of a unit axis of the image.
                if stacked.shape.len() == native.shape.len() {
                    native.shape = Shape::of(stacked.shape.get(1..).unwrap_or(&[]));
                    native.axes = Axes::new(stacked.axes.as_str().get(1..).unwrap_or(""));
                }
            }
            let adapted = Adapted::new(native, call, told)?;
            let props = match stack {
                Some(count) => adapted.props.clone().stacked(count)?,
                None => adapted.props.clone(),
            };
            Ok(Plan { index, adapted, stack, props })
        });
        self.told(plan)
    }

    /// What the file says of an image besides its properties.
    pub(super) fn tell(&mut self, index: Index, native: &Props, call: &Call) -> Result<Told> {
        let mut told = Told::default();
        if call.shared("apply_gamma", CallKind::Read) == &Value::Bool(true) {
            let all = Dict::new().with("exclude_applied", false);
            told.gamma = self.meta_of(index, &all)?.get("gamma").and_then(Value::as_float);
        }
        let turns = rotates(call) && native.orientation == 0;
        let keys = wants_alpha(call) && Key::is_possible(native);
        if turns || keys {
            let hints = self.hints_of(index)?;
            if turns {
                // What a plugin has applied itself it leaves out.
                told.orientation = hints.get("Orientation").and_then(as_orientation).unwrap_or(0);
            }
            told.key = if keys { Key::new(native, &hints) } else { None };
        }
        told.reduced = if call.reduce()? > 1 { self.reader()?.reduction(index, call)? } else { 1 };
        Ok(told)
    }

    /// The metadata of an image as the plugin has them; none of a plugin that has none.
    fn meta_of(&mut self, index: Index, options: &Dict) -> Result<Dict> {
        let call = self.call(CallKind::Meta, options)?;
        match self.reader()?.meta(index, &call) {
            Err(e) if e.kind() == ErrorKind::Unsupported => Ok(Dict::new()),
            other => other,
        }
    }

    /// The metadata of an image whose pixels are wanted, which can be had where those are damaged: then there are none.
    fn hints_of(&mut self, index: Index) -> Result<Dict> {
        match self.meta_of(index, &Dict::new()) {
            Err(e) if e.kind() == ErrorKind::Corrupt => Ok(Dict::new()),
            other => other,
        }
    }

    /// What the plugin delivers: which index that is, the properties of an image, and how many are stacked.
    fn native(&mut self, index: Index, call: &Call) -> Result<(Index, Props, Option<usize>)> {
        let reader = self.reader()?;
        let index = if index == Index::Default { reader.default_index(call)? } else { index };
        if index != Index::All {
            return Ok((index, reader.props(index, call)?, None));
        }
        let count = reader.count(Count::Exact, call)?.unwrap_or(0);
        if count == 0 {
            return Err(Error::index("the file has no image"));
        }
        let first = reader.props(Index::At(0), call)?;
        if !reader.is_uniform() || call.bool("raw_frames") {
            for i in 1..count {
                let other = reader.props(Index::At(i), call)?;
                first.check_stackable(&other, i)?;
                if rotates(call) && other.orientation != first.orientation {
                    let turns = (first.orientation, other.orientation);
                    let message = format!("image 0 has orientation {}, image {i} has {}", turns.0, turns.1);
                    return Err(Error::shape(format!("images cannot be stacked upright: {message}")));
                }
            }
        }
        Ok((index, first, Some(count)))
    }

    /// Refuses a read that is over a limit; the bytes that its result takes.
    pub fn check_limits(&self, plan: &Plan) -> Result<usize> {
        let checked = plan.adapted.check_limits(&self.limits).and_then(|_| self.limits.check(&plan.props));
        self.told(checked)
    }

    /// Reads into memory of the planned shape and of any dtype that the plan allows.
    pub fn read_planned(&mut self, plan: &Plan, call: &Call, view: ViewMut, dtype: DType) -> Result<Outcome> {
        let limits = self.limits;
        let done = (|| {
            self.check_limits(plan)?;
            check_destination(&plan.props, call, view.shape(), dtype)?;
            let reader = self.reader()?;
            call.tell(0, 0)?;
            let Some(count) = plan.stack else {
                return plan.adapted.read(call, view, dtype, limits, |to| reader.read(plan.index, call, to));
            };
            let mut view = view;
            let mut outcome = if reader.lacks_images() { Outcome::Partial } else { Outcome::Complete };
            for i in 0..count {
                call.set_part(i, count);
                let image = view.reborrow().at(i).ok_or_else(|| Error::internal("a stack lost an image"))?;
                let read = |to: &mut Destination| reader.read(Index::At(i), call, to);
                if plan.adapted.read(call, image, dtype, limits, read)? == Outcome::Partial {
                    outcome = Outcome::Partial;
                }
            }
            call.set_part(0, 1);
            Ok(outcome)
        })();
        self.told(done)
    }

    /// Metadata of an image or, for `Index::All`, of the file.
    pub fn meta(&mut self, index: Index, options: &Dict) -> Result<Dict> {
        let call = self.call(CallKind::Meta, options)?;
        let done = (|| {
            let reader = self.reader()?;
            let index = if index == Index::Default { reader.default_meta_index(&call)? } else { index };
            let mut meta = reader.meta(index, &call)?;
            metadata::finish(&mut meta, &call);
            if call.indices() && !meta.contains("palette") {
                let first = if index == Index::All { Index::At(0) } else { index };
                let is_gray =
                    matches!(reader.props(first, &call)?.color, Color::Gray | Color::GrayAlpha | Color::Palette);
                let grays = || (0..=255).map(|n| [n; 3]).collect();
                meta.set("palette", palette_value(&if is_gray { grays() } else { web_palette() })?);
            }
            Ok(meta)
        })();
        self.told(done)
    }

    /// One of the plugin's extra functions.
    pub fn function(&mut self, name: &str, arguments: &Dict) -> Result<Dict> {
        let checked = plugin::check_arguments(arguments, &self.plugin.declared, name);
        let checked = self.told(checked)?;
        let progress = progress_of(&checked).or_else(|| self.progress.clone());
        let call = Call::new(checked, self.plugin.declared.clone(), self.limits, self.threads).with_progress(progress);
        let done = match &mut self.side {
            Side::Reading(reader) => reader.call(name, &call),
            Side::Writing(writing) => writing.function(name, &call),
        };
        self.told(done)
    }
}
