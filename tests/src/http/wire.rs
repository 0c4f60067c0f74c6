//! One side of a conversation that is written out by hand, byte by byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No single word may take longer to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client or a backend that says and hears text. What goes wrong is a panic that says what was heard.
#[derive(Debug)]
pub struct Wire(TcpStream);

// === impl Wire ===

impl From<TcpStream> for Wire {
    fn from(stream: TcpStream) -> Self {
        Self(stream)
    }
}

impl Wire {
    /// Connects.
    ///
    /// # Panics
    /// If nobody accepts.
    pub async fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("somebody accepts"))
    }

    /// Sends this.
    ///
    /// # Panics
    /// If the other side is gone.
    pub async fn say(&mut self, text: &str) {
        self.0
            .write_all(text.as_bytes())
            .await
            .expect("it is taken");
    }

    /// Sends this to somebody who may have gone.
    pub async fn try_say(&mut self, text: &str) {
        let _gone: io::Result<()> = self.0.write_all(text.as_bytes()).await;
    }

    /// Sends nothing more, and goes on listening.
    ///
    /// # Panics
    /// If the other side is gone.
    pub async fn end(&mut self) {
        self.0.shutdown().await.expect("the end is taken");
    }

    /// Reads until `end` has come.
    ///
    /// # Panics
    /// If it does not come.
    pub async fn hear(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) {
            let Ok(byte) = soon(self.0.read_u8()).await else {
                panic!("closed after {:?}", String::from_utf8_lossy(&heard));
            };
            heard.push(byte);
        }
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Reads a head.
    ///
    /// # Panics
    /// If none comes.
    pub async fn head(&mut self) -> String {
        self.hear("\r\n\r\n").await
    }

    /// Everything until the other side closes; what a reset cuts off does not matter.
    ///
    /// # Panics
    /// If it does not close.
    pub async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _cut: io::Result<usize> = soon(self.0.read_to_end(&mut rest)).await;
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// What does not come fails the test instead of holding it up for ever.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("within half a minute")
}
