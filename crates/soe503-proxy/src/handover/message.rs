//! What the two processes say to each other, and how a socket travels.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg, sockopt,
};
use serde::{Deserialize, Serialize};
use socket2::{Domain, SockAddr, Socket, Type};

/// The language that is spoken here. Two processes that differ in it cannot replace each other.
pub(super) const PROTOCOL: u32 = 1;

/// The longest message: as many sockets as there can be, and room.
const MAX: u32 = 1 << 22;

/// What is said. The first two are understood by every version there will be.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Message {
    /// The new process, first of all.
    Hello { protocol: u32, version: String },
    /// The old one: not now, and why.
    Refused { why: String },
    /// The old one: what follows, a socket for each.
    Sockets {
        version: String,
        sockets: Vec<Place>,
    },
    /// The new one: it could serve. Which of the sockets it has no use for.
    Ready { unused: Vec<usize> },
    /// The new one: it cannot, and why.
    Failed { why: String },
    /// The old one: accept.
    Go,
    /// The new one: it does.
    Serving,
}

/// A socket that is on its way.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) address: SocketAddr,
    /// Whether systemd has it too.
    pub(super) for_good: bool,
}

/// Connects, and waits for no longer than `within` while too many others wait: [`io::ErrorKind::WouldBlock`] then.
pub(super) fn connect(path: &Path, within: Duration) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_write_timeout(Some(within))?;
    socket.connect(&SockAddr::unix(path)?)?;
    Ok(OwnedFd::from(socket).into())
}

pub(super) fn send(mut stream: &UnixStream, message: &Message) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len()).map_err(|_too_long| io::ErrorKind::InvalidInput)?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(&text);
    stream.write_all(&bytes)
}

/// Reads no byte more than the message: what is read beyond loses the socket that comes with it.
pub(super) fn receive(mut stream: &UnixStream) -> io::Result<Message> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX {
        return Err(invalid("a message that is too long"));
    }
    let mut text = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut text)?;
    serde_json::from_slice(&text).map_err(|error| invalid(&error.to_string()))
}

/// One at a time, each with a byte of its own, so that no limit on how many fit in a message matters.
pub(super) fn send_socket(stream: &UnixStream, socket: &TcpListener) -> io::Result<()> {
    let sockets = [socket.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut with = SendAncillaryBuffer::new(&mut space);
    if !with.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(invalid("no room for a socket"));
    }
    let byte = [IoSlice::new(b"s")];
    rustix::io::retry_on_intr(|| sendmsg(stream, &byte, &mut with, SendFlags::NOSIGNAL))?;
    Ok(())
}

pub(super) fn receive_socket(stream: &UnixStream) -> io::Result<TcpListener> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut with = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let read = rustix::io::retry_on_intr(|| {
        let mut byte = [IoSliceMut::new(&mut byte)];
        recvmsg(stream, &mut byte, &mut with, RecvFlags::CMSG_CLOEXEC)
    })?;
    if read.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let found = with.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    // The kernel leaves it out if the process may not open another one.
    let socket = found.ok_or_else(|| invalid("no socket came: is there a descriptor left?"))?;
    Ok(socket.into())
}

/// The process at the other end, if it may know our sockets: it is root's or our own user's.
pub(super) fn peer(stream: &UnixStream) -> io::Result<u32> {
    let peer = sockopt::socket_peercred(stream)?;
    let (user, own) = (peer.uid.as_raw(), rustix::process::geteuid().as_raw());
    if !may_know(user, own) {
        let process = peer.pid.as_raw_nonzero();
        let why = format!("process {process} belongs to user {user}, not to {own} or root");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    u32::try_from(peer.pid.as_raw_nonzero().get()).map_err(io::Error::other)
}

/// Whether a process of `user` may know the sockets of one of `own`.
fn may_know(user: u32, own: u32) -> bool {
    user == own || user == 0
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Whether nothing came in time, which is no end.
pub(super) fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// An end of the connection, or silence, in words.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset => "the other process has gone".into(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            "the other process said nothing in time".into()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_sockets_arrive_in_order() {
        let (here, there) = UnixStream::pair().unwrap();
        let listeners: Vec<_> = (0..3)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let place = |listener: &TcpListener| Place {
            address: listener.local_addr().unwrap(),
            for_good: false,
        };
        let sockets = Message::Sockets {
            version: "1".into(),
            sockets: listeners.iter().map(place).collect(),
        };
        send(&here, &sockets).unwrap();
        for listener in &listeners {
            send_socket(&here, listener).unwrap();
        }
        send(&here, &Message::Go).unwrap();

        assert_eq!(receive(&there).unwrap(), sockets);
        for listener in &listeners {
            let socket = receive_socket(&there).unwrap();
            let (old, new) = (listener.local_addr(), socket.local_addr());
            assert_eq!(old.unwrap(), new.unwrap());
        }
        assert_eq!(receive(&there).unwrap(), Message::Go);
        assert!(peer(&there).is_ok_and(|process| process == std::process::id()));
        drop(here);
        assert_eq!(
            receive(&there).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn only_the_same_user_and_root_may_know() {
        for (user, own, may) in [
            (7, 7, true),
            (0, 7, true),
            (0, 0, true),
            (8, 7, false),
            (7, 0, false),
        ] {
            assert_eq!(may_know(user, own), may, "{user} {own}");
        }
    }

    #[test]
    fn a_process_that_lets_nobody_in_is_not_waited_for_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("busy");
        let busy = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        busy.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        busy.listen(0).unwrap();
        let within = Duration::from_millis(10);
        let waiting: Vec<_> = (0..4).map(|_| connect(&path, within)).collect();
        assert!(waiting[0].is_ok());
        let last = waiting.last().unwrap().as_ref().unwrap_err();
        assert!(is_silence(last), "{last}");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(&u32::MAX.to_be_bytes()).unwrap();
        assert!(receive(&there).unwrap_err().to_string().contains("long"));
        here.write_all(b"\0\0\0\x02{}").unwrap();
        assert_eq!(
            receive(&there).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        here.write_all(b"s").unwrap();
        let error = receive_socket(&there).unwrap_err();
        assert!(error.to_string().contains("no socket came"), "{error}");
    }
}
