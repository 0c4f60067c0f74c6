//! Where a successor asks for the listening sockets: a Unix socket, for the process's own user and root.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::exchange::{self, Giver};
use super::message;
use super::sockets::Offered;

/// How long to wait when nobody can be let in, for want of descriptors most likely.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// The Unix socket. Dropped without [`Entrance::close`] it goes on, unless it was never opened.
#[derive(Debug)]
pub(crate) struct Entrance {
    path: PathBuf,
    /// Under a name of its own until it is open.
    prepared: PathBuf,
    listener: Arc<UnixListener>,
    giver: Arc<Giver>,
    published: bool,
    thread: Option<JoinHandle<()>>,
}

// === impl Entrance ===

impl Entrance {
    /// Makes the socket, for nobody yet.
    ///
    /// # Errors
    ///
    /// If the directory does not exist or may not be written to, or the path is too long for a Unix socket.
    pub(crate) fn prepare(path: &Path) -> io::Result<Self> {
        let mut prepared = path.as_os_str().to_owned();
        prepared.push(format!(".{}", std::process::id()));
        let prepared = PathBuf::from(prepared);
        // Left by a process that had our number.
        let _none_there = fs::remove_file(&prepared);
        let listener = UnixListener::bind(&prepared)?;
        fs::set_permissions(&prepared, fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            path: path.to_owned(),
            prepared,
            listener: Arc::new(listener),
            giver: Arc::default(),
            published: false,
            thread: None,
        })
    }

    /// Takes the place of whatever is at the path, and offers these sockets to whoever may have them. `alone`: no other
    /// process is expected there.
    ///
    /// # Errors
    ///
    /// If another process is there all the same, the path is taken by something else, or there is no thread left.
    pub(crate) fn open(&mut self, alone: bool, offer: Vec<Offered>) -> io::Result<()> {
        if alone && somebody_is_at(&self.path) {
            let why = "another process answers there: is it to be replaced (`--upgrade`)?";
            return Err(io::Error::new(io::ErrorKind::AddrInUse, why));
        }
        if !is_free(&self.path)? {
            let why = "there is something that is no socket";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        fs::rename(&self.prepared, &self.path)?;
        self.published = true;
        self.giver.offer(offer);
        let (listener, giver) = (Arc::clone(&self.listener), Arc::clone(&self.giver));
        let thread = std::thread::Builder::new().name("upgrade".into());
        self.thread = Some(thread.spawn(move || answer(&listener, &giver))?);
        Ok(())
    }

    /// Resolves with its process id once a successor serves.
    pub(crate) fn replaced(&self) -> impl Future<Output = u32> + use<> {
        self.giver.replaced()
    }

    /// Ends it, and gives up an upgrade that is under way. Returns whether a successor has the sockets.
    pub(crate) fn close(mut self) -> bool {
        let replaced = self.giver.end();
        // Wakes who waits for the next one.
        let _gone = rustix::net::shutdown(&*self.listener, rustix::net::Shutdown::Both);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the upgrade thread panicked");
        }
        // A successor's own is there, or will be.
        if self.published && !replaced {
            let _gone = fs::remove_file(&self.path);
        }
        replaced
    }
}

impl Drop for Entrance {
    /// A start that fails leaves nothing behind.
    fn drop(&mut self) {
        if !self.published {
            let _gone = fs::remove_file(&self.prepared);
        }
    }
}

/// Whether a process answers at this path. One that is there and too busy for it does, too.
fn somebody_is_at(path: &Path) -> bool {
    match message::connect(path, exchange::AT_ONCE) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

/// Whether a socket may take this place: there is none, or another socket.
fn is_free(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(found.file_type().is_socket()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn answer(listener: &UnixListener, giver: &Arc<Giver>) {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let giver = Arc::clone(giver);
                let thread = std::thread::Builder::new().name("upgrade-with".into());
                if let Err(error) = thread.spawn(move || exchange::with(&stream, &giver)) {
                    tracing::error!(%error, "no thread for an upgrade");
                }
            }
            Err(_) if giver.has_ended() => return,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Whoever asks meanwhile waits: with the descriptors comes the next try.
            Err(error) => {
                tracing::error!(%error, "nobody can ask for an upgrade at the moment");
                std::thread::park_timeout(EXHAUSTED);
            }
        }
    }
}
