//! One call on its way to a plugin: its options, checked; its limits; and its progress.

use super::declare::{CallKind, Declaration, OptionSpec, OptionType};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Dict, Kind, Limits, List, Progress, Value};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// At least this often a progress callback is called while work goes on.
const BEAT: Duration = Duration::from_millis(50);

/// A call: what a plugin may ask about it.
pub struct Call {
    options: Dict,
    declared: Arc<Declaration>,
    limits: Limits,
    threads: usize,
    progress: Option<Progress>,
    beat: Cell<Option<Instant>>,
    /// This image's place in a stack: (index, of).
    part: Cell<(u64, u64)>,
}

impl Call {
    /// A call with these options, which [`check`] has seen.
    pub fn new(options: Dict, declared: Arc<Declaration>, limits: Limits, threads: usize) -> Call {
        Call { options, declared, limits, threads, progress: None, beat: Cell::new(None), part: Cell::new((0, 1)) }
    }

    /// With a progress callback.
    pub fn with_progress(mut self, progress: Option<Progress>) -> Call {
        self.progress = progress;
        self
    }

    /// The same call with other options, as a plugin of several formats makes it for one of them.
    pub fn with_options(&self, options: Dict, declared: Arc<Declaration>) -> Call {
        let (limits, threads, progress) = (self.limits, self.threads, self.progress.clone());
        Call { options, declared, limits, threads, progress, beat: self.beat.clone(), part: self.part.clone() }
    }

    /// The options that were given, checked.
    pub fn options(&self) -> &Dict {
        &self.options
    }

    /// The value of an option: as given, else its default, else null.
    pub fn get(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        match self.options.get(name) {
            Some(value) if value.kind() != Kind::Null => value,
            _ => spec(&self.declared, name).map_or(&NULL, |spec| &spec.default),
        }
    }

    /// The value of an option that means the same for every plugin; null if this plugin has one of its own by that name
    /// for such a call, and so sees to it itself.
    pub fn shared(&self, name: &str, kind: CallKind) -> &Value {
        static NULL: Value = Value::Null;
        let own = self.declared.options.iter().any(|o| o.name == name && o.calls.has(kind));
        if own { &NULL } else { self.get(name) }
    }

    /// Whether an option was given, and not as null.
    pub fn given(&self, name: &str) -> bool {
        self.options.get(name).is_some_and(|v| v.kind() != Kind::Null)
    }

    /// A true or false option.
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.get(name), Value::Bool(true))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.get(name).as_int()
    }

    /// A number.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.get(name).as_float()
    }

    /// A text.
    pub fn str(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    /// By how much an image is to be made smaller: by `reduce`, or by `scale` as a fraction.
    pub fn reduce(&self) -> Result<usize> {
        let by = if self.given("reduce") { self.shared("reduce", CallKind::Read).as_int() } else { None };
        let fraction = match self.shared("scale", CallKind::Read) {
            Value::Float(fraction) => Some(*fraction),
            _ => None,
        };
        let of_fraction = match fraction {
            None => None,
            Some(fraction) => match [1i64, 2, 4, 8].iter().find(|&&n| fraction * n as f64 == 1.0) {
                Some(n) => Some(*n),
                None => {
                    let message =
                        format!("option \"scale\" is 1/2, 1/4 or 1/8 as a number, or true with dtype, not {fraction}");
                    return Err(Error::option(message));
                }
            },
        };
        match (by, of_fraction) {
            (None, None) => Ok(1),
            (Some(1), None) | (None, Some(1)) => Ok(1),
            (Some(n @ (2 | 4 | 8)), None) | (None, Some(n)) => Ok(n as usize),
            (Some(n), None) => Err(Error::option(format!("option \"reduce\" is 1, 2, 4 or 8, not {n}"))),
            _ => Err(Error::option("reduce and scale say the same thing: give one of them")),
        }
    }

    /// The mode of Pillow's that a read is to give.
    pub fn mode(&self) -> Option<&str> {
        let shared = |name| self.shared(name, CallKind::Read).as_str();
        shared("mode").or(shared("pilmode"))
    }

    /// Whether the places of colours in a palette are wanted instead of the colours: mode P. Of an image that has a
    /// palette a plugin gives them, with the colour model `Palette`, and the palette in the metadata, colour by colour.
    pub fn indices(&self) -> bool {
        self.mode() == Some("P")
    }

    /// A number, or this image's of a list or array: of a batch its place in it, else its place in the file.
    pub fn number_of(&self, name: &str, image: usize) -> Result<Option<f64>> {
        if !self.given(name) {
            return Ok(None);
        }
        let value = self.get(name);
        if let Some(number) = value.as_float() {
            return Ok(Some(number));
        }
        let numbers = value.as_floats().ok_or_else(|| Error::option(format!("option {name:?} is numbers")))?;
        let place = match self.part() {
            (part, of) if of > 1 => part,
            _ => image,
        };
        let found = numbers.get(place).copied();
        let none = || Error::option(format!("option {name:?} has {} values, none for image {place}", numbers.len()));
        found.map(Some).ok_or_else(none)
    }

    /// What the call may make.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many threads may work on it, at least 1.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The caller's progress callback, if there is one.
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// Tells how far the work is, now and then; fails when the caller wants it to end. `total` 0: unknown.
    /// Cheap enough for every row.
    pub fn tick(&self, done: u64, total: u64) -> Result<()> {
        if self.progress.is_none() || self.beat.get().is_some_and(|last| last.elapsed() < BEAT) {
            return Ok(());
        }
        self.tell(done, total)
    }

    /// Tells how far the work is, at once.
    pub fn tell(&self, done: u64, total: u64) -> Result<()> {
        let Some(progress) = &self.progress else { return Ok(()) };
        self.beat.set(Some(Instant::now()));
        let (part, of) = self.part.get();
        let (done, total) = match of {
            1 => (done, total),
            _ => (part * 1000 + done.saturating_mul(1000).checked_div(total).unwrap_or(0).min(1000), of * 1000),
        };
        match (progress.0)(done, total) {
            0 => Ok(()),
            result => Err(Error::cancelled().callback(result.into())),
        }
    }

    /// Says that the work at hand is image `index` of a stack of `of`.
    pub fn set_part(&self, index: usize, of: usize) {
        self.part.set((index as u64, of.max(1) as u64));
    }

    /// Which image of a stack of how many is at hand; 0 of 1 where there is no stack. An option that lists a value for
    /// each image of a batch is read by this, and a writer learns how many images it will be given at least.
    pub fn part(&self) -> (usize, usize) {
        let (index, of) = self.part.get();
        (index as usize, of as usize)
    }
}

/// Options that every plugin takes.
pub fn common() -> &'static [OptionSpec] {
    use super::declare::Calls;
    use OptionType::{Array, Bool, Callback, Dict, Float, Int, List, Str};
    static COMMON: once_cell::sync::Lazy<Vec<OptionSpec>> = once_cell::sync::Lazy::new(|| {
        fn new(name: &str, types: &[OptionType], default: impl Into<Value>, calls: Calls, doc: &str) -> OptionSpec {
            OptionSpec::new(name, types, default, calls, doc)
        }
        let limits = crate::model::Limits::default();
        let none = Value::Null;
        vec![
            new("plugin", &[Str], none.clone(), Calls::OPEN, "open with this plugin only"),
            new("extension", &[Str], none.clone(), Calls::OPEN, "take the content for this kind, \".png\""),
            new(
                "max_pixels",
                &[Int],
                limits.max_pixels.map_or(0, |n| n as i64),
                Calls::OPEN,
                "most pixels of an image; 0: no limit",
            )
            .range(0.0, f64::MAX),
            new(
                "max_bytes",
                &[Int],
                limits.max_bytes.map_or(0, |n| n as i64),
                Calls::OPEN,
                "most bytes of a result or intermediate; 0: no limit",
            )
            .range(0.0, f64::MAX),
            new("threads", &[Int], 0, Calls::OPEN, "most threads of one call; 0: as many as processors")
                .range(0.0, 1024.0),
            new("local", &[Bool], false, Calls::OPEN, "the URI is a path of the file system, whatever it looks like"),
            new("progress", &[Callback], none.clone(), Calls(u8::MAX), "function that is told how far a call is"),
            new(
                "mode",
                &[Str],
                none.clone(),
                Calls::READ_META.and(Calls::WRITE),
                "convert to this mode of Pillow's: 1, L, LA, P, RGB, RGBA, CMYK, YCbCr, LAB, HSV, I, I;16, F …",
            ),
            new("pilmode", &[Str], none.clone(), Calls::READ_META, "older name of mode"),
            new("rotate", &[Bool], false, Calls::READ_META, "turn the image as its orientation says"),
            new("exifrotate", &[Bool], false, Calls::READ_META, "older name of rotate"),
            new("apply_gamma", &[Bool], false, Calls::READ_META, "apply the gamma that the metadata name"),
            new(
                "background",
                &[Int, List, Str],
                none.clone(),
                Calls::READ_META,
                "lay what has alpha on this: gray, [red, green, blue], or \"#rrggbb\"",
            ),
            new(
                "raw_frames",
                &[Bool],
                false,
                Calls::READ_META,
                "the parts that an animation stores, each by itself, and not the images that they make",
            ),
            new("region", &[List, Str], none.clone(), Calls::READ, "a part of the result: x, y, width, height"),
            new("reduce", &[Int], 1, Calls::READ, "make the image smaller: 2, 4 or 8 pixels of a side become one")
                .range(1.0, 8.0),
            new(
                "writeable_output",
                &[Bool],
                true,
                Calls::READ_META,
                "taken for imageio's sake: the memory is the caller's own",
            ),
            new("dtype", &[Str], none.clone(), Calls::READ, "convert to this dtype, as numpy's astype"),
            new(
                "scale",
                &[Bool, Float],
                false,
                Calls::READ,
                "with dtype, true: map the full range of values to the full range; 1/2, 1/4, 1/8: as reduce",
            ),
            new("allow_partial", &[Bool], false, Calls::READ, "give what can be read of a damaged image"),
            new("start", &[Int], 0, Calls::ITER, "first image").range(0.0, f64::MAX),
            new("stop", &[Int], none.clone(), Calls::ITER, "image to end before").range(0.0, f64::MAX),
            new("every", &[Int], 1, Calls::ITER, "distance of images").range(1.0, f64::MAX),
            new("start_s", &[Float], none.clone(), Calls::ITER, "first image by its time in seconds")
                .range(0.0, f64::MAX),
            new("exclude_applied", &[Bool], true, Calls::META, "leave out what a read applies to the pixels"),
            new("metadata", &[Dict], none.clone(), Calls::WRITE, "metadata to write, as a reader gives it"),
            new("is_batch", &[Bool], none.clone(), Calls::WRITE, "the first axis counts images"),
            new("axes", &[Str], none.clone(), Calls::WRITE, "one letter an axis: N T Z C Y X S Q"),
            new("color", &[Str, Int], none.clone(), Calls::WRITE, "what the samples mean: rgb, rgba, gray, cmyk …"),
            new(
                "time_s",
                &[Float, List, Array],
                none.clone(),
                Calls::WRITE,
                "time of the image in seconds, in a sequence",
            ),
            new("duration_s", &[Float, List, Array], none, Calls::WRITE, "how long the image is shown, in seconds"),
        ]
    });
    &COMMON
}

/// The specification of an option: the plugin's own, or one that all take.
fn spec<'a>(declared: &'a Declaration, name: &str) -> Option<&'a OptionSpec> {
    declared.options.iter().find(|o| o.name == name).or_else(|| common().iter().find(|o| o.name == name))
}

/// Whether this plugin takes the option in this call.
pub fn takes(declared: &Declaration, name: &str, call: CallKind) -> bool {
    let own = declared.options.iter().any(|o| o.name == name && o.calls.has(call));
    own || common().iter().any(|o| o.name == name && o.calls.has(call))
}

/// Checks options against the declarations for one call: unknown names are refused, values made the declared type.
pub fn check(options: &Dict, declared: &Declaration, call: CallKind) -> Result<Dict> {
    let mut checked = Dict::new();
    for (name, value) in options.iter() {
        let own = declared.options.iter().find(|o| o.name == **name && o.calls.has(call));
        let spec = own.or_else(|| common().iter().find(|o| o.name == **name && o.calls.has(call)));
        let spec = spec.ok_or_else(|| unknown(name, declared, call))?;
        let value = coerce(spec, value).map_err(|e| e.plugin(&declared.name))?;
        checked.set(name.clone(), value);
    }
    Ok(checked)
}

/// Checks the arguments of a plugin's function; a function that declares none takes any.
pub fn check_arguments(arguments: &Dict, declared: &Declaration, function: &str) -> Result<Dict> {
    let Some(spec) = declared.functions.iter().find(|f| f.name == function) else {
        let known: Vec<&str> = declared.functions.iter().map(|f| f.name.as_str()).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        let message = format!("plugin {} has no function {function:?}; {known}", declared.name);
        return Err(Error::unsupported(message).plugin(&declared.name));
    };
    if spec.arguments.is_empty() {
        return Ok(arguments.clone());
    }
    let as_options =
        Declaration { name: declared.name.clone(), options: spec.arguments.clone(), ..Declaration::default() };
    check(arguments, &as_options, CallKind::Function)
}

fn unknown(name: &str, declared: &Declaration, call: CallKind) -> Error {
    let of_plugin = declared.options.iter().chain(common());
    let elsewhere = of_plugin.clone().any(|o| o.name == name);
    let mut near: Vec<(usize, &str)> =
        of_plugin.filter(|o| o.calls.has(call)).map(|o| (distance(name, &o.name), o.name.as_str())).collect();
    near.sort();
    let doing = match call {
        CallKind::Open => "opening",
        CallKind::Props => "properties",
        CallKind::Read => "reading",
        CallKind::Iter => "iterating",
        CallKind::Meta => "metadata",
        CallKind::Write => "writing",
        CallKind::Count => "counting",
        CallKind::Function => "this function",
    };
    let mut message = format!("plugin {} has no option {name:?} for {doing}", declared.name);
    if elsewhere {
        message.push_str(", though other calls take it");
    } else if let Some((_, nearest)) = near.first() {
        message.push_str(&format!("; the nearest is {nearest:?}"));
    }
    Error::new(ErrorKind::UnknownOption, message).plugin(&declared.name)
}

/// How many letters differ: the length of the shortest edit.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

/// The value as one of the declared types.
fn coerce(spec: &OptionSpec, value: &Value) -> Result<Value> {
    if value.kind() == Kind::Null {
        return Ok(Value::Null);
    }
    let found = spec.types.iter().find_map(|&t| as_type(value, t));
    // A text that may not stand as text is JSON of what may.
    let parsed = || {
        let text = value.as_str()?;
        let parsed = Value::from_json(text).ok()?;
        if parsed.kind() == Kind::Null {
            return Some(parsed);
        }
        spec.types.iter().find_map(|&t| as_type(&parsed, t))
    };
    let Some(value) = found.or_else(parsed) else {
        let types: Vec<&str> = spec.types.iter().map(|t| t.name()).collect();
        let shown = value.to_json().unwrap_or_default();
        let shown: String = shown.chars().take(60).collect();
        return Err(Error::option(format!(
            "option {:?} takes {}, not the {} {shown}",
            spec.name,
            types.join(" or "),
            value.kind().name()
        )));
    };
    if let (Some((least, most)), Some(x)) = (spec.range, value.as_float())
        && !(least..=most).contains(&x)
    {
        let range = if most == f64::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
        return Err(Error::option(format!("option {:?} is {range}, not {x}", spec.name)));
    }
    if let (false, Some(text)) = (spec.choices.is_empty(), value.as_str())
        && !spec.choices.iter().any(|c| c == text)
    {
        let choices = spec.choices.join(", ");
        return Err(Error::option(format!("option {:?} is one of {choices}, not {text:?}", spec.name)));
    }
    Ok(value)
}

fn as_type(value: &Value, to: OptionType) -> Option<Value> {
    match (to, value) {
        (OptionType::Any, v) => Some(v.clone()),
        (OptionType::Bool, Value::Bool(_)) => Some(value.clone()),
        (OptionType::Bool, Value::Int(n @ (0 | 1))) => Some(Value::Bool(*n == 1)),
        (OptionType::Int, Value::Int(_)) => Some(value.clone()),
        (OptionType::Int, Value::Float(x)) if x.fract() == 0.0 && x.abs() < 9.2e18 => Some(Value::Int(*x as i64)),
        (OptionType::Float, Value::Float(_)) => Some(value.clone()),
        (OptionType::Float, Value::Int(n)) => Some(Value::Float(*n as f64)),
        (OptionType::Str, Value::Str(_)) => Some(value.clone()),
        (OptionType::Bytes, Value::Bytes(_)) => Some(value.clone()),
        (OptionType::Array, Value::Array(_)) => Some(value.clone()),
        (OptionType::List, Value::List(_)) => Some(value.clone()),
        (OptionType::List, Value::Array(array)) if array.shape().len() == 1 => {
            Some(Value::List(array.to_f64().into_iter().map(whole_or_float).collect::<List>()))
        }
        (OptionType::Dict, Value::Dict(_)) => Some(value.clone()),
        (OptionType::Callback, Value::Callback(_)) => Some(value.clone()),
        _ => None,
    }
}

/// A whole number where it is one: an array of integers is a list of integers.
fn whole_or_float(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 2f64.powi(53) { Value::Int(x as i64) } else { Value::Float(x) }
}

#[cfg(test)]
mod tests {
    use super::super::declare::Calls;
    use super::*;

    fn declared() -> Declaration {
        let quality = OptionSpec::new("quality", &[OptionType::Int], 75, Calls::WRITE, "").range(1.0, 100.0);
        let mode = OptionSpec::new("mode", &[OptionType::Str], Value::Null, Calls::READ, "").choices(&["L", "RGB"]);
        Declaration { name: "toy".into(), options: vec![quality, mode], ..Declaration::default() }
    }

    fn write(key: &str, value: impl Into<Value>) -> Result<Dict> {
        check(&Dict::new().with(key, value), &declared(), CallKind::Write)
    }

    #[test]
    fn values_become_the_declared_type() {
        assert_eq!(write("quality", 90.0).unwrap().get("quality"), Some(&Value::Int(90)));
        assert_eq!(write("quality", "90").unwrap().get("quality"), Some(&Value::Int(90)));
        assert_eq!(write("is_batch", 1).unwrap().get("is_batch"), Some(&Value::Bool(true)));
        assert_eq!(write("is_batch", "null").unwrap().get("is_batch"), Some(&Value::Null));
        for bad in [Value::from(90.5), Value::from(0), Value::from("best"), Value::from(true)] {
            assert_eq!(write("quality", bad).unwrap_err().kind(), ErrorKind::InvalidOption);
        }
    }

    #[test]
    fn unknown_options_name_the_nearest() {
        let error = write("qualty", 3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownOption);
        assert!(error.message().contains("\"qualty\"") && error.message().contains("\"quality\""), "{error}");
        assert!(write("exclude_applied", true).unwrap_err().message().contains("other calls"));
    }

    #[test]
    fn choices_are_kept_to() {
        let read = |mode: &str| check(&Dict::new().with("mode", mode), &declared(), CallKind::Read);
        assert!(read("L").is_ok());
        assert_eq!(read("XYZ").unwrap_err().kind(), ErrorKind::InvalidOption);
    }
}
