//! Which pictures the decoder made up in part. The flag that says so is of the decoder's own copy of a picture; where threads
//! decode one picture each, that which comes out was copied before, so that only the log tells of it.

use ffmpeg_sys_next as ff;
use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Mutex;

/// What the threads of a decoder say of its pictures.
#[derive(Default)]
pub struct Harm(Mutex<State>);

#[derive(Default)]
struct State {
    /// The number of the last picture; a picture's is its `opaque`.
    last: usize,
    /// The context of each thread, and the picture that it is at.
    at: Vec<(usize, usize)>,
    /// Numbers of pictures that were made up in part and did not come out yet.
    harmed: BTreeSet<usize>,
}

/// Most pictures that are remembered. Those of a decoder that lie behind are fewer; what is older never comes.
const MOST: usize = 1024;

impl Harm {
    /// Has a decoder, which is not open yet and ends before this, tell it.
    pub fn watch(&self, context: &mut ff::AVCodecContext) {
        context.opaque = std::ptr::from_ref(self).cast_mut().cast();
        context.get_buffer2 = Some(get_buffer);
        crate::versions::call_from_threads(context);
    }

    /// Whether this picture, which came out, was made up in part.
    pub fn took(&self, picture: &ff::AVFrame) -> bool {
        self.state().harmed.remove(&(picture.opaque as usize))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn begins(&self, context: usize) -> usize {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        match state.at.iter_mut().find(|(of, _)| *of == context) {
            Some((_, at)) => *at = number,
            None => state.at.push((context, number)),
        }
        number
    }

    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    fn harms(&self, context: usize) {
        let mut state = self.state();
        let Some(&(_, number)) = state.at.iter().find(|(of, _)| *of == context) else { return };
        state.harmed.insert(number);
        if state.harmed.len() > MOST {
            state.harmed.pop_first();
        }
    }
}

/// What watches the decoder of this context, if it is one of ours.
///
/// # Safety
/// The context is alive.
unsafe fn watcher<'a>(context: *const ff::AVCodecContext) -> Option<&'a Harm> {
    type Buffer = unsafe extern "C" fn(*mut ff::AVCodecContext, *mut ff::AVFrame, c_int) -> c_int;
    // SAFETY: as above. Threads have contexts of their own, with the same two members.
    let (own, opaque) = unsafe { ((*context).get_buffer2, (*context).opaque) };
    let ours = own.is_some_and(|own| std::ptr::fn_addr_eq(own, get_buffer as Buffer));
    // SAFETY: it was put there by `watch`, and lives longer than the decoder.
    if ours { unsafe { opaque.cast::<Harm>().as_ref() } } else { None }
}

/// Gives a picture its memory and its number.
unsafe extern "C" fn get_buffer(context: *mut ff::AVCodecContext, frame: *mut ff::AVFrame, flags: c_int) -> c_int {
    // SAFETY: all are FFmpeg's.
    let code = unsafe { ff::avcodec_default_get_buffer2(context, frame, flags) };
    // SAFETY: the context is the one of the thread that decodes.
    if let (0.., Some(harm)) = (code, unsafe { watcher(context) }) {
        let number = harm.begins(context as usize);
        // SAFETY: the frame is alive.
        unsafe { (*frame).opaque = number as *mut c_void };
    }
    code
}

/// Looks at a line of the log, where that is caught: what is said before a part of a picture is made up (libavcodec/error_resilience.c).
///
/// # Safety
/// Object and format are those of a call of FFmpeg's log, or NULL.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub unsafe fn hear(object: *mut c_void, format: *const c_char) {
    // SAFETY: the format is a text.
    if object.is_null() || format.is_null() || !unsafe { CStr::from_ptr(format) }.to_bytes().starts_with(b"concealing ")
    {
        return;
    }
    // SAFETY: what logs begins with a pointer to its class, or NULL.
    let Some(class) = (unsafe { (*object.cast::<*const ff::AVClass>()).as_ref() }) else { return };
    if crate::av::text(class.class_name) != Some("AVCodecContext") {
        return;
    }
    // SAFETY: of this class it is a context, which logs and so is alive.
    if let Some(harm) = unsafe { watcher(object.cast()) } {
        harm.harms(object as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_of_the_picture_that_a_thread_is_at() {
        let harm = Harm::default();
        let numbers = [harm.begins(7), harm.begins(8), harm.begins(7)];
        harm.harms(8);
        harm.harms(9);
        let took = |number: usize| harm.0.lock().unwrap().harmed.remove(&number);
        assert_eq!(numbers.map(took), [false, true, false]);
        assert!(!took(numbers[1]));
        for _ in 0..2 * MOST {
            harm.begins(1);
            harm.harms(1);
        }
        assert_eq!(harm.0.lock().unwrap().harmed.len(), MOST);
    }
}
