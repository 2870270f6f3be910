//! Puts the git revision into the binary, so that every record can name it.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn main() {
    let revision = git(&["rev-parse", "--short=12", "HEAD"]).map_or_else(
        // Not a checkout: the release is the revision.
        || format!("release-{}", env!("CARGO_PKG_VERSION")),
        |revision| match git(&["status", "--porcelain", "--untracked-files=no"]) {
            Some(changes) if changes.is_empty() => revision,
            _ => format!("{revision}-modified"),
        },
    );
    println!("cargo::rustc-env=SUPERPOSE_REVISION={revision}");
    // A commit moves HEAD or the branch that it names; a change of the sources rebuilds anyway.
    for path in ["HEAD", "refs/heads"] {
        if let Some(path) = git(&["rev-parse", "--git-path", path]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=../../crates");
}
