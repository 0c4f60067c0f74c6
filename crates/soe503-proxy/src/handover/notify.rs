//! What systemd is told of a service with `Type=notify` or `notify-reload`: `sd_notify(3)`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// A moment in the life of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It serves.
    Ready,
    /// It reads its config again; [`Moment::Ready`] follows.
    Reloading,
    /// It is about to end, which takes so long at most.
    Stopping(Duration),
    /// The process with this id serves in its place.
    Replaced(u32),
}

/// Tells systemd, if it wants to know (`NOTIFY_SOCKET`).
pub(crate) fn tell(moment: Moment) {
    if let Some(place) = env::var_os("NOTIFY_SOCKET").filter(|place| !place.is_empty())
        && let Err(error) = send(&place, &moment.words())
    {
        let place = place.display();
        tracing::warn!(%error, %place, ?moment, "the service manager cannot be told");
    }
}

fn send(place: &OsStr, words: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    // Whoever does not read must not keep us.
    socket.set_nonblocking(true)?;
    match abstract_name(place) {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            use std::os::unix::ffi::OsStrExt;
            use std::os::unix::net::SocketAddr;
            let address = SocketAddr::from_abstract_name(name.as_bytes())?;
            socket.send_to_addr(words.as_bytes(), &address)?;
        }
        _ => {
            socket.send_to(words.as_bytes(), place)?;
        }
    }
    Ok(())
}

/// What follows the `@`.
fn abstract_name(place: &OsStr) -> Option<OsString> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let name = place.as_bytes().strip_prefix(b"@")?;
    Some(OsString::from_vec(name.to_vec()))
}

// === impl Moment ===

impl Moment {
    fn words(self) -> String {
        match self {
            // After an upgrade it is another process than before.
            Self::Ready => format!("READY=1\nMAINPID={}\nSTATUS=serving\n", std::process::id()),
            Self::Reloading => reloading(),
            // A unit's `TimeoutStopSec` may be less than what the config allows.
            Self::Stopping(within) => format!(
                "STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS=finishing what is in flight\n",
                within.as_micros()
            ),
            Self::Replaced(process) => format!("MAINPID={process}\n"),
        }
    }
}

#[cfg(target_os = "linux")]
fn reloading() -> String {
    use rustix::time::{ClockId, clock_gettime};
    let now = clock_gettime(ClockId::Monotonic);
    let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    format!("RELOADING=1\nMONOTONIC_USEC={micros}\n")
}

#[cfg(not(target_os = "linux"))]
fn reloading() -> String {
    "RELOADING=1\n".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(by: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = by.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn it_reaches_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("notify");
        let manager = UnixDatagram::bind(&place).unwrap();
        send(place.as_os_str(), &Moment::Ready.words()).unwrap();
        let own = std::process::id();
        assert_eq!(
            heard(&manager),
            format!("READY=1\nMAINPID={own}\nSTATUS=serving\n")
        );
        send(place.as_os_str(), &Moment::Replaced(77).words()).unwrap();
        assert_eq!(heard(&manager), "MAINPID=77\n");
        let stopping = Moment::Stopping(Duration::from_millis(45_250));
        send(place.as_os_str(), &stopping.words()).unwrap();
        assert_eq!(
            heard(&manager),
            "STOPPING=1\nEXTEND_TIMEOUT_USEC=45250000\nSTATUS=finishing what is in flight\n"
        );
        drop(manager);
        assert!(send(place.as_os_str(), "READY=1").is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_reaches_an_abstract_name() {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::SocketAddr;
        let name = format!("soe503-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let words = Moment::Reloading.words();
        send(OsStr::new(&format!("@{name}")), &words).unwrap();
        assert_eq!(heard(&manager), words);
        assert!(words.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{words}");
    }
}
