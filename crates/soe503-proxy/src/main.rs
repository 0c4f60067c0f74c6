//! The binary `soe503`: reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser;
use soe503_proxy::cli::Cli;
use soe503_proxy::commands;

/// Requests allocate small things often; this allocator is good at it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    use_small_pages();
    commands::run(Cli::parse())
}

/// Takes memory from the kernel as it is used, in pages of 4 KiB.
///
/// Each thread's part of the allocator's arena is aligned to huge pages. Where those are on for
/// everything, as on Debian, the first byte of a part makes 2 MiB resident, and five threads that
/// use 2 MiB together occupy 10. Ubuntu and Fedora leave the choice to the process, and this is it.
#[cfg(target_os = "linux")]
fn use_small_pages() {
    // A kernel that refuses leaves us as we were.
    let _unchanged = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
fn use_small_pages() {}
