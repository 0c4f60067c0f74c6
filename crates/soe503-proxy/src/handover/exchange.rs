//! One upgrade, as the old process sees it.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::message::{self, Message, PROTOCOL, Place, in_words};
use super::sockets::Offered;

/// How long the other process may take for what it does at once.
pub(super) const AT_ONCE: Duration = Duration::from_secs(10);

/// How long it may take to become ready: longer than it waits itself, so that it is the one to say why.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// The old process's side: what it has to give, and how far that is.
#[derive(Debug, Default)]
pub(super) struct Giver {
    stage: Mutex<Stage>,
    offer: Mutex<Vec<Offered>>,
    replaced: Arc<Notify>,
    /// The successor, once there is one.
    successor: Arc<Mutex<u32>>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nobody has asked.
    #[default]
    Alone,
    /// Somebody starts with our sockets; through this it can be told that it is off.
    Shown(UnixStream),
    /// It has been told to accept; the sockets are its own as well.
    Given,
    /// It serves.
    Replaced,
    /// This process ends, and gives nothing any more. Whether the sockets are another's as well.
    Ended(bool),
}

// === impl Giver ===

impl Giver {
    pub(super) fn offer(&self, sockets: Vec<Offered>) {
        *self.offer.lock().unwrap_or_else(PoisonError::into_inner) = sockets;
    }

    pub(super) fn replaced(&self) -> impl Future<Output = u32> + use<> {
        let (replaced, successor) = (Arc::clone(&self.replaced), Arc::clone(&self.successor));
        async move {
            replaced.notified().await;
            *successor.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// From now on nothing is given. Returns whether it has been.
    pub(super) fn end(&self) -> bool {
        let mut stage = self.stage();
        let given = match &*stage {
            Stage::Alone => false,
            Stage::Shown(stream) => {
                let _gone = stream.shutdown(Shutdown::Both);
                false
            }
            Stage::Given | Stage::Replaced => true,
            Stage::Ended(given) => *given,
        };
        *stage = Stage::Ended(given);
        drop(stage);
        // The handles of the sockets: those of the workers are to be the last ones.
        self.offer(Vec::new());
        given
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.stage(), Stage::Ended(_))
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One at a time.
    fn begin(&self, stream: &UnixStream) -> Result<(), String> {
        let mut stage = self.stage();
        match *stage {
            Stage::Alone => {
                let own = stream.try_clone().map_err(|error| error.to_string())?;
                *stage = Stage::Shown(own);
                Ok(())
            }
            Stage::Shown(_) => Err("another upgrade is under way".into()),
            Stage::Given | Stage::Replaced => Err("another process has just taken over".into()),
            Stage::Ended(_) => Err("this process is ending".into()),
        }
    }

    /// Tells the other process to accept. `unused`: the sockets that it has no use for. They are drained as at a shutdown.
    fn give(&self, stream: &UnixStream, unused: &[usize]) -> Result<(), String> {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Shown(_)) {
            return Err("this process is ending".into());
        }
        self.share(true, unused);
        if let Err(error) = message::send(stream, &Message::Go) {
            self.share(false, unused);
            return Err(in_words(&error));
        }
        *stage = Stage::Given;
        Ok(())
    }

    fn share(&self, shared: bool, unused: &[usize]) {
        let offer = self.offer.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, offered) in offer.iter().enumerate() {
            if !unused.contains(&place) {
                offered.shared.set(shared || offered.for_good);
            }
        }
    }

    /// It did not come to anything: this process is the only one again.
    fn take_back(&self, unused: &[usize]) {
        let mut stage = self.stage();
        match *stage {
            Stage::Shown(_) => *stage = Stage::Alone,
            Stage::Given => {
                self.share(false, unused);
                *stage = Stage::Alone;
            }
            Stage::Alone | Stage::Replaced | Stage::Ended(_) => {}
        }
    }

    fn has_successor(&self, process: u32) {
        let mut stage = self.stage();
        if matches!(*stage, Stage::Given) {
            *stage = Stage::Replaced;
        }
        drop(stage);
        let mut successor = self
            .successor
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *successor = process;
        drop(successor);
        self.replaced.notify_one();
    }
}

/// Speaks with one process that wants to take over.
pub(super) fn with(stream: &UnixStream, giver: &Giver) {
    let asked = || -> io::Result<(u32, String)> {
        let process = message::peer(stream)?;
        stream.set_read_timeout(Some(AT_ONCE))?;
        stream.set_write_timeout(Some(AT_ONCE))?;
        match message::receive(stream)? {
            Message::Hello { protocol, version } if protocol == PROTOCOL => Ok((process, version)),
            Message::Hello { protocol, version } => {
                let why = format!(
                    "version {version} speaks protocol {protocol} of upgrades, and {} speaks {PROTOCOL}: stop and start it",
                    env!("CARGO_PKG_VERSION")
                );
                Err(io::Error::other(why))
            }
            _ => Err(message::invalid("not a greeting")),
        }
    };
    let (process, version) = match asked() {
        Ok(asked) => asked,
        // Somebody who looked whether we are here.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return,
        Err(error) => return refuse(stream, &error.to_string()),
    };
    if let Err(why) = giver.begin(stream) {
        return refuse(stream, &why);
    }
    tracing::info!(process, %version, "a new process asks for the listening sockets");
    let mut unused = Vec::new();
    match hand_over(stream, giver, &mut unused) {
        Ok(()) => {
            tracing::info!(process, %version, "the new process serves");
            giver.has_successor(process);
        }
        Err(why) => {
            giver.take_back(&unused);
            tracing::error!(process, %version, %why, "the upgrade has failed: this process serves on");
        }
    }
}

fn hand_over(stream: &UnixStream, giver: &Giver, unused: &mut Vec<usize>) -> Result<(), String> {
    give_sockets(stream, giver).map_err(|error| in_words(&error))?;
    *unused = match hear(stream, READY_WITHIN)? {
        Message::Ready { unused } => unused,
        Message::Failed { why } => return Err(why),
        _ => return Err("the new process said what makes no sense here".into()),
    };
    giver.give(stream, unused)?;
    match hear_of_serving(stream)? {
        Message::Serving => Ok(()),
        Message::Failed { why } => Err(why),
        _ => Err("the new process said what makes no sense here".into()),
    }
}

/// Once it was told to accept, it may do so at any moment: only its end, which the kernel tells, takes the sockets away
/// from it. One that is merely slow is waited for. Both serve meanwhile.
fn hear_of_serving(stream: &UnixStream) -> Result<Message, String> {
    stream
        .set_read_timeout(Some(AT_ONCE))
        .map_err(|error| error.to_string())?;
    loop {
        match message::receive(stream) {
            Err(error) if message::is_silence(&error) => {
                tracing::warn!("the new process was told to accept and has not said that it does");
            }
            heard => return heard.map_err(|error| in_words(&error)),
        }
    }
}

fn give_sockets(stream: &UnixStream, giver: &Giver) -> io::Result<()> {
    let offer = giver.offer.lock().unwrap_or_else(PoisonError::into_inner);
    let places = offer.iter().map(|offered| Place {
        address: offered.address,
        for_good: offered.for_good,
    });
    let message = Message::Sockets {
        version: env!("CARGO_PKG_VERSION").into(),
        sockets: places.collect(),
    };
    message::send(stream, &message)?;
    for offered in offer.iter() {
        message::send_socket(stream, &offered.socket)?;
    }
    Ok(())
}

fn hear(stream: &UnixStream, within: Duration) -> Result<Message, String> {
    stream
        .set_read_timeout(Some(within))
        .and_then(|()| message::receive(stream))
        .map_err(|error| in_words(&error))
}

fn refuse(stream: &UnixStream, why: &str) {
    tracing::warn!(%why, "an upgrade is refused");
    // Whoever has gone need not be told.
    let _gone = message::send(stream, &Message::Refused { why: why.into() });
}
