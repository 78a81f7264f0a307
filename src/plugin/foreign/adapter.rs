//! A plugin in C as a [`Plugin`] of ours.

use super::abi::{iio_array, iio_callbacks, iio_dict, iio_props, iio_status, read_struct, status_error};
use super::file::ForeignFile;
use super::host::{HOST, iio_host, take_failure, within};
use super::io::Lent;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{Call, Declaration, Plugin, Reader, Writer};
use crate::resource::{Output, Source};
use std::ffi::{CStr, CString, c_char, c_void};
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, MutexGuard};

/// A plugin: copied when it is registered, its strings too. A function that is NULL is one that the plugin lacks.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct iio_plugin {
    /// `sizeof(iio_plugin)`, set by the plugin.
    pub struct_size: u32,
    /// 0.
    pub flags: u32,
    /// Handed to `probe`, `open` and `destroy`.
    pub user: *mut c_void,
    /// JSON: name, aliases, description, extensions, can_read, can_write, priority, options, functions.
    pub declaration: *const c_char,
    /// How sure the plugin is that it reads this, 0 no … 100 surely; NULL: ask `open`.
    pub probe: Option<
        unsafe extern "C" fn(user: *mut c_void, head: *const c_void, size: usize, extension: *const c_char) -> i32,
    >,
    /// Opens; `io` and `path` live until `close`, `path` is NULL unless a local file is read.
    pub open: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            host: *const iio_host,
            io: *const iio_callbacks,
            path: *const c_char,
            mode: *const c_char,
            options: *const iio_dict,
            file: *mut *mut c_void,
        ) -> iio_status,
    >,
    /// Number of images; `how` is `IIO_IMAGES_EXACT` or `IIO_IMAGES_CHEAP`. NULL: the library asks for properties.
    pub count: Option<
        unsafe extern "C" fn(file: *mut c_void, options: *const iio_dict, how: u32, count: *mut i64) -> iio_status,
    >,
    /// Properties of an image, or of `IIO_INDEX_DEFAULT`.
    pub props: Option<
        unsafe extern "C" fn(
            file: *mut c_void,
            index: i64,
            options: *const iio_dict,
            props: *mut iio_props,
        ) -> iio_status,
    >,
    /// Fills `dst`, which has any strides; limits are already checked.
    pub read: Option<
        unsafe extern "C" fn(
            file: *mut c_void,
            index: i64,
            options: *const iio_dict,
            dst: *const iio_array,
        ) -> iio_status,
    >,
    /// Adds metadata of an image, of `IIO_INDEX_DEFAULT`, or of the file (`IIO_INDEX_ALL`), to `into`.
    pub meta: Option<
        unsafe extern "C" fn(
            file: *mut c_void,
            index: i64,
            options: *const iio_dict,
            into: *mut iio_dict,
        ) -> iio_status,
    >,
    /// Makes a cursor; NULL: the library reads 0, 1, 2 …
    pub iter: Option<
        unsafe extern "C" fn(file: *mut c_void, options: *const iio_dict, cursor: *mut *mut c_void) -> iio_status,
    >,
    /// Properties of the next image; `IIO_END` after the last.
    pub next_props: Option<unsafe extern "C" fn(cursor: *mut c_void, props: *mut iio_props) -> iio_status>,
    /// Fills `dst` with the next image and passes it.
    pub next: Option<unsafe extern "C" fn(cursor: *mut c_void, dst: *const iio_array) -> iio_status>,
    /// Adds metadata of the image that `next` gave last to `into`.
    pub next_meta: Option<unsafe extern "C" fn(cursor: *mut c_void, into: *mut iio_dict) -> iio_status>,
    /// Makes `index` the next image; NULL: iterators with `start` or `every` read by index instead.
    pub seek: Option<unsafe extern "C" fn(cursor: *mut c_void, index: i64) -> iio_status>,
    /// Ends a cursor.
    pub iter_free: Option<unsafe extern "C" fn(cursor: *mut c_void)>,
    /// Writes an image, which has any strides. A batch comes image by image.
    pub write: Option<
        unsafe extern "C" fn(file: *mut c_void, image: *const iio_array, options: *const iio_dict) -> iio_status,
    >,
    /// One of the declared functions.
    pub call: Option<
        unsafe extern "C" fn(
            file: *mut c_void,
            function: *const c_char,
            arguments: *const iio_dict,
            result: *mut iio_dict,
        ) -> iio_status,
    >,
    /// "w": writes the rest; not called when discarded or spoiled.
    pub finish: Option<unsafe extern "C" fn(file: *mut c_void) -> iio_status>,
    /// Ends a file.
    pub close: Option<unsafe extern "C" fn(file: *mut c_void)>,
    /// Called once: when registering fails, or after unregistering and the last file's end.
    pub destroy: Option<unsafe extern "C" fn(user: *mut c_void)>,
}

impl iio_plugin {
    fn empty() -> iio_plugin {
        // SAFETY: all members are integers, raw pointers or optional function pointers, for which zero is valid.
        unsafe { std::mem::zeroed() }
    }
}

/// A plugin in C.
pub(crate) struct ForeignPlugin(Arc<Core>);

/// What a plugin's files share.
pub(super) struct Core {
    pub raw: iio_plugin,
    pub declaration: Declaration,
    life: Mutex<Life>,
}

/// Whether a plugin is still to be used. A table of the registry that somebody still looks at may hold a plugin that
/// was taken back, so its end is counted and not left to the last reference.
#[derive(Default)]
struct Life {
    /// Open files, and calls that are about to make one.
    uses: usize,
    retired: bool,
    destroyed: bool,
}

// SAFETY: the contract lets handles work in parallel, so the plugin's functions may be called from any thread.
unsafe impl Send for Core {}
// SAFETY: as above.
unsafe impl Sync for Core {}

/// A use of a plugin, which is not destroyed before it ends.
pub(super) struct Use(Arc<Core>);

impl Core {
    /// Starts a use; `None` once the plugin is destroyed.
    fn begin(self: &Arc<Core>) -> Option<Use> {
        let mut life = self.life();
        if life.destroyed {
            return None;
        }
        life.uses += 1;
        Some(Use(self.clone()))
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Changes the life, and destroys the plugin if that was its end.
    fn settle(&self, change: impl FnOnce(&mut Life)) {
        let mut life = self.life();
        change(&mut life);
        if life.uses > 0 || !life.retired || life.destroyed {
            return;
        }
        life.destroyed = true;
        drop(life);
        if let Some(destroy) = self.raw.destroy {
            // SAFETY: the plugin keeps to the contract; `destroyed` makes this the one call.
            unsafe { destroy(self.raw.user) };
        }
    }
}

impl Deref for Use {
    type Target = Core;
    fn deref(&self) -> &Core {
        &self.0
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.0.settle(|life| life.uses -= 1);
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.settle(|life| life.retired = true);
    }
}

impl ForeignPlugin {
    /// Copies the plugin. On failure it has been destroyed.
    ///
    /// # Safety
    /// `plugin` points at an `iio_plugin` of the size that it says, whose functions keep to the contract.
    pub(crate) unsafe fn new(plugin: *const iio_plugin) -> Result<ForeignPlugin> {
        let first = size_of::<iio_plugin>();
        // SAFETY: passed on from the caller.
        let (raw, surplus) = unsafe { read_struct(plugin, first, iio_plugin::empty()) }?;
        let mut core = Core { raw, declaration: Declaration::default(), life: Mutex::default() };
        surplus?;
        if raw.flags != 0 {
            return Err(Error::unsupported("iio_plugin.flags has bits that this version does not know"));
        }
        if raw.declaration.is_null() {
            return Err(Error::invalid("iio_plugin.declaration is NULL"));
        }
        // SAFETY: the plugin gives a NUL-terminated string.
        let text = unsafe { CStr::from_ptr(raw.declaration) };
        let text = text.to_str().map_err(|_| Error::invalid("iio_plugin.declaration is not UTF-8"))?;
        core.declaration = Declaration::from_json(text)?;
        core.raw.declaration = std::ptr::null();
        let name = &core.declaration.name;
        if raw.open.is_none() || raw.close.is_none() {
            return Err(Error::invalid(format!("plugin {name} has no open or no close")));
        }
        if core.declaration.can_read && (raw.props.is_none() || raw.read.is_none()) {
            return Err(Error::invalid(format!("plugin {name} says that it reads, but has no props or no read")));
        }
        if core.declaration.can_write && raw.write.is_none() {
            return Err(Error::invalid(format!("plugin {name} says that it writes, but has no write")));
        }
        let cursor = [raw.next_props.is_some(), raw.next.is_some(), raw.iter_free.is_some()];
        if raw.iter.is_some() && cursor.contains(&false) {
            return Err(Error::invalid(format!("plugin {name} has iter, but no next_props, next or iter_free")));
        }
        Ok(ForeignPlugin(Arc::new(core)))
    }

    fn open_file(&self, lent: Lent, path: Option<CString>, mode: &CStr, call: &Call) -> Result<ForeignFile> {
        let Some(core) = self.0.begin() else {
            return Err(Error::new(ErrorKind::NoBackend, "the plugin was taken back"));
        };
        let Some(open) = core.raw.open else { return Err(Error::internal("the plugin has no open")) };
        let mut file = std::ptr::null_mut();
        let options = core.options(call);
        let path_ptr = path.as_ref().map_or(std::ptr::null(), |p| p.as_ptr());
        let status = within(call, || {
            // SAFETY: all pointers live through the call; `lent` and `path` live until the file's close.
            unsafe {
                open(core.raw.user, &HOST, lent.callbacks(), path_ptr, mode.as_ptr(), iio_dict::of(&options), &mut file)
            }
        });
        core.check(status, "open", Some(&lent))?;
        Ok(ForeignFile::new(core, file, lent, path))
    }
}

impl Core {
    /// The options that the plugin sees: those of the call and its own defaults, without what the library does itself.
    pub(super) fn options(&self, call: &Call) -> crate::model::Dict {
        let mut options = call.options().clone();
        for done in ["dtype", "scale", "progress", "plugin", "local", "start", "stop", "every", "start_s", "is_batch"] {
            if !self.declaration.options.iter().any(|o| o.name == done) {
                options.remove(done);
            }
        }
        for spec in &self.declaration.options {
            if !call.given(&spec.name) && spec.default.kind() != crate::model::Kind::Null {
                options.set(spec.name.as_str(), spec.default.clone());
            }
        }
        options
    }

    /// The error behind a negative status, in the plugin's words.
    pub(super) fn check(&self, status: iio_status, doing: &str, lent: Option<&Lent>) -> Result<iio_status> {
        let (message, stopped) = take_failure();
        let own = lent.and_then(Lent::take_failure);
        if status >= 0 {
            return Ok(status);
        }
        let name = &self.declaration.name;
        if let (Some(stopped), Some(ErrorKind::Cancelled)) = (stopped, ErrorKind::from_status(status)) {
            return Err(stopped.plugin(name));
        }
        // What the resource said is nearer to the cause than what the plugin made of it.
        if let (Some(own), Some(ErrorKind::Io)) = (own, ErrorKind::from_status(status)) {
            return Err(own.plugin(name));
        }
        let message = message.unwrap_or_else(|| format!("plugin {name} failed to {doing}"));
        Err(status_error(status, message).plugin(name))
    }
}

impl Plugin for ForeignPlugin {
    fn declaration(&self) -> &Declaration {
        &self.0.declaration
    }

    fn probe(&self, head: &[u8], extension: Option<&str>) -> Option<u8> {
        let probe = self.0.raw.probe?;
        let Some(core) = self.0.begin() else { return Some(0) };
        let extension = extension.and_then(|e| CString::new(e).ok());
        let extension = extension.as_ref().map_or(std::ptr::null(), |e| e.as_ptr());
        // SAFETY: the plugin may read `size` bytes at `head`, and a NUL-terminated extension or NULL.
        let sure = unsafe { probe(core.raw.user, head.as_ptr().cast(), head.len(), extension) };
        Some(sure.clamp(0, 100) as u8)
    }

    fn retire(&self) {
        self.0.settle(|life| life.retired = true);
    }

    fn open(&self, source: Source, call: &Call) -> Result<Box<dyn Reader>> {
        let path = source.path().and_then(|p| CString::new(p.as_os_str().as_bytes()).ok());
        let file = self.open_file(Lent::source(&source), path, c"r", call)?;
        Ok(Box::new(file))
    }

    fn create(&self, output: Output, extension: Option<&str>, call: &Call) -> Result<Box<dyn Writer>> {
        // The format that is asked for travels as the option that the caller would have given.
        let mut options = call.options().clone();
        if let Some(extension) = extension {
            options.set("extension", extension);
        }
        let declared = Arc::new(self.0.declaration.clone());
        let call = Call::new(options, declared, *call.limits(), call.threads()).with_progress(call.progress().cloned());
        let file = self.open_file(Lent::output(output), None, c"w", &call)?;
        Ok(Box::new(file))
    }
}
