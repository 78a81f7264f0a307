//! The registry of plugins and formats.

use super::boundary::{Out, boundary, c_str, given, own, text};
use crate::error::Error;
use crate::model::Dict;
use crate::plugin::foreign::{self, ForeignPlugin, iio_dict, iio_plugin, iio_status};
use crate::plugin::{self, CallKind, registry};
use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// Lists the plugins: name → {aliases, description, extensions, can_read, can_write, available, priority, options,
/// functions}. `options` is option → {type, default, calls, doc, choices, range}; what every plugin takes is among
/// them, marked `common`. Those that are known but not here have `available` false and `how` to get them.
///
/// @param out Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// Any thread.
///
/// # Safety
/// `out` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_plugins(out: *mut *mut iio_dict) -> iio_status {
    boundary(|| {
        Out::empty(out, "out")?.set(own(registry::plugins()));
        Ok(super::IIO_OK)
    })
}

/// Lists the formats by extension: ".png" → {name, description, priority, can_read, can_write}. `priority` are the
/// plugins that are asked first, in their order.
///
/// @param out Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// Any thread.
///
/// # Safety
/// `out` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_formats(out: *mut *mut iio_dict) -> iio_status {
    boundary(|| {
        Out::empty(out, "out")?.set(own(registry::formats()));
        Ok(super::IIO_OK)
    })
}

/// Parts the options of an opening and of a call, which the one-call functions take together, for those who open bytes or
/// a stream and call it once. An option that some plugin declares for both is in both; one that nobody declares is the
/// call's, which then names the nearest.
///
/// @param options NULL: none.
/// @param call    What comes after the opening: "read", "props", "iter", "meta" or "write". Not NULL.
/// @param opening Receives a dictionary that the caller frees; NULL after a failure. Not NULL.
/// @param rest    The same, for the call. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT`.
///
/// Any thread.
///
/// # Safety
/// The pointers are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_split_options(
    options: *const iio_dict,
    call: *const c_char,
    opening: *mut *mut iio_dict,
    rest: *mut *mut iio_dict,
) -> iio_status {
    boundary(|| {
        let opening = Out::empty(opening, "opening")?;
        let rest = Out::empty(rest, "rest")?;
        // SAFETY: the caller's promises, passed on.
        let (options, call) = unsafe { (super::boundary::options(options), text(call, "call")?) };
        let kind = CallKind::from_name(call).filter(|kind| *kind != CallKind::Open);
        let kind = kind.ok_or_else(|| Error::invalid(format!("no call with options is called {call:?}")))?;
        let table = registry::table();
        let taken = |name: &str, kind| table.active().any(|known| plugin::takes(&known.declared, name, kind));
        let (mut first, mut second) = (Dict::new(), Dict::new());
        for (name, value) in options.iter() {
            let is_first = taken(name, CallKind::Open);
            if is_first {
                first.set(name.clone(), value.clone());
            }
            if !is_first || taken(name, kind) {
                second.set(name.clone(), value.clone());
            }
        }
        opening.set(own(first));
        rest.set(own(second));
        Ok(super::IIO_OK)
    })
}

/// Registers a plugin, before the built-in ones for its extensions. One of a name that is taken hides the former until
/// it is unregistered; open files keep theirs.
///
/// @param plugin Copied, its strings too. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_INVALID_ARGUMENT` for a declaration or a set of functions that makes no plugin, after
///         `destroy` was called.
///
/// Any thread.
///
/// # Safety
/// The plugin's functions keep to the contract of `plugin.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_register_plugin(plugin: *const iio_plugin) -> iio_status {
    boundary(|| {
        given(plugin, "plugin")?;
        // SAFETY: the caller's promises, passed on.
        let plugin = unsafe { ForeignPlugin::new(plugin) }?;
        registry::register(Arc::new(plugin))?;
        Ok(super::IIO_OK)
    })
}

/// Takes back the plugin of this name that was registered last. Files that it opened keep it; `destroy` is called
/// after the last of them.
///
/// @param name Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_UNKNOWN_PLUGIN`; `IIO_ERROR_UNSUPPORTED` for a built-in one.
///
/// Any thread.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_unregister_plugin(name: *const c_char) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        registry::unregister(unsafe { text(name, "name") }?)?;
        Ok(super::IIO_OK)
    })
}

/// Loads a module, a shared library that exports `iio_plugin_entry`, and registers its plugin. It stays loaded.
///
/// @param path Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_NOT_FOUND`; `IIO_ERROR_PLUGIN_UNAVAILABLE` if it cannot be loaded or refuses;
///         `IIO_ERROR_UNSUPPORTED` if it is no module; as `iio_register_plugin`.
///
/// Any thread.
///
/// # Safety
/// `path` is a string; the module keeps to the contract of `plugin.h`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_load_plugin(path: *const c_char) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let path = unsafe { c_str(path, "path") }?;
        registry::register(foreign::load(Path::new(OsStr::from_bytes(path.to_bytes())))?)?;
        Ok(super::IIO_OK)
    })
}

/// Sets which plugins are asked first for an extension.
///
/// @param extension               ".png". Not NULL.
/// @param comma_separated_plugins Names or aliases; "" gives the table's order back. Not NULL.
/// @return `IIO_OK`; `IIO_ERROR_UNKNOWN_PLUGIN`; `IIO_ERROR_PLUGIN_UNAVAILABLE`.
///
/// Any thread.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn iio_set_priority(
    extension: *const c_char,
    comma_separated_plugins: *const c_char,
) -> iio_status {
    boundary(|| {
        // SAFETY: the caller's promises, passed on.
        let (extension, plugins) =
            unsafe { (text(extension, "extension")?, text(comma_separated_plugins, "plugins")?) };
        if extension.trim_start_matches('.').is_empty() {
            return Err(crate::Error::invalid("extension is empty"));
        }
        let names: Vec<&str> = plugins.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        registry::set_priority(extension, &names)?;
        Ok(super::IIO_OK)
    })
}
