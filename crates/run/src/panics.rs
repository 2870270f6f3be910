//! An engine's panic, caught: its words become the outcome of a cell, and stay off the terminal.
//!
//! One on a GPU's own thread counts too, although nobody is told of it: cubecl 0.11.3 catches it there, leaves out the
//! launch, and hands out what the kernel should have written as if it had.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the standard library calls at a panic.
type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;

/// Messages that are remembered at most: more than threads that could panic at the same moment.
const MOST_RECENT: usize = 256;

/// The messages of the latest panics, whichever threads they were on, each once and with the place of
/// its newest panic; the newest last.
static RECENT: Mutex<VecDeque<(String, String)>> = Mutex::new(VecDeque::new());

/// Calls of [`caught`] at this moment, and the hook that was there before the first of them.
static CALLS: Mutex<(usize, Option<Arc<Hook>>)> = Mutex::new((0, None));

/// How many panics there were on the threads of GPUs, and the words of the newest.
static ON_A_GPU: Mutex<(u64, String)> = Mutex::new((0, String::new()));

thread_local! {
    /// Whether this thread is in [`caught`]; unknown for threads that never were, which may be an
    /// engine's own.
    static INSIDE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// What `work` gives, or what it, a thread of its own or one of a GPU said in a panic: message and place. Until
/// it ends, panics on threads that never called this are not printed.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    begin();
    let (before, n_before) = (INSIDE.replace(Some(true)), on_a_gpu().0);
    let ended = panic::catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(Some(before.unwrap_or(false)));
    end();
    let result = ended.map_err(|payload| words(&*payload))?;
    match &*on_a_gpu() {
        (n, said) if *n > n_before => Err(said.clone()),
        _ => Ok(result),
    }
}

fn on_a_gpu() -> MutexGuard<'static, (u64, String)> {
    ON_A_GPU.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this is a thread on which cubecl launches kernels: `DSD-0-0` is the first device's.
fn is_a_gpus() -> bool {
    let thread = std::thread::current();
    thread.name().is_some_and(|name| name.starts_with("DSD-") || name.starts_with("DSU-"))
}

fn begin() {
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    calls.0 += 1;
    if calls.0 == 1 {
        let previous = Arc::new(panic::take_hook());
        calls.1 = Some(Arc::clone(&previous));
        panic::set_hook(Box::new(move |info| remember(info, &previous)));
    }
}

/// Puts the hook back when nobody needs ours any more.
fn end() {
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    calls.0 -= 1;
    if calls.0 == 0 {
        // With our hook goes its share in the previous one.
        drop(panic::take_hook());
        if let Some(previous) = calls.1.take().and_then(Arc::into_inner) {
            panic::set_hook(previous);
        }
    }
}

/// Notes a panic. One on a thread that has been in [`caught`] and left it is a mistake of
/// ours, not of an engine, and should be seen.
fn remember(info: &PanicHookInfo<'_>, previous: &Hook) {
    if INSIDE.get() == Some(false) {
        return previous(info);
    }
    let place = info.location().map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
    let message = message(info.payload());
    if is_a_gpus() {
        let mut newest = on_a_gpu();
        *newest = (newest.0 + 1, format!("{}{place}", message.trim()));
    }
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    recent.retain(|(known, _)| *known != message);
    recent.push_back((message, place));
    if recent.len() > MOST_RECENT {
        recent.pop_front();
    }
}

/// The message of a panic, and the place of the newest panic with that message.
fn words(payload: &(dyn Any + Send)) -> String {
    let message = message(payload);
    let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = recent.iter().find(|(known, _)| *known == message);
    message.clone() + place.map_or("", |(_, place)| place)
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref().map(String::as_str)).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    /// Panics on a thread of a pool, as an engine on several threads does.
    fn panic_on_a_pool(said: &str) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        pool.install(|| (0..30).into_par_iter().for_each(|i| assert!(i < 15, "{said}")));
    }

    #[test]
    fn words_are_kept_whichever_thread_they_were_said_on() {
        assert_eq!(caught(|| 7), Ok(7));
        let said = caught(|| panic!("first, on this thread")).unwrap_err();
        assert!(
            said.starts_with("first, on this thread (") && said.contains("panics.rs:"),
            "{said}"
        );
        // A cell before it has said something else on this thread.
        let said = caught(|| panic_on_a_pool("second, on a pool")).unwrap_err();
        assert!(said.starts_with("second, on a pool (") && said.contains("panics.rs:"), "{said}");
        let said = caught(|| panic::panic_any(3)).unwrap_err();
        assert!(said.starts_with("no message ("), "{said}");
    }

    #[test]
    fn a_panic_on_a_gpus_thread_is_heard_although_it_was_caught_there() {
        // As cubecl does it.
        let launch = |said: &'static str| {
            let thread = std::thread::Builder::new().name("DSD-0-0".to_owned());
            let caught_there = move || panic::catch_unwind(|| assert!(said.is_empty(), "{said}"));
            thread.spawn(caught_there).unwrap().join().unwrap().is_ok()
        };
        let said = caught(|| launch("no compiler")).unwrap_err();
        assert!(said.starts_with("no compiler (") && said.contains("panics.rs:"), "{said}");
        assert_eq!(caught(|| launch("")), Ok(true), "and is forgotten when the work is another");
    }

    #[test]
    fn cells_side_by_side_keep_their_own_words() {
        std::thread::scope(|scope| {
            for cell in 0..8 {
                scope.spawn(move || {
                    for time in 0..20 {
                        let words = format!("cell {cell}, time {time}");
                        let said = caught(|| panic_on_a_pool(&words)).unwrap_err();
                        assert!(said.starts_with(&format!("{words} (")), "{said}");
                    }
                });
            }
        });
    }
}
