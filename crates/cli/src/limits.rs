//! Limits of the system that should be sentences and not sudden ends.

/// A file that would grow beyond `ulimit -f` is refused with an error, like one that finds the disk full. Left
/// alone, the system ends the process without a word.
pub(crate) fn refuse_large_files() {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the standard library does not set signals")]
    // SAFETY: no handler is installed, so nothing of ours runs in one; no other thread is there yet.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}
