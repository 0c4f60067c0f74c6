//! Sockets that systemd, or whoever speaks its protocol, passes at the start: `sd_listen_fds(3)`.

use std::env;
use std::io;

use super::sockets::Inherited;

/// Why what was passed cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// `LISTEN_FDS` is not a number.
    #[error("LISTEN_FDS is {0:?}, not a number of sockets")]
    Count(String),
    /// One is no TCP socket that listens.
    #[error("socket {number} of LISTEN_FDS{name} cannot be used: {source}")]
    Socket {
        /// Its number, from 1.
        number: usize,
        /// What `LISTEN_FDNAMES` calls it, in brackets.
        name: String,
        /// What is wrong with it.
        source: io::Error,
    },
}

/// The sockets that the environment says are open. It is forgotten with that: call it before there is another thread.
///
/// # Errors
///
/// If it says what cannot be, or one of them is not a TCP socket that listens.
pub fn from_environment() -> Result<Inherited, ActivationError> {
    let mut inherited = Inherited::default();
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let count = variable("LISTEN_FDS");
    let Some(count) = meant_for_us(
        count.as_deref(),
        variable("LISTEN_PID").as_deref(),
        std::process::id(),
    )?
    else {
        return Ok(inherited);
    };
    let names = variable("LISTEN_FDNAMES");
    let names = names_of(names.as_deref());
    // The step from a number to something that is owned is unsafe; this crate does that, and nothing else.
    let mut passed = listenfd::ListenFd::from_env();
    for index in 0..count {
        let name = names.get(index).cloned();
        let socket = passed.take_tcp_listener(index).and_then(|socket| {
            let socket = socket.ok_or(io::ErrorKind::NotFound)?;
            inherited.add(socket, name.clone(), true)
        });
        socket.map_err(|source| ActivationError::Socket {
            number: index + 1,
            name: name.map_or_else(String::new, |name| format!(" ({name})")),
            source,
        })?;
    }
    Ok(inherited)
}

/// How many were passed to the process `own`; `None`: nothing, or to somebody else.
fn meant_for_us(
    count: Option<&str>,
    process: Option<&str>,
    own: u32,
) -> Result<Option<usize>, ActivationError> {
    let Some(count) = count else {
        return Ok(None);
    };
    if process.and_then(|process| process.parse().ok()) != Some(own) {
        return Ok(None);
    }
    let count = count
        .parse()
        .map_err(|_no_number| ActivationError::Count(count.into()))?;
    Ok((count > 0).then_some(count))
}

/// Those of `LISTEN_FDNAMES`.
fn names_of(names: Option<&str>) -> Vec<String> {
    let names = names.into_iter().flat_map(|names| names.split(':'));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_for_this_process_counts() {
        for (count, process, found) in [
            (None, None, None),
            (None, Some("7"), None),
            (Some("2"), None, None),
            (Some("2"), Some("8"), None),
            (Some("2"), Some("x"), None),
            (Some("0"), Some("7"), None),
            (Some("2"), Some("7"), Some(2)),
        ] {
            assert_eq!(meant_for_us(count, process, 7).unwrap(), found);
        }
        let error = meant_for_us(Some("many"), Some("7"), 7).unwrap_err();
        assert!(error.to_string().contains("\"many\""), "{error}");
    }

    #[test]
    fn names_stand_in_the_order_of_the_sockets() {
        assert_eq!(names_of(Some("web:admin")), ["web", "admin"]);
        assert!(names_of(None).is_empty());
    }
}
