//! How a plugin declares itself: one declaration validates options, is what `iio_plugins` shows, and is what the
//! documentation is made from.

use crate::error::{Error, Result};
use crate::model::{Dict, Kind, List, Value};

/// What a plugin is.
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    /// The name by which it is chosen, and which `iio_file_plugin` answers.
    pub name: String,
    /// Other names, among them imageio's.
    pub aliases: Vec<String>,
    /// One line.
    pub description: String,
    /// Extensions that it serves, in lower case with their dots.
    pub extensions: Vec<String>,
    /// Whether it reads.
    pub can_read: bool,
    /// Whether it writes.
    pub can_write: bool,
    /// Extensions that it writes, where those are fewer than it reads.
    pub written: Option<Vec<String>>,
    /// Larger goes first; at 0 and above also before the table of extensions, if it was registered at run time.
    pub priority: i64,
    /// Options beyond those that every plugin takes.
    pub options: Vec<OptionSpec>,
    /// Extra functions for `iio_file_call`.
    pub functions: Vec<FunctionSpec>,
}

/// A call that takes options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // as in the C ABI
pub enum CallKind {
    Open = 1,
    Props = 2,
    Read = 4,
    Iter = 8,
    Meta = 16,
    Write = 32,
    Count = 64,
    Function = 128,
}

impl CallKind {
    /// The call of this name: "open", "read" …
    pub fn from_name(name: &str) -> Option<CallKind> {
        Calls::NAMES.iter().find(|(n, _)| *n == name).map(|(_, call)| *call)
    }
}

/// Which calls take an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls(pub u8);

impl Calls {
    /// Opening, for reading or writing.
    pub const OPEN: Calls = Calls(1);
    /// Reads, iterators and the properties of both: what decides the result of a read.
    pub const READ: Calls = Calls(2 | 4 | 8);
    /// Metadata.
    pub const META: Calls = Calls(16);
    /// Iterators only.
    pub const ITER: Calls = Calls(8);
    /// Writes.
    pub const WRITE: Calls = Calls(32);
    /// Reads, their properties and metadata.
    pub const READ_META: Calls = Calls(2 | 4 | 8 | 16);
    /// Every call on an open file.
    pub const FILE: Calls = Calls(2 | 4 | 8 | 16 | 32 | 64);
    const NAMES: [(&'static str, CallKind); 8] = [
        ("open", CallKind::Open),
        ("props", CallKind::Props),
        ("read", CallKind::Read),
        ("iter", CallKind::Iter),
        ("meta", CallKind::Meta),
        ("write", CallKind::Write),
        ("count", CallKind::Count),
        ("call", CallKind::Function),
    ];

    /// Whether this call is among them.
    pub fn has(self, call: CallKind) -> bool {
        self.0 & call as u8 != 0
    }

    /// These and those.
    pub const fn and(self, other: Calls) -> Calls {
        Calls(self.0 | other.0)
    }

    fn names(self) -> List {
        Calls::NAMES.iter().filter(|(_, call)| self.has(*call)).map(|(name, _)| *name).collect()
    }

    fn from_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<Calls> {
        let mut calls = Calls(0);
        for name in names {
            let found = Calls::NAMES.iter().find(|(n, _)| *n == name);
            let (_, call) = found.ok_or_else(|| Error::invalid(format!("no call is named {name:?}")))?;
            calls.0 |= *call as u8;
        }
        // Properties tell what a read gives, so what a read takes they take.
        if calls.has(CallKind::Read) || calls.has(CallKind::Iter) {
            calls.0 |= CallKind::Props as u8;
        }
        Ok(calls)
    }
}

/// What a value of an option may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the documentation
pub enum OptionType {
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    Array,
    List,
    Dict,
    Callback,
    Any,
}

impl OptionType {
    const NAMES: [(&'static str, OptionType); 10] = [
        ("bool", OptionType::Bool),
        ("int", OptionType::Int),
        ("float", OptionType::Float),
        ("string", OptionType::Str),
        ("bytes", OptionType::Bytes),
        ("array", OptionType::Array),
        ("list", OptionType::List),
        ("dict", OptionType::Dict),
        ("callback", OptionType::Callback),
        ("any", OptionType::Any),
    ];

    /// The name in declarations and messages.
    pub fn name(self) -> &'static str {
        OptionType::NAMES.iter().find(|(_, t)| *t == self).map_or("any", |(name, _)| name)
    }

    fn from_name(name: &str) -> Result<OptionType> {
        let found = OptionType::NAMES.iter().find(|(n, _)| *n == name);
        found.map(|(_, t)| *t).ok_or_else(|| Error::invalid(format!("no option type is named {name:?}")))
    }
}

/// One option.
#[derive(Clone, Debug)]
pub struct OptionSpec {
    /// Its name.
    pub name: String,
    /// What its value may be; null is always taken and means "as if not given".
    pub types: Vec<OptionType>,
    /// What it is if not given.
    pub default: Value,
    /// Which calls take it.
    pub calls: Calls,
    /// One line of documentation.
    pub doc: String,
    /// The texts that it may be, if they are few.
    pub choices: Vec<String>,
    /// The least and the most that a number may be.
    pub range: Option<(f64, f64)>,
}

impl OptionSpec {
    /// An option; see the fields.
    pub fn new(name: &str, types: &[OptionType], default: impl Into<Value>, calls: Calls, doc: &str) -> OptionSpec {
        OptionSpec {
            name: name.to_owned(),
            types: types.to_vec(),
            default: default.into(),
            calls,
            doc: doc.to_owned(),
            choices: Vec::new(),
            range: None,
        }
    }

    /// Limits a text to these.
    pub fn choices(mut self, choices: &[&str]) -> OptionSpec {
        self.choices = choices.iter().map(|&c| c.to_owned()).collect();
        self
    }

    /// Limits a number to this range.
    pub fn range(mut self, least: f64, most: f64) -> OptionSpec {
        self.range = Some((least, most));
        self
    }

    fn to_dict(&self) -> Dict {
        let mut dict = Dict::new();
        let types: Vec<&str> = self.types.iter().map(|t| t.name()).collect();
        dict.set("type", types.join("|"));
        dict.set("default", self.default.clone());
        dict.set("calls", self.calls.names());
        if !self.choices.is_empty() {
            dict.set("choices", list(&self.choices));
        }
        if let Some((least, most)) = self.range {
            dict.set("range", [least, most].into_iter().collect::<List>());
        }
        dict.set("doc", self.doc.as_str());
        dict
    }

    fn from_dict(name: &str, dict: &Dict) -> Result<OptionSpec> {
        let types = texts(dict.get("type"))?;
        let types = types.iter().flat_map(|t| t.split('|')).map(OptionType::from_name).collect::<Result<Vec<_>>>()?;
        let calls = match dict.get("calls") {
            None => Calls(u8::MAX),
            given => Calls::from_names(texts(given)?.iter().map(String::as_str))?,
        };
        let doc = ["doc", "documentation", "description"].iter().find_map(|k| dict.get(k)?.as_str()).unwrap_or("");
        let range = dict.get("range").and_then(Value::as_floats).and_then(|r| Some((*r.first()?, *r.get(1)?)));
        Ok(OptionSpec {
            name: name.to_owned(),
            types: if types.is_empty() { vec![OptionType::Any] } else { types },
            default: dict.get("default").cloned().unwrap_or_default(),
            calls,
            doc: doc.to_owned(),
            choices: texts(dict.get("choices"))?,
            range,
        })
    }
}

/// An extra function of a plugin.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// Its name.
    pub name: String,
    /// One line of documentation.
    pub doc: String,
    /// Its arguments.
    pub arguments: Vec<OptionSpec>,
}

impl Declaration {
    /// What `iio_plugins` shows.
    pub fn to_dict(&self, available: bool) -> Dict {
        let mut options = Dict::new();
        for option in &self.options {
            options.set(option.name.as_str(), option.to_dict());
        }
        for option in super::common() {
            if !options.contains(&option.name) {
                options.set(option.name.as_str(), option.to_dict().with("common", true));
            }
        }
        let mut functions = Dict::new();
        for function in &self.functions {
            let mut arguments = Dict::new();
            for argument in &function.arguments {
                arguments.set(argument.name.as_str(), argument.to_dict());
            }
            let shown = Dict::new().with("doc", function.doc.as_str()).with("arguments", arguments);
            functions.set(function.name.as_str(), shown);
        }
        Dict::new()
            .with("aliases", list(&self.aliases))
            .with("description", self.description.as_str())
            .with("extensions", list(&self.extensions))
            .with("can_read", self.can_read)
            .with("can_write", self.can_write)
            .with("available", available)
            .with("priority", self.priority)
            .with("options", options)
            .with("functions", functions)
    }

    /// The declaration of a plugin in C: JSON with the fields of `iio_plugins`, the name beside them. Options and
    /// functions are objects by name, or lists of objects with a `name`.
    pub fn from_json(text: &str) -> Result<Declaration> {
        let dict = Dict::from_json(text).map_err(|e| e.context("declaration"))?;
        let name = dict.get("name").and_then(Value::as_str).unwrap_or("");
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_graphic() && c != ',') {
            return Err(Error::invalid(format!("a plugin cannot be named {name:?}")));
        }
        let extensions = texts(dict.get("extensions"))?;
        let mut options = Vec::new();
        for (name, option) in named(dict.get("options"))? {
            options.push(OptionSpec::from_dict(&name, &option).map_err(|e| e.context(format_args!("option {name}")))?);
        }
        let mut functions = Vec::new();
        for (name, function) in named(dict.get("functions"))? {
            let arguments = named(function.get("arguments"))?;
            let arguments = arguments.iter().map(|(name, dict)| OptionSpec::from_dict(name, dict));
            let doc = function.get("doc").and_then(Value::as_str).unwrap_or("").to_owned();
            functions.push(FunctionSpec { name, doc, arguments: arguments.collect::<Result<_>>()? });
        }
        let flag = |key: &str| match dict.get(key) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(b)) => Ok(*b),
            Some(Value::Int(n @ (0 | 1))) => Ok(*n == 1),
            Some(_) => Err(Error::invalid(format!("{key} of a declaration is true or false"))),
        };
        Ok(Declaration {
            name: name.to_owned(),
            aliases: texts(dict.get("aliases"))?,
            description: dict.get("description").and_then(Value::as_str).unwrap_or("").to_owned(),
            extensions: extensions.iter().map(|e| normal_extension(e)).collect(),
            can_read: flag("can_read")?,
            can_write: flag("can_write")?,
            written: None,
            priority: dict.get("priority").and_then(Value::as_int).unwrap_or(0),
            options,
            functions,
        })
    }

    /// Whether it goes by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Whether it writes files of this extension.
    pub fn writes(&self, extension: &str) -> bool {
        self.can_write && self.written.as_ref().unwrap_or(&self.extensions).iter().any(|e| e == extension)
    }
}

/// An extension in lower case with its dot.
pub fn normal_extension(extension: &str) -> String {
    let lower = extension.to_lowercase();
    if lower.starts_with('.') || lower.is_empty() { lower } else { format!(".{lower}") }
}

fn list(texts: &[String]) -> List {
    texts.iter().map(String::as_str).collect()
}

/// A text, or a list of texts.
fn texts(value: Option<&Value>) -> Result<Vec<String>> {
    let text = |value: &Value| {
        let text = value.as_str().ok_or_else(|| Error::invalid("a declaration has a value that is not text"));
        text.map(str::to_owned)
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::List(list)) => list.iter().map(text).collect(),
        Some(one) => Ok(vec![text(one)?]),
    }
}

/// Objects by name: of an object its members, of a list its objects with a `name` (or names alone).
fn named(value: Option<&Value>) -> Result<Vec<(String, Dict)>> {
    let mut out = Vec::new();
    let entries = match value {
        None | Some(Value::Null) => return Ok(out),
        Some(value) => value.as_dict().ok_or_else(|| Error::invalid("options and functions are objects or lists"))?,
    };
    let is_list = value.is_some_and(|v| v.kind() == Kind::List);
    for (key, entry) in entries.iter() {
        let dict = match entry {
            Value::Dict(dict) => dict.clone(),
            Value::Str(text) if is_list => Dict::new().with("name", text.clone()),
            Value::Str(text) => Dict::new().with("doc", text.clone()),
            _ => return Err(Error::invalid(format!("{key} of a declaration is not an object"))),
        };
        let name = if is_list { dict.get("name").and_then(Value::as_str).unwrap_or("") } else { key };
        if name.is_empty() {
            return Err(Error::invalid("an option or function of a declaration has no name"));
        }
        out.push((name.to_owned(), dict));
    }
    Ok(out)
}
