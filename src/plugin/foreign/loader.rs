//! Modules: plugins in shared libraries, loaded by path or on first need.

use super::adapter::{ForeignPlugin, iio_plugin};
use super::host::{HOST, iio_host, take_failure};
use crate::error::{Error, ErrorKind, Result};
use crate::log::{self, Level};
use crate::plugin::Plugin;
use crate::plugin::known::BACKENDS;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use once_cell::sync::{Lazy, OnceCell};
use std::ffi::CStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Entry = unsafe extern "C" fn(*const iio_host) -> *const iio_plugin;

/// A loaded module. It stays loaded: files, threads and destructors of it may outlive its registration.
struct Module {
    entry: Entry,
    name: String,
}

impl Module {
    fn open(path: &Path) -> Result<Module> {
        let name = path.display().to_string();
        if !path.exists() {
            return Err(Error::new(ErrorKind::NotFound, format!("no module {name}")).os(Some(libc::ENOENT)));
        }
        // A bare name would be searched for by the system.
        let path = std::fs::canonicalize(path)?;
        // SAFETY: the caller names a module whose initialisers keep to plugin.h.
        let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) }.map_err(|e| {
            let why = e.to_string();
            let package = package(&why).map(|name| format!(" (Debian and Ubuntu: {name})")).unwrap_or_default();
            let what = format!(
                "module {name} cannot be loaded: {why}; install what it needs{package}, in the version that it was built for"
            );
            Error::new(ErrorKind::PluginUnavailable, what)
        })?;
        let library = std::mem::ManuallyDrop::new(library);
        // SAFETY: plugin.h gives the function this type, and the library is never unloaded.
        let entry = unsafe { library.get::<Entry>(b"iio_plugin_entry\0") }
            .map_err(|_| Error::unsupported(format!("{name} is no module: it exports no iio_plugin_entry")))?;
        log::write(Level::Debug, &format!("module {name} is loaded"));
        Ok(Module { entry: *entry, name })
    }

    /// What the module brings.
    fn plugin(&self) -> Result<Arc<dyn Plugin>> {
        take_failure();
        // SAFETY: the entry of a module takes the host, which lives until the process ends.
        let plugin = unsafe { (self.entry)(&HOST) };
        let (said, _) = take_failure();
        if plugin.is_null() {
            let why = said.unwrap_or_else(|| "it does not say why".to_owned());
            return Err(Error::new(ErrorKind::PluginUnavailable, format!("module {} refused: {why}", self.name)));
        }
        // SAFETY: the entry gave a plugin that keeps to plugin.h.
        Ok(Arc::new(unsafe { ForeignPlugin::new(plugin) }?))
    }
}

/// Loads a shared library that exports `iio_plugin_entry`.
pub fn load(path: &Path) -> Result<Arc<dyn Plugin>> {
    Module::open(path)?.plugin()
}

/// The package with the shared library that the system's loader misses, "libavcodec.so.60: cannot open …", by the rule of
/// Debian's policy: the name, and the version of the soname.
fn package(why: &str) -> Option<String> {
    let (name, version) = why.split_once(": cannot open shared object file")?.0.split_once(".so.")?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b));
    if !name.starts_with("lib") || !plain(name) || !plain(version) {
        return None;
    }
    let dash = if name.ends_with(|c: char| c.is_ascii_digit()) { "-" } else { "" };
    Some(format!("{name}{dash}{version}").to_lowercase().replace('_', "-"))
}

/// The modules that were found, once each: finding none is asked again, since one may be installed meanwhile.
static MODULES: Lazy<Vec<(&str, OnceCell<Module>)>> =
    Lazy::new(|| BACKENDS.iter().filter(|b| b.module).map(|b| (b.name, OnceCell::new())).collect());

/// The module of a backend, if it is installed.
pub fn find_module(name: &str) -> Result<Option<Arc<dyn Plugin>>> {
    let Some((_, cell)) = MODULES.iter().find(|(module, _)| *module == name) else { return Ok(None) };
    if cell.get().is_none() && module_path(name).is_none() {
        return Ok(None);
    }
    let found = cell.get_or_try_init(|| match module_path(name) {
        Some(path) => Module::open(&path),
        None => Err(Error::new(ErrorKind::PluginUnavailable, format!("the module of {name} is gone"))),
    })?;
    found.plugin().map(Some)
}

fn module_path(name: &str) -> Option<PathBuf> {
    let file = format!("libimageio_{name}.so");
    folders().into_iter().map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// Where modules are looked for: what the environment says, the modules of the installation, and beside the library.
fn folders() -> Vec<PathBuf> {
    // A program with the rights of another user loads nothing that its caller names.
    let listed = if privileged() { None } else { std::env::var_os("IMAGEIO_PLUGIN_PATH") }.unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&listed).filter(|p| !p.as_os_str().is_empty()).collect();
    if let Some(home) = own_path().as_deref().and_then(Path::parent) {
        folders.push(home.join("imageio").join("modules"));
        folders.push(home.to_path_buf());
    }
    folders
}

#[cfg(target_os = "linux")]
fn privileged() -> bool {
    // SAFETY: it only looks at what the kernel gave the process.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(not(target_os = "linux"))]
fn privileged() -> bool {
    // SAFETY: these only look at the process.
    unsafe { libc::geteuid() != libc::getuid() || libc::getegid() != libc::getgid() }
}

/// The file that this code was loaded from: the shared library, or the program that it was linked into.
fn own_path() -> Option<PathBuf> {
    // SAFETY: Dl_info is plain data.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: the address is of this library's own code, and `info` is writable.
    if unsafe { libc::dladdr(own_path as *const libc::c_void, &mut info) } == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr gave a NUL-terminated name that lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    let path = Path::new(std::ffi::OsStr::from_bytes(name.to_bytes()));
    std::fs::canonicalize(path).ok()
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn the_package_of_a_missing_library_is_named_after_its_soname() {
        let missing =
            |file: &str| package(&format!("{file}: cannot open shared object file: No such file or directory"));
        assert_eq!(missing("libavcodec.so.60").as_deref(), Some("libavcodec60"));
        assert_eq!(missing("libjxl.so.0.11").as_deref(), Some("libjxl0.11"));
        assert_eq!(missing("libopenjp2.so.7").as_deref(), Some("libopenjp2-7"));
        assert_eq!(missing("libLerc.so.4").as_deref(), Some("liblerc4"));
        assert_eq!(missing("/opt/lib/own.so.1"), None);
        assert_eq!(missing("libown.so"), None);
        assert_eq!(package("libown.so.1: undefined symbol: av_malloc"), None);
    }
}
