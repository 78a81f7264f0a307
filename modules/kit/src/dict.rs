//! Dictionaries of the library's: options that it lends, and metadata that it is given.

use crate::abi::{iio_array, iio_dict};
use crate::array::Source;
use crate::error::{Error, Result};
use crate::host::{api, str_of, text};
use std::ffi::CString;
use std::marker::PhantomData;

/// Kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are the documentation
pub enum ValueKind {
    Absent,
    Null,
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    Array,
    List,
    Dict,
    Callback,
}

/// A dictionary to look into. A list is one too, with the keys "0", "1" ….
#[derive(Clone, Copy)]
pub struct DictRef<'a> {
    raw: *const iio_dict,
    lives: PhantomData<&'a iio_dict>,
}

impl<'a> DictRef<'a> {
    /// # Safety
    /// `raw` is NULL, for an empty dictionary, or the library's, and unchanged for `'a`.
    pub unsafe fn from_raw(raw: *const iio_dict) -> DictRef<'a> {
        DictRef { raw, lives: PhantomData }
    }

    /// One without entries.
    pub fn empty() -> DictRef<'static> {
        DictRef { raw: std::ptr::null(), lives: PhantomData }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        if self.raw.is_null() {
            return 0;
        }
        // SAFETY: the dictionary is the library's.
        unsafe { (api().dict_len)(self.raw) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let raw = self.raw;
        // SAFETY: a key that the library gives is NUL-terminated and lives as long as the unchanged dictionary.
        (0..self.len()).filter_map(move |i| unsafe { str_of((api().dict_key)(raw, i)) })
    }

    /// What kind of value a key has.
    pub fn kind(&self, key: &str) -> ValueKind {
        use ValueKind::{Absent, Array, Bool, Bytes, Callback, Dict, Float, Int, List, Null, Str};
        if self.raw.is_null() {
            return Absent;
        }
        let key = text(key);
        // SAFETY: the dictionary is the library's, the key NUL-terminated.
        let kind = unsafe { (api().dict_kind)(self.raw, key.as_ptr()) };
        let kinds = [Absent, Null, Bool, Int, Float, Str, Bytes, Array, List, Dict, Callback];
        usize::try_from(kind).ok().and_then(|k| kinds.get(k).copied()).unwrap_or(Absent)
    }

    /// Whether a key has a value that is not null.
    pub fn has(&self, key: &str) -> bool {
        !matches!(self.kind(key), ValueKind::Absent | ValueKind::Null)
    }

    fn get<T>(
        &self,
        key: &str,
        mut empty: T,
        get: unsafe extern "C" fn(*const iio_dict, *const std::ffi::c_char, *mut T) -> i32,
    ) -> Option<T> {
        if self.raw.is_null() {
            return None;
        }
        let key = text(key);
        // SAFETY: the dictionary is the library's, the key NUL-terminated, and the place writable.
        let status = unsafe { get(self.raw, key.as_ptr(), &mut empty) };
        (status == 0).then_some(empty)
    }

    /// A boolean; `None`: absent, or another kind. So for the others.
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.get(key, 0, api().dict_get_bool).map(|b| b != 0)
    }

    /// An integer.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key, 0, api().dict_get_int)
    }

    /// A number.
    pub fn float(&self, key: &str) -> Option<f64> {
        self.get(key, 0.0, api().dict_get_float)
    }

    /// A text.
    pub fn str(&self, key: &str) -> Option<&'a str> {
        let found = self.get(key, std::ptr::null(), api().dict_get_string)?;
        // SAFETY: the library gives a NUL-terminated text that lives as long as the unchanged dictionary.
        unsafe { str_of(found) }
    }

    /// Bytes, of a text too.
    pub fn bytes(&self, key: &str) -> Option<&'a [u8]> {
        if self.raw.is_null() {
            return None;
        }
        let key = text(key);
        let (mut data, mut size) = (std::ptr::null(), 0);
        // SAFETY: the dictionary is the library's, the key NUL-terminated, the places writable.
        let status = unsafe { (api().dict_get_bytes)(self.raw, key.as_ptr(), &mut data, &mut size) };
        match (status, size) {
            (0, 0) => Some(&[]),
            // SAFETY: the library gives that many bytes, which live as long as the unchanged dictionary.
            (0, _) => Some(unsafe { std::slice::from_raw_parts(data.cast(), size) }),
            _ => None,
        }
    }

    /// A dictionary, or a list.
    pub fn dict(&self, key: &str) -> Option<DictRef<'a>> {
        let found = self.get(key, std::ptr::null(), api().dict_get_dict)?;
        // SAFETY: the inner dictionary lives as long as this one.
        Some(unsafe { DictRef::from_raw(found) })
    }

    /// An array.
    pub fn array(&self, key: &str) -> Option<Source<'a>> {
        let array = self.get(key, iio_array::empty(), api().dict_get_array)?;
        // SAFETY: the items live as long as the unchanged dictionary.
        unsafe { Source::from_raw(&array) }.ok()
    }

    /// Numbers: a list, an array of one axis, or a single one.
    pub fn floats(&self, key: &str) -> Option<Vec<f64>> {
        match self.kind(key) {
            ValueKind::List => {
                let list = self.dict(key)?;
                (0..list.len()).map(|i| list.float(&i.to_string())).collect()
            }
            ValueKind::Array => self.array(key)?.to_f64(),
            _ => self.float(key).map(|x| vec![x]),
        }
    }

    /// Texts: a list, or a single one.
    pub fn strs(&self, key: &str) -> Option<Vec<&'a str>> {
        match self.kind(key) {
            ValueKind::List => {
                let list = self.dict(key)?;
                (0..list.len()).map(|i| list.str(&i.to_string())).collect()
            }
            _ => self.str(key).map(|s| vec![s]),
        }
    }

    /// A value as text, where it is a text, a number or a boolean ("1", "0").
    pub fn to_text(&self, key: &str) -> Option<String> {
        match self.kind(key) {
            ValueKind::Str => self.str(key).map(str::to_owned),
            ValueKind::Bool => self.bool(key).map(|b| i32::from(b).to_string()),
            ValueKind::Int => self.int(key).map(|n| n.to_string()),
            ValueKind::Float => self.float(key).map(|x| x.to_string()),
            _ => None,
        }
    }
}

/// A dictionary to be filled: the library's, or one's own.
pub struct DictMut<'a> {
    raw: *mut iio_dict,
    lives: PhantomData<&'a mut iio_dict>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $call:ident($($pass:expr),*);)*) => {
        $($(#[$doc])* pub fn $name(&mut self, key: &str $(, $arg: $type)*) -> Result<()> {
            let key = text(key);
            // SAFETY: the dictionary is the library's and lent for us to change; what is passed lives through the call.
            self.check(unsafe { (api().$call)(self.raw, key.as_ptr() $(, $pass)*) })
        })*
    };
}

impl DictMut<'_> {
    /// # Safety
    /// `raw` is the library's, and nobody else's for the lifetime.
    pub unsafe fn from_raw(raw: *mut iio_dict) -> Self {
        DictMut { raw, lives: PhantomData }
    }

    fn check(&self, status: i32) -> Result<()> {
        match status {
            0 => Ok(()),
            -19 => Err(Error::out_of_memory(0)),
            other => Err(Error::internal(format!("the dictionary answers {other}"))),
        }
    }

    setters! {
        /// Null.
        set_null() dict_set_null();
        /// A boolean.
        set_bool(value: bool) dict_set_bool(value.into());
        /// An integer.
        set_int(value: i64) dict_set_int(value);
        /// A number.
        set_float(value: f64) dict_set_float(value);
        /// Bytes.
        set_bytes(value: &[u8]) dict_set_bytes(value.as_ptr().cast(), value.len());
        /// A dictionary, which is copied.
        set_dict(value: &Dict) dict_set_dict(value.0.raw);
        /// The values of a dictionary as a list, which is copied.
        set_list(value: &Dict) dict_set_list(value.0.raw);
        /// An array, which is copied.
        set_array(value: &Source) dict_set_array(&value.to_raw());
        /// What JSON says.
        set_json(value: &str) dict_set_json(text(value).as_ptr());
    }

    /// A text; one that C cannot have is bytes.
    pub fn set_str(&mut self, key: &str, value: &str) -> Result<()> {
        let Ok(value) = CString::new(value) else { return self.set_bytes(key, value.as_bytes()) };
        let key = text(key);
        // SAFETY: as for the other setters.
        self.check(unsafe { (api().dict_set_string)(self.raw, key.as_ptr(), value.as_ptr()) })
    }

    /// Text of a file, which may be none: bytes then.
    pub fn set_text(&mut self, key: &str, value: &[u8]) -> Result<()> {
        match std::str::from_utf8(value) {
            Ok(text) => self.set_str(key, text),
            Err(_) => self.set_bytes(key, value),
        }
    }

    /// Numbers as a list.
    pub fn set_floats(&mut self, key: &str, values: &[f64]) -> Result<()> {
        let mut list = Dict::new()?;
        for (i, &x) in values.iter().enumerate() {
            list.set_float(&i.to_string(), x)?;
        }
        self.set_list(key, &list)
    }

    /// Integers as a list.
    pub fn set_ints(&mut self, key: &str, values: &[i64]) -> Result<()> {
        let mut list = Dict::new()?;
        for (i, &n) in values.iter().enumerate() {
            list.set_int(&i.to_string(), n)?;
        }
        self.set_list(key, &list)
    }

    /// Adds all of another dictionary's entries.
    pub fn extend(&mut self, other: DictRef) -> Result<()> {
        for key in other.keys() {
            use ValueKind::{Absent, Array, Bool, Bytes, Callback, Dict, Float, Int, List, Null, Str};
            match other.kind(key) {
                Null => self.set_null(key),
                Bool => self.set_bool(key, other.bool(key).unwrap_or_default()),
                Int => self.set_int(key, other.int(key).unwrap_or_default()),
                Float => self.set_float(key, other.float(key).unwrap_or_default()),
                Str => self.set_str(key, other.str(key).unwrap_or_default()),
                Bytes => self.set_bytes(key, other.bytes(key).unwrap_or_default()),
                Array => other.array(key).map_or(Ok(()), |array| self.set_array(key, &array)),
                kind @ (List | Dict) => {
                    let mut inner = self::Dict::new()?;
                    inner.extend(other.dict(key).unwrap_or(DictRef::empty()))?;
                    if kind == List { self.set_list(key, &inner) } else { self.set_dict(key, &inner) }
                }
                Absent | Callback => Ok(()),
            }?;
        }
        Ok(())
    }

    /// Takes an entry away, if it is there.
    pub fn remove(&mut self, key: &str) -> Result<()> {
        // The library would tell of a key that is not there as a failure.
        if self.as_ref().kind(key) == ValueKind::Absent {
            return Ok(());
        }
        let key = text(key);
        // SAFETY: as for the setters.
        self.check(unsafe { (api().dict_remove)(self.raw, key.as_ptr()) })
    }

    /// To look into.
    pub fn as_ref(&self) -> DictRef<'_> {
        // SAFETY: the borrow keeps it unchanged.
        unsafe { DictRef::from_raw(self.raw) }
    }
}

/// A dictionary of one's own.
pub struct Dict(DictMut<'static>);

// SAFETY: a dictionary of the library's may move between threads, and be looked into by several.
unsafe impl Send for Dict {}

impl Dict {
    /// An empty one.
    pub fn new() -> Result<Dict> {
        // SAFETY: the library gives a dictionary that is ours to end.
        let raw = unsafe { (api().dict_new)() };
        if raw.is_null() {
            return Err(Error::out_of_memory(0));
        }
        // SAFETY: as above.
        Ok(Dict(unsafe { DictMut::from_raw(raw) }))
    }

    /// The library's.
    pub(crate) fn raw(&self) -> *mut iio_dict {
        self.0.raw
    }
}

impl std::ops::Deref for Dict {
    type Target = DictMut<'static>;
    fn deref(&self) -> &DictMut<'static> {
        &self.0
    }
}

impl std::ops::DerefMut for Dict {
    fn deref_mut(&mut self) -> &mut DictMut<'static> {
        &mut self.0
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        // SAFETY: made by `new`; this is its one end.
        unsafe { (api().dict_free)(self.0.raw) };
    }
}
