//! A proxy that does nothing of its own.

use async_trait::async_trait;
use pingora::prelude::HttpPeer;
use pingora::proxy::{ProxyHttp, Session};
use pingora::{Error, ErrorType, Result};

/// Every hook as Pingora has it, and no peer: what a [`ResilientProxy`](crate::ResilientProxy) is around if nothing else is to be done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

#[async_trait]
impl ProxyHttp for Plain {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> Result<Box<HttpPeer>> {
        Err(Error::explain(
            ErrorType::InternalError,
            "the stack chooses the peer",
        ))
    }
}
