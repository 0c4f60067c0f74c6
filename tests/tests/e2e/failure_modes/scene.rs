//! A proxy before backends that are played by hand.

use soe503_tests::http::Wire;
use soe503_tests::proxy::{Proxy, config};
use tokio::net::TcpListener;

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

pub(crate) struct Scene<const N: usize> {
    pub(crate) proxy: Proxy,
    pub(crate) backends: [TcpListener; N],
}

impl<const N: usize> Scene<N> {
    pub(crate) async fn set() -> Self {
        let mut backends = Vec::new();
        for _ in 0..N {
            backends.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let addresses: Vec<_> = backends.iter().map(|b| b.local_addr().unwrap()).collect();
        // No deadline of ours may end what a test waits for.
        let route = "pool = \"app\"\ntimeout = \"1h\"\nretry = { attempt_timeout = \"1h\" }";
        let config = config(&addresses, "").replace("pool = \"app\"", route);
        let proxy = Proxy::start(&config).await;
        let backends = backends.try_into().unwrap();
        Self { proxy, backends }
    }

    pub(crate) async fn client(&self, request: &str) -> Wire {
        let mut client = Wire::to(self.proxy.address()).await;
        client.say(request).await;
        client
    }
}

impl Scene<1> {
    /// A client has sent `request`; what the backend got of it has begun to arrive.
    pub(crate) async fn asked(&self, request: &str) -> (Wire, Wire) {
        let client = self.client(request).await;
        (client, accept(&self.backends[0]).await)
    }
}

pub(crate) async fn accept(backend: &TcpListener) -> Wire {
    Wire::from(backend.accept().await.unwrap().0)
}
