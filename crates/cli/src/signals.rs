//! Signals that ask for an end: the first is an end in order, with what is in training kept; the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Listens for signals while cells are trained; before and after, they end the program at once, as usual.
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
    at_once: Arc<AtomicBool>,
    which: Arc<AtomicUsize>,
}

/// Those that batch systems, terminals and people send.
#[cfg(unix)]
const SIGNALS: [(i32, &str); 5] = [
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGUSR2, "SIGUSR2"),
];
#[cfg(not(unix))]
const SIGNALS: [(i32, &str); 0] = [];

impl Signals {
    /// From now on.
    pub(crate) fn listen() -> Self {
        let (stop, at_once) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let signals = Self { stop, at_once, which: Arc::default() };
        #[cfg(unix)]
        for (signal, _) in SIGNALS {
            if signal == libc::SIGHUP && is_ignored(signal) {
                // As `nohup` wants it.
                continue;
            }
            let Self { stop, at_once, which } = &signals;
            let number = usize::try_from(signal).expect("signals count from 1");
            // In this order: the first signal finds `at_once` not set, and sets it.
            let listening =
                signal_hook::flag::register_conditional_default(signal, Arc::clone(at_once))
                    .and_then(|_| {
                        signal_hook::flag::register_usize(signal, Arc::clone(which), number)
                    })
                    .and_then(|_| signal_hook::flag::register(signal, Arc::clone(at_once)))
                    .and_then(|_| signal_hook::flag::register(signal, Arc::clone(stop)));
            listening.expect("these signals may be caught");
        }
        signals
    }

    /// Is set by the first signal.
    pub(crate) fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    /// The signal that there was: its name and number.
    pub(crate) fn heard(&self) -> Option<(&'static str, u8)> {
        let number = self.which.load(Ordering::SeqCst);
        let (signal, name) =
            SIGNALS.iter().find(|(signal, _)| usize::try_from(*signal) == Ok(number))?;
        Some((name, u8::try_from(*signal).ok()?))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.at_once.store(true, Ordering::SeqCst);
    }
}

/// Whether the one who has started the program wants a signal to be ignored.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library does not tell")]
fn is_ignored(signal: i32) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action nothing is changed; the old one is written into `now`, which is large enough.
    let known = unsafe { libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr()) } == 0;
    // SAFETY: zeros are a value, and so is what the call has written.
    known && unsafe { now.assume_init() }.sa_sigaction == libc::SIG_IGN
}
