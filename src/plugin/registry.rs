//! The registered plugins. A reader sees one table or the next, never a lock: an open file keeps its plugin, and a
//! child after a fork may look things up at once.

use super::call::distance;
use super::declare::{Declaration, normal_extension};
use super::formats::FORMATS;
use super::known;
use super::{Plugin, foreign};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Dict, List};
use arc_swap::ArcSwap;
use once_cell::sync::Lazy;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A plugin in the registry.
pub struct Registered {
    /// The plugin.
    pub plugin: Arc<dyn Plugin>,
    /// Its declaration.
    pub declared: Arc<Declaration>,
    /// Whether a program registered it, or it came as a module.
    pub run_time: bool,
}

impl Registered {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.declared.name
    }
}

/// One state of the registry.
#[derive(Clone, Default)]
pub struct Table {
    /// Oldest first; a later plugin of the same name hides the earlier.
    plugins: Vec<Arc<Registered>>,
    /// Priorities that the program set, by extension.
    priorities: HashMap<String, Vec<String>>,
}

static TABLE: Lazy<ArcSwap<Table>> = Lazy::new(|| {
    let plugins = crate::plugins::built_in().into_iter().map(|plugin| registered(plugin, false)).collect();
    ArcSwap::from_pointee(Table { plugins, priorities: HashMap::new() })
});

fn registered(plugin: Arc<dyn Plugin>, run_time: bool) -> Arc<Registered> {
    let declared = Arc::new(plugin.declaration().clone());
    Arc::new(Registered { plugin, declared, run_time })
}

/// The registry as it is now.
pub fn table() -> Arc<Table> {
    TABLE.load_full()
}

/// Makes the next table of the present one, again if another thread was faster: a lock might be held for ever in the
/// child of a fork.
fn change(mut make: impl FnMut(&mut Table) -> Result<()>) -> Result<()> {
    loop {
        let now = TABLE.load();
        let mut next = Table::clone(&now);
        make(&mut next)?;
        let former = TABLE.compare_and_swap(&*now, Arc::new(next));
        if Arc::ptr_eq(&now, &former) {
            return Ok(());
        }
    }
}

/// Registers a plugin. One of a name that is taken hides the former, which comes back when it is unregistered.
pub fn register(plugin: Arc<dyn Plugin>) -> Result<()> {
    let new = registered(plugin, true);
    change(|table| {
        table.plugins.push(new.clone());
        Ok(())
    })
}

/// Takes back the plugin of this name that was registered last. Files that it opened keep it.
pub fn unregister(name: &str) -> Result<()> {
    let mut removed = None;
    change(|table| match table.plugins.iter().rposition(|p| p.name() == name) {
        Some(at) if table.plugins[at].run_time => {
            removed = Some(table.plugins.remove(at));
            Ok(())
        }
        Some(_) => Err(Error::unsupported(format!("plugin {name} is built in and stays"))),
        None => Err(Error::new(ErrorKind::UnknownPlugin, format!("no plugin {name:?} is registered"))),
    })?;
    if let Some(removed) = removed {
        removed.plugin.retire();
    }
    Ok(())
}

/// Sets which plugins are asked first for an extension; no plugin gives the table's order back.
pub fn set_priority(extension: &str, plugins: &[&str]) -> Result<()> {
    let names =
        plugins.iter().map(|name| table().find(name).map(|p| p.name().to_owned())).collect::<Result<Vec<_>>>()?;
    change(|table| {
        let extension = normal_extension(extension);
        match names.is_empty() {
            true => table.priorities.remove(&extension),
            false => table.priorities.insert(extension, names.clone()),
        };
        Ok(())
    })
}

impl Table {
    /// The plugins that are not hidden, newest last.
    pub fn active(&self) -> impl DoubleEndedIterator<Item = &Arc<Registered>> {
        self.plugins
            .iter()
            .enumerate()
            .filter(|(i, p)| !self.plugins[i + 1..].iter().any(|q| q.name() == p.name()))
            .map(|(_, p)| p)
    }

    /// The plugin of a name or alias, if it is here.
    pub fn get(&self, name: &str) -> Option<&Arc<Registered>> {
        let exact = self.active().rev().find(|p| p.name() == name);
        exact.or_else(|| self.active().rev().find(|p| p.declared.is_named(name)))
    }

    /// The plugin of a name or alias; a module is loaded for it.
    pub fn find(&self, name: &str) -> Result<Arc<Registered>> {
        if let Some(found) = self.get(name) {
            return Ok(found.clone());
        }
        if let Some(backend) = known::by_name(name) {
            if backend.module
                && let Some(found) = load(backend)?
            {
                return Ok(found);
            }
            return Err(Error::new(ErrorKind::PluginUnavailable, backend.how()).plugin(backend.name));
        }
        if let Some(format) = image_format(name) {
            let what = format!("{name}: this version of libimageio has no format {format}");
            return Err(Error::new(ErrorKind::PluginUnavailable, what).plugin("image"));
        }
        let names = self.active().flat_map(|p| std::iter::once(&p.declared.name).chain(&p.declared.aliases));
        let nearest = names.min_by_key(|known| distance(&known.to_lowercase(), &name.to_lowercase()));
        let hint = nearest.map(|n| format!("; the nearest is {n:?}")).unwrap_or_default();
        Err(Error::new(ErrorKind::UnknownPlugin, format!("no plugin {name:?} is registered{hint}")))
    }

    /// The names of the plugins to be asked first for an extension, imageio's names among them. Looking one up may
    /// load a module, so that is left until its turn comes.
    pub fn for_extension(&self, extension: &str) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        if let Some(set) = self.priorities.get(extension) {
            names.extend(set.iter().map(String::as_str));
        }
        let mut own: Vec<&Arc<Registered>> =
            self.active().rev().filter(|p| p.run_time && serves(p, extension)).collect();
        own.sort_by_key(|p| std::cmp::Reverse(p.declared.priority));
        names.extend(own.iter().filter(|p| p.declared.priority >= 0).map(|p| p.name()));
        // What is built in needs no module, which might read a picture as a film of one frame.
        names.extend(self.active().filter(|p| !p.run_time && serves(p, extension)).map(|p| p.name()));
        names.extend(FORMATS.plugins(extension));
        names.extend(known::by_extension(extension).map(|b| b.name));
        names.extend(own.iter().filter(|p| p.declared.priority < 0).map(|p| p.name()));
        names
    }
}

fn serves(plugin: &Registered, extension: &str) -> bool {
    plugin.declared.extensions.iter().any(|e| e == extension)
}

/// `EXR` of `EXR-FI`: imageio's single-format plugins all stand for the plugin `image`.
fn image_format(name: &str) -> Option<&str> {
    name.strip_suffix("-PIL").or_else(|| name.strip_suffix("-FI"))
}

/// Loads the module of a backend and registers what it brings, once however many threads and names of it ask.
/// `None`: there is no such module, or this thread is loading one already.
fn load(backend: &known::Backend) -> Result<Option<Arc<Registered>>> {
    static LOADING: Mutex<()> = Mutex::new(());
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.set(false);
        }
    }
    // A module that opens files while it is being loaded does without itself.
    if INSIDE.replace(true) {
        return Ok(None);
    }
    let _leave = Leave;
    let _one = LOADING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // Whoever asks by another name, or waited, may hold a table in which it is not yet.
    if let Some(found) = table().get(backend.name) {
        return Ok(Some(found.clone()));
    }
    let Some(plugin) = foreign::find_module(backend.name)? else { return Ok(None) };
    if !plugin.declaration().is_named(backend.name) {
        let what = format!("the module of {} brings a plugin {}", backend.name, plugin.declaration().name);
        return Err(Error::new(ErrorKind::PluginUnavailable, what).plugin(backend.name));
    }
    register(plugin)?;
    Ok(table().get(backend.name).cloned())
}

/// What `iio_plugins` shows: those that are here, then those that are known.
pub fn plugins() -> Dict {
    let table = table();
    let mut dict = Dict::new();
    for plugin in table.active() {
        dict.set(plugin.name(), plugin.declared.to_dict(true));
    }
    for backend in known::BACKENDS.iter().filter(|b| table.get(b.name).is_none()) {
        let declared = Declaration {
            name: backend.name.to_owned(),
            aliases: backend.aliases.iter().map(|&a| a.to_owned()).collect(),
            description: backend.description.to_owned(),
            extensions: FORMATS
                .extensions()
                .filter(|e| FORMATS.plugins(e).iter().any(|p| names(backend, p)))
                .chain(backend.extensions.iter().copied())
                .map(str::to_owned)
                .collect(),
            ..Declaration::default()
        };
        let shown = declared.to_dict(false).with("how", backend.how());
        dict.set(backend.name, shown);
    }
    dict
}

fn names(backend: &known::Backend, name: &str) -> bool {
    backend.name == name || backend.aliases.contains(&name)
}

/// What `iio_formats` shows: imageio's table, and what plugins add to it.
pub fn formats() -> Dict {
    let table = table();
    let mut dict = Dict::new();
    let added = table.active().flat_map(|p| p.declared.extensions.iter().map(|e| e.to_lowercase()));
    for extension in FORMATS.extensions().map(str::to_lowercase).chain(added) {
        if !dict.contains(&extension) {
            let shown = format(&table, &extension);
            dict.set(extension, shown);
        }
    }
    dict
}

fn format(table: &Table, extension: &str) -> Dict {
    let rows = FORMATS.rows(extension);
    let names: Vec<&str> = rows.iter().map(|row| row.name).filter(|n| !n.is_empty()).collect();
    let mut priority: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !priority.iter().any(|p| p == name) {
            priority.push(name.to_owned());
        }
    };
    if let Some(set) = table.priorities.get(extension) {
        set.iter().for_each(|name| add(name));
    }
    // As `for_extension` has them.
    let mut own: Vec<_> = table.active().rev().filter(|p| p.run_time && serves(p, extension)).collect();
    own.sort_by_key(|p| std::cmp::Reverse(p.declared.priority));
    own.iter().filter(|p| p.declared.priority >= 0).for_each(|p| add(p.name()));
    table.active().filter(|p| !p.run_time && serves(p, extension)).for_each(|p| add(p.name()));
    for name in FORMATS.plugins(extension) {
        match (table.get(name), known::by_name(name), image_format(name)) {
            (Some(plugin), _, _) => add(plugin.name()),
            (None, Some(backend), _) => add(backend.name),
            (None, None, Some(_)) => add("image"),
            _ => {}
        }
    }
    known::by_extension(extension).for_each(|b| add(b.name));
    own.iter().for_each(|p| add(p.name()));
    let serving = || table.active().filter(|p| serves(p, extension));
    Dict::new()
        .with("name", extension.trim_start_matches('.').to_uppercase())
        .with("description", names.first().copied().unwrap_or(""))
        .with("priority", priority.iter().map(String::as_str).collect::<List>())
        .with("can_read", serving().any(|p| p.declared.can_read))
        .with("can_write", serving().any(|p| p.declared.writes(extension)))
}
