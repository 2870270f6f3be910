//! An engine's panic, caught: its words become the outcome of a cell, and stay off the terminal.

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};

/// What the standard library calls at a panic.
type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;

/// What is known of a panic when it begins: its message and its place.
type Recent = (String, String);

/// Panics that are remembered at most: more than cores that could panic at the same moment.
const MOST_RECENT: usize = 256;

/// The latest panics, the newest last, whichever threads they were on. When several threads of an
/// engine panic, only one panic reaches [`caught`], so some entries are never taken out.
static RECENT: Mutex<VecDeque<Recent>> = Mutex::new(VecDeque::new());

/// Calls of [`caught`] at this moment, and the hook that was there before the first of them.
static CALLS: Mutex<(usize, Option<Arc<Hook>>)> = Mutex::new((0, None));

thread_local! {
    /// Whether this thread is in [`caught`]; unknown for threads that never were, which may be an
    /// engine's own.
    static INSIDE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// What `work` gives, or what it or a thread of its own said in a panic: message and place. Until it
/// ends, panics on threads that never called this are not printed.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    begin();
    let before = INSIDE.replace(Some(true));
    let ended = panic::catch_unwind(AssertUnwindSafe(work));
    INSIDE.set(Some(before.unwrap_or(false)));
    end();
    ended.map_err(|payload| words(&*payload))
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
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.len() == MOST_RECENT {
        recent.pop_front();
    }
    recent.push_back((message(info.payload()), place));
}

/// The message of a panic, and its place from the newest panic with that message.
fn words(payload: &(dyn Any + Send)) -> String {
    let message = message(payload);
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let at = recent.iter().rposition(|(known, _)| *known == message);
    let place = at.and_then(|at| recent.remove(at)).map_or(String::new(), |(_, place)| place);
    message + &place
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
