//! A proxy of Pingora's, in this process.

use std::net::SocketAddr;
use std::sync::Arc;

use pingora::apps::ServerApp;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::{ProxyHttp, http_proxy};
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    accepts: JoinHandle<()>,
    _shutdown: watch::Sender<bool>,
}

impl Front {
    /// In front of `proxy`, with Pingora's defaults.
    pub(crate) async fn of<P>(proxy: P) -> Self
    where
        P: ProxyHttp + Send + Sync + 'static,
        P::CTX: Send + Sync,
    {
        let app = Arc::new(http_proxy(&Arc::new(ServerConf::default()), proxy));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, shutdown) = watch::channel(false);
        let accepts = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (app, shutdown) = (Arc::clone(&app), shutdown.clone());
                tokio::spawn(async move {
                    let mut stream: Option<pingora::protocols::Stream> =
                        Some(Box::new(Stream::from(stream)));
                    while let Some(one) = stream {
                        stream = app.process_new(one, &shutdown).await;
                    }
                });
            }
        });
        Self {
            address,
            accepts,
            _shutdown: sender,
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}
