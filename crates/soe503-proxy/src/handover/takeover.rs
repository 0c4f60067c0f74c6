//! One upgrade, as the new process sees it.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use soe503::clock;

use super::message::{self, Message, PROTOCOL, in_words, is_silence};
use super::sockets::Inherited;

/// How long the old process may take for what it does at once.
const AT_ONCE: Duration = Duration::from_secs(10);

/// How long this one tries to become ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The pause between two looks whether it is.
const LOOK: Duration = Duration::from_millis(20);

/// The connection to the old process. If it is dropped before [`Takeover::serving`], the old one serves on.
#[derive(Debug)]
pub(crate) struct Takeover {
    stream: UnixStream,
    process: u32,
}

// === impl Takeover ===

impl Takeover {
    /// Asks the process at `path` for its listening sockets.
    ///
    /// # Errors
    ///
    /// A sentence: nobody is there, it is somebody else's, or it refuses.
    pub(crate) fn ask(path: &Path) -> Result<(Self, Inherited), String> {
        let place = path.display();
        let stream = message::connect(path, AT_ONCE).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                format!("no process to replace at {place} ({error}): start without --upgrade")
            }
            io::ErrorKind::WouldBlock => format!("{place}: the process there lets nobody in"),
            _ => format!("{place}: {error}"),
        })?;
        let process = message::peer(&stream).map_err(|error| format!("{place}: {error}"))?;
        let answer = |stream: &UnixStream| -> io::Result<Message> {
            stream.set_read_timeout(Some(AT_ONCE))?;
            stream.set_write_timeout(Some(AT_ONCE))?;
            let hello = Message::Hello {
                protocol: PROTOCOL,
                version: env!("CARGO_PKG_VERSION").into(),
            };
            message::send(stream, &hello)?;
            message::receive(stream)
        };
        match answer(&stream).map_err(|error| in_words(&error))? {
            Message::Sockets { version, sockets } => {
                let mut inherited = Inherited::default();
                for place in sockets {
                    message::receive_socket(&stream)
                        .and_then(|socket| inherited.add(socket, None, place.for_good))
                        .map_err(|error| format!("{}: {}", place.address, in_words(&error)))?;
                }
                tracing::info!(process, %version, "taking over from another process");
                Ok((Self { stream, process }, inherited))
            }
            Message::Refused { why } => Err(format!("process {process} refuses: {why}")),
            _ => Err(format!("process {process} does not speak of upgrades")),
        }
    }

    /// Waits until `ready` says so.
    ///
    /// # Errors
    ///
    /// What it said last, when the time is over; or that the old process has gone, whose sockets may be deaf by now.
    pub(crate) fn wait(
        &mut self,
        mut ready: impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        let began = clock::now();
        self.patience(LOOK)?;
        loop {
            let Err(why) = ready() else {
                return Ok(());
            };
            if clock::now().since(began) >= READY_WITHIN {
                let limit = READY_WITHIN.as_secs();
                return Err(format!("not ready within {limit} s: {why}"));
            }
            // It has nothing to say now, so this is the pause.
            match message::receive(&self.stream) {
                Err(error) if is_silence(&error) => {}
                Err(error) => return Err(in_words(&error)),
                Ok(_) => return Err("the old process said what makes no sense here".into()),
            }
        }
    }

    /// Tells the old process that this one could serve, and waits for its word. `unused`: the places of the sockets that
    /// this one has closed.
    ///
    /// # Errors
    ///
    /// If the old process does not give it.
    pub(crate) fn ready(&mut self, unused: Vec<usize>) -> Result<(), String> {
        self.patience(AT_ONCE)?;
        let answer = message::send(&self.stream, &Message::Ready { unused })
            .and_then(|()| message::receive(&self.stream));
        match answer {
            Ok(Message::Go) => Ok(()),
            Ok(_) => Err("the old process said what makes no sense here".into()),
            Err(error) => Err(in_words(&error)),
        }
    }

    /// Tells the old process that this one accepts. If that has gone by now, there is nothing left to tell.
    pub(crate) fn serving(self) {
        if let Err(error) = message::send(&self.stream, &Message::Serving) {
            let process = self.process;
            tracing::warn!(process, %error, "the old process cannot be told to end");
        }
    }

    /// Tells the old process why it has to serve on.
    pub(crate) fn failed(&self, why: &str) {
        let _gone = message::send(&self.stream, &Message::Failed { why: why.into() });
    }

    fn patience(&self, patience: Duration) -> Result<(), String> {
        let set = self.stream.set_read_timeout(Some(patience));
        set.map_err(|error| error.to_string())
    }
}
