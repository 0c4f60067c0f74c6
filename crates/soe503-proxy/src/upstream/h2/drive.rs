//! The task of a session: moves its frames, pings its peer, and notes how it ended.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use ::h2::client::Connection;
use bytes::Bytes;
use soe503_core::ledger::{Fault, Http2Fault};
use tokio::io::{AsyncRead, AsyncWrite};

use super::pulse::Pulse;
use super::session::Shared;
use super::wire::Wire;
use super::{H2Options, fault};

/// Runs until the connection is closed or broken, or its peer is found dead.
pub(super) async fn run<T>(
    mut connection: Connection<Wire<T>, Bytes>,
    shared: Arc<Shared>,
    options: H2Options,
) where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut pulse = (!options.ping_interval.is_zero())
        .then(|| connection.ping_pong())
        .flatten()
        .map(|pings| Pulse::new(pings, options.ping_interval, options.ping_timeout));
    poll_fn(|cx| {
        if let Some(pulse) = &mut pulse
            && pulse.poll_dead(&shared, cx).is_ready()
        {
            shared.end(Fault::Http2(Http2Fault::PingTimeout));
            return Poll::Ready(());
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Ok(())) => shared.end(Fault::Closed),
            Poll::Ready(Err(error)) => shared.end(fault::of_connection(&error, &shared)),
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    })
    .await;
    // Only now, with the end noted: dropping the connection is what tells the streams.
    drop(connection);
}
