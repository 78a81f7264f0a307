//! Which plugin serves a resource. imageio's order: the one that is named; those of the extension; those that know
//! the content; everyone. The content decides in the end, whatever the name says.

use super::call::{self, Call};
use super::declare::CallKind;
use super::registry::{Registered, table};
use super::{Reader, Writer, known};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::model::{Dict, Limits, Progress, Value};
use crate::resource::{Output, Source};
use std::sync::Arc;

/// What an opening asks for.
pub struct Opening<'a> {
    /// The options, of the opening and, for the one-call functions, of the call behind it.
    pub options: &'a Dict,
    /// The call behind a one-call function.
    pub call: Option<CallKind>,
    /// Limits of the file.
    pub limits: Limits,
    /// Threads of the file.
    pub threads: usize,
    /// Progress of the file.
    pub progress: Option<Progress>,
}

impl Opening<'_> {
    fn named(&self) -> Option<&str> {
        self.options.get("plugin").and_then(Value::as_str)
    }

    /// The options that are the opening's, checked; and a complaint about the others.
    fn split(&self, plugin: &Registered) -> (Result<Dict>, Result<()>) {
        let mut opening = Dict::new();
        let mut rest = Dict::new();
        for (name, value) in self.options.iter() {
            if call::takes(&plugin.declared, name, CallKind::Open) {
                opening.set(name.clone(), value.clone());
            } else {
                rest.set(name.clone(), value.clone());
            }
        }
        let opening = call::check(&opening, &plugin.declared, CallKind::Open);
        let rest = call::check(&rest, &plugin.declared, self.call.unwrap_or(CallKind::Open)).map(drop);
        (opening, rest)
    }

    fn call_for(&self, plugin: &Registered, options: Dict) -> Call {
        Call::new(options, plugin.declared.clone(), self.limits, self.threads).with_progress(self.progress.clone())
    }
}

/// Refusals on the way to a plugin.
#[derive(Default)]
struct Asked {
    refusals: Vec<Refusal>,
    /// Why the plugin that is first for the extension is not here.
    missing: Option<Error>,
    /// What a plugin that knows the content said.
    serious: Option<Error>,
}

impl Asked {
    fn refuse(&mut self, plugin: &str, error: &Error) {
        let refusal = Refusal { plugin: plugin.to_owned(), kind: error.kind(), message: error.message().to_owned() };
        self.refusals.push(refusal);
    }

    fn is_known(&self, plugin: &str) -> bool {
        self.refusals.iter().any(|r| r.plugin == plugin)
    }

    fn list(&self) -> String {
        // Those that are not here have their say in the error's details.
        let (missing, here): (Vec<_>, Vec<_>) =
            self.refusals.iter().partition(|r| r.kind == ErrorKind::PluginUnavailable);
        let mut list: Vec<String> = here.iter().map(|r| format!("{}: {}", r.plugin, r.message)).collect();
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|r| r.plugin.as_str()).collect();
            list.push(format!("not here are {}", names.join(", ")));
        }
        if list.is_empty() { "no plugin was asked".to_owned() } else { format!("asked were {}", list.join("; ")) }
    }
}

/// Opens a source with the plugin that serves it.
pub fn open_reader(source: &Source, opening: &Opening) -> Result<(Box<dyn Reader>, Arc<Registered>)> {
    let table = table();
    if let Some(device) = source.device() {
        return open_device(source, device, opening);
    }
    if let Some(name) = opening.named() {
        let plugin = table.find(name)?;
        if !plugin.declared.can_read {
            return Err(Error::unsupported(format!("plugin {} does not read", plugin.name())).plugin(plugin.name()));
        }
        let (options, rest) = opening.split(&plugin);
        let call = opening.call_for(&plugin, options?);
        rest?;
        let reader = plugin.plugin.open(source.clone(), &call).map_err(|e| e.plugin(plugin.name()))?;
        return Ok((reader, plugin));
    }
    let mut asked = Asked::default();
    for name in source.extension().map(|e| table.for_extension(e)).unwrap_or_default() {
        match table.find(name) {
            Ok(plugin) => {
                if let Some(reader) = ask(&plugin, source, opening, &mut asked)? {
                    return Ok((reader, plugin));
                }
            }
            Err(missing) => {
                let shown = missing.plugin_name().unwrap_or(name).to_owned();
                if !asked.is_known(&shown) {
                    asked.refuse(&shown, &missing);
                }
                // Whose name it is says why, even if others had a look before.
                if asked.refusals.len() == 1 || known::by_name(name).is_some_and(|b| b.never.is_some()) {
                    asked.missing = Some(missing);
                }
            }
        }
    }
    let mut rest: Vec<(u8, &Arc<Registered>)> = table
        .active()
        .rev()
        .filter(|p| !asked.is_known(p.name()))
        .map(|p| (p.plugin.probe(source.head(), source.extension()).unwrap_or(1), p))
        .collect();
    rest.sort_by_key(|(sure, p)| std::cmp::Reverse((*sure, p.declared.priority)));
    let marked = known::by_mark(source.head()).filter(|b| b.module && table.get(b.name).is_none());
    for (_, plugin) in rest {
        // A module for films reads a picture as a film of one image; whether it is loaded already must not matter.
        if let Some(backend) = marked.filter(|_| known::by_name(plugin.name()).is_some_and(|b| b.module)) {
            let plugin = table.find(backend.name).map_err(|e| e.refusals(asked.refusals.clone()))?;
            if let Some(reader) = ask(&plugin, source, opening, &mut asked)? {
                return Ok((reader, plugin));
            }
        }
        if let Some(reader) = ask(plugin, source, opening, &mut asked)? {
            return Ok((reader, plugin.clone()));
        }
    }
    if asked.serious.is_none()
        && let Some(backend) = known::by_mark(source.head()).filter(|b| table.get(b.name).is_none())
    {
        // A module that is not named by the extension is found here.
        let plugin = table.find(backend.name).map_err(|e| e.refusals(asked.refusals.clone()))?;
        if let Some(reader) = ask(&plugin, source, opening, &mut asked)? {
            return Ok((reader, plugin));
        }
    }
    Err(nobody(source, asked))
}

/// Opens a camera or screen with the plugin that reads such: one with the option `device`, which gets the name.
fn open_device(source: &Source, device: &str, opening: &Opening) -> Result<(Box<dyn Reader>, Arc<Registered>)> {
    let plugin = table().find(opening.named().unwrap_or("ffmpeg"))?;
    if !call::takes(&plugin.declared, "device", CallKind::Open) {
        let what = format!("plugin {} reads no cameras and screens", plugin.name());
        return Err(Error::unsupported(what).plugin(plugin.name()));
    }
    let (options, rest) = opening.split(&plugin);
    let (mut options, _) = (options?, rest?);
    if options.get("device").is_none() {
        options.set("device", device);
    }
    let reader = plugin.plugin.open(source.clone(), &opening.call_for(&plugin, options));
    reader.map(|reader| (reader, plugin.clone())).map_err(|e| e.plugin(plugin.name()))
}

fn nobody(source: &Source, asked: Asked) -> Error {
    if let Some(error) = asked.serious {
        return error.refusals(asked.refusals);
    }
    if source.is_empty() {
        return Error::new(ErrorKind::NoBackend, "it is empty").refusals(asked.refusals);
    }
    if let Some(missing) = asked.missing {
        return missing.refusals(asked.refusals);
    }
    let message = format!("no plugin can open this; {}", asked.list());
    Error::new(ErrorKind::NoBackend, message).refusals(asked.refusals)
}

/// Asks one plugin. `None`: it refused, and the next may be asked.
fn ask(
    plugin: &Arc<Registered>,
    source: &Source,
    opening: &Opening,
    asked: &mut Asked,
) -> Result<Option<Box<dyn Reader>>> {
    if asked.is_known(plugin.name()) || !plugin.declared.can_read {
        return Ok(None);
    }
    let sure = plugin.plugin.probe(source.head(), source.extension());
    if sure == Some(0) {
        asked.refuse(plugin.name(), &Error::new(ErrorKind::NoBackend, "the content is none of its formats"));
        return Ok(None);
    }
    let (options, rest) = opening.split(plugin);
    // A plugin that does not open the content may not complain about its options either.
    let call = opening.call_for(plugin, options.as_ref().ok().cloned().unwrap_or_default());
    match plugin.plugin.open(source.clone(), &call) {
        Ok(reader) => {
            options?;
            rest?;
            Ok(Some(reader))
        }
        Err(e) => {
            let e = e.plugin(plugin.name());
            asked.refuse(plugin.name(), &e);
            match e.kind() {
                ErrorKind::NoBackend => Ok(None),
                // It knows whose the content is, and that one is not here.
                ErrorKind::PluginUnavailable => {
                    asked.missing.get_or_insert(e);
                    Ok(None)
                }
                // Others may still read what this one knows and cannot serve.
                ErrorKind::Unsupported => {
                    if sure.is_some_and(|s| s >= 50) {
                        asked.serious.get_or_insert(e);
                    }
                    Ok(None)
                }
                ErrorKind::Corrupt if sure.is_none_or(|s| s < 50) => Ok(None),
                _ => Err(e),
            }
        }
    }
}

/// Chooses the plugin that writes an extension, and opens the output with it.
pub fn open_writer(
    output: impl FnOnce() -> Result<Output>,
    extension: Option<&str>,
    opening: &Opening,
) -> Result<(Box<dyn Writer>, Arc<Registered>, Output)> {
    let plugin = writer_for(extension, opening)?;
    let (options, rest) = opening.split(&plugin);
    let call = opening.call_for(&plugin, options?);
    rest?;
    let output = output()?;
    match plugin.plugin.create(output.clone(), extension, &call) {
        Ok(writer) => Ok((writer, plugin, output)),
        Err(e) => {
            output.discard();
            Err(e.plugin(plugin.name()))
        }
    }
}

fn writer_for(extension: Option<&str>, opening: &Opening) -> Result<Arc<Registered>> {
    let table = table();
    if let Some(name) = opening.named() {
        let plugin = table.find(name)?;
        if !plugin.declared.can_write {
            return Err(Error::unsupported(format!("plugin {} does not write", plugin.name())).plugin(plugin.name()));
        }
        return Ok(plugin);
    }
    let Some(extension) = extension else {
        // A format that is named needs no extension.
        if let Some(Value::Str(format)) = opening.options.get("format") {
            let named = super::normal_extension(format);
            return writer_for(Some(&named), opening).or_else(|_| table.find("image"));
        }
        let what = "there is no extension to choose a format by; give the option extension";
        return Err(Error::new(ErrorKind::NoBackend, what));
    };
    let mut refusals = Vec::new();
    let mut missing = None;
    let mut first: Option<Arc<Registered>> = None;
    for name in table.for_extension(extension) {
        // Another than the first is asked only for what that one does not do.
        let asked = known::by_name(name).is_some_and(|b| b.adds.iter().any(|o| opening.options.contains(o)));
        if first.is_some() && !asked {
            continue;
        }
        match table.find(name) {
            Ok(plugin) if plugin.declared.writes(extension) => {
                if first.is_some() || plugin.plugin.takes(extension, opening.options) {
                    return Ok(plugin);
                }
                first = Some(plugin);
            }
            Err(e) if first.is_some() => return Err(e),
            Ok(plugin) => refusals.push(Refusal {
                plugin: plugin.name().to_owned(),
                kind: ErrorKind::Unsupported,
                message: format!("does not write {extension}"),
            }),
            Err(e) => {
                let shown = e.plugin_name().unwrap_or(name).to_owned();
                refusals.push(Refusal { plugin: shown, kind: e.kind(), message: e.message().to_owned() });
                missing.get_or_insert(e);
            }
        }
    }
    if let Some(first) = first {
        return Ok(first);
    }
    let error = missing.unwrap_or_else(|| Error::new(ErrorKind::NoBackend, format!("no plugin writes {extension}")));
    Err(error.refusals(refusals))
}
