//! The wrapper: Pingora's hooks, in Pingora's order.

use std::any::Any;
use std::borrow::Cow;
use std::os::fd::RawFd;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use pingora::cache::key::HashBinary;
use pingora::cache::{
    CacheKey, CacheMeta, ForcedFreshness, HitHandler, PurgeAction, RespCacheable,
};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::HttpPeer;
use pingora::protocols::Digest;
use pingora::proxy::{
    FailToProxy, ProxyHttp, ProxyWarnLogContext, PurgeStatus, RangeType, Session,
};
use pingora::{Error, Result};

use crate::plain::Plain;
use crate::visit::{Stack, Visit};

/// A `ProxyHttp` whose attempts go where a stack of soe503's layers sends them, around another one that does the rest.
///
/// Of the one inside, `upstream_peer` is not asked: the pool in the stack chooses. Its `fail_to_connect` and
/// `error_while_proxy` are called, but whether there is another attempt is the stack's decision. Its `fail_to_proxy` is
/// called for what the stack has nothing to do with: errors of its own hooks, of the client, and after an answer has begun.
/// All other hooks are its own.
#[derive(Clone, Debug)]
pub struct ResilientProxy<S, P = Plain> {
    stack: S,
    inner: P,
}

impl<S> ResilientProxy<S> {
    /// Nothing but what `stack` does.
    pub const fn new(stack: S) -> Self {
        Self::around(Plain, stack)
    }
}

impl<S, P> ResilientProxy<S, P> {
    /// `stack` around a proxy of your own.
    pub const fn around(inner: P, stack: S) -> Self {
        Self { stack, inner }
    }

    /// The proxy inside.
    pub const fn get_ref(&self) -> &P {
        &self.inner
    }
}

#[async_trait]
impl<S, P> ProxyHttp for ResilientProxy<S, P>
where
    S: Stack,
    P: ProxyHttp + Send + Sync,
    P::CTX: Send + Sync,
{
    type CTX = Visit<P::CTX>;

    fn new_ctx(&self) -> Self::CTX {
        Visit::new(self.inner.new_ctx())
    }

    // --- what is decided here -------------------------------------------------------------------

    async fn early_request_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<()> {
        ctx.check(session)?;
        self.inner
            .early_request_filter(session, &mut ctx.inner)
            .await
    }

    /// The last moment at which an answer of ours leaves the client's connection as it is.
    async fn proxy_upstream_filter(
        &self,
        session: &mut Session,
        ctx: &mut Self::CTX,
    ) -> Result<bool> {
        let goes_on = self
            .inner
            .proxy_upstream_filter(session, &mut ctx.inner)
            .await?;
        if !goes_on {
            return Ok(false);
        }
        ctx.enter(session, &self.stack).await
    }

    async fn upstream_peer(&self, _: &mut Session, ctx: &mut Self::CTX) -> Result<Box<HttpPeer>> {
        ctx.peer().await
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        peer: &HttpPeer,
        ctx: &mut Self::CTX,
        e: Box<Error>,
    ) -> Box<Error> {
        let again = ctx.failed(session, &e);
        let mut e = self.inner.fail_to_connect(session, peer, &mut ctx.inner, e);
        e.set_retry(again);
        e
    }

    async fn connected_to_upstream(
        &self,
        session: &mut Session,
        reused: bool,
        peer: &HttpPeer,
        fd: RawFd,
        digest: Option<&Digest>,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        ctx.connected(reused, fd);
        self.inner
            .connected_to_upstream(session, reused, peer, fd, digest, &mut ctx.inner)
            .await
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        if end_of_stream {
            ctx.uploaded();
        }
        self.inner
            .request_body_filter(session, body, end_of_stream, &mut ctx.inner)
            .await
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        ctx.answered(session, response)?;
        self.inner
            .upstream_response_filter(session, response, &mut ctx.inner)
            .await
    }

    fn upstream_response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<Duration>> {
        ctx.body(body, end_of_stream);
        self.inner
            .upstream_response_body_filter(session, body, end_of_stream, &mut ctx.inner)
    }

    fn upstream_response_trailer_filter(
        &self,
        session: &mut Session,
        trailers: &mut HeaderMap,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        ctx.trailers(trailers);
        self.inner
            .upstream_response_trailer_filter(session, trailers, &mut ctx.inner)
    }

    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        e: Box<Error>,
        ctx: &mut Self::CTX,
        client_reused: bool,
    ) -> Box<Error> {
        let again = ctx.failed(session, &e);
        let mut e = self
            .inner
            .error_while_proxy(peer, session, e, &mut ctx.inner, client_reused);
        e.set_retry(again);
        e
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        e: &Error,
        ctx: &mut Self::CTX,
    ) -> FailToProxy {
        match ctx.tell(session).await {
            Some(error_code) => FailToProxy {
                error_code,
                can_reuse_downstream: false,
            },
            None => self.inner.fail_to_proxy(session, e, &mut ctx.inner).await,
        }
    }

    async fn logging(&self, session: &mut Session, e: Option<&Error>, ctx: &mut Self::CTX) {
        ctx.over(e.is_none());
        self.inner.logging(session, e, &mut ctx.inner).await;
    }

    /// Attempts that others follow are in the records of what failed in the end; a line for each would be a flood
    /// when there is the least time for one.
    fn suppress_proxy_warn_log(
        &self,
        session: &Session,
        ctx: &Self::CTX,
        e: &Error,
        context: ProxyWarnLogContext,
    ) -> bool {
        let retry = context == ProxyWarnLogContext::UpstreamRetry && ctx.is_under_way();
        retry
            || self
                .inner
                .suppress_proxy_warn_log(session, &ctx.inner, e, context)
    }

    // --- what is the inner proxy's own ----------------------------------------------------------

    fn init_downstream_modules(&self, modules: &mut HttpModules) {
        self.inner.init_downstream_modules(modules);
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<bool> {
        self.inner.request_filter(session, &mut ctx.inner).await
    }

    fn allow_spawning_subrequest(&self, session: &Session, ctx: &Self::CTX) -> bool {
        self.inner.allow_spawning_subrequest(session, &ctx.inner)
    }

    fn request_cache_filter(&self, session: &mut Session, ctx: &mut Self::CTX) -> Result<()> {
        self.inner.request_cache_filter(session, &mut ctx.inner)
    }

    fn cache_key_callback(&self, session: &Session, ctx: &mut Self::CTX) -> Result<CacheKey> {
        self.inner.cache_key_callback(session, &mut ctx.inner)
    }

    fn cache_miss(&self, session: &mut Session, ctx: &mut Self::CTX) {
        self.inner.cache_miss(session, &mut ctx.inner);
    }

    async fn cache_hit_filter(
        &self,
        session: &mut Session,
        meta: &CacheMeta,
        hit_handler: &mut HitHandler,
        is_fresh: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<ForcedFreshness>> {
        self.inner
            .cache_hit_filter(session, meta, hit_handler, is_fresh, &mut ctx.inner)
            .await
    }

    fn response_cache_filter(
        &self,
        session: &Session,
        response: &ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<RespCacheable> {
        self.inner
            .response_cache_filter(session, response, &mut ctx.inner)
    }

    fn cache_vary_filter(
        &self,
        meta: &CacheMeta,
        ctx: &mut Self::CTX,
        request: &RequestHeader,
    ) -> Option<HashBinary> {
        self.inner.cache_vary_filter(meta, &mut ctx.inner, request)
    }

    fn cache_not_modified_filter(
        &self,
        session: &Session,
        response: &ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<bool> {
        self.inner
            .cache_not_modified_filter(session, response, &mut ctx.inner)
    }

    fn range_header_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> RangeType {
        self.inner
            .range_header_filter(session, response, &mut ctx.inner)
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        self.inner
            .upstream_request_filter(session, request, &mut ctx.inner)
            .await
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        ctx: &mut Self::CTX,
    ) -> Result<()> {
        self.inner
            .response_filter(session, response, &mut ctx.inner)
            .await
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        ctx: &mut Self::CTX,
    ) -> Result<Option<Duration>> {
        self.inner
            .response_body_filter(session, body, end_of_stream, &mut ctx.inner)
    }

    async fn response_trailer_filter(
        &self,
        session: &mut Session,
        trailers: &mut HeaderMap,
        ctx: &mut Self::CTX,
    ) -> Result<Option<Bytes>> {
        self.inner
            .response_trailer_filter(session, trailers, &mut ctx.inner)
            .await
    }

    fn persist_connection_context(
        &self,
        session: &Session,
        ctx: &Self::CTX,
    ) -> Option<Box<dyn Any + Send + Sync>> {
        self.inner.persist_connection_context(session, &ctx.inner)
    }

    fn on_connection_reuse(
        &self,
        session: &mut Session,
        ctx: &mut Self::CTX,
        previous: Box<dyn Any + Send + Sync>,
    ) {
        self.inner
            .on_connection_reuse(session, &mut ctx.inner, previous);
    }

    fn suppress_error_log(&self, session: &Session, ctx: &Self::CTX, e: &Error) -> bool {
        self.inner.suppress_error_log(session, &ctx.inner, e)
    }

    fn should_serve_stale(
        &self,
        session: &mut Session,
        ctx: &mut Self::CTX,
        e: Option<&Error>,
    ) -> bool {
        self.inner.should_serve_stale(session, &mut ctx.inner, e)
    }

    fn request_summary(&self, session: &Session, ctx: &Self::CTX) -> String {
        self.inner.request_summary(session, &ctx.inner)
    }

    fn is_purge(&self, session: &Session, ctx: &Self::CTX) -> bool {
        self.inner.is_purge(session, &ctx.inner)
    }

    fn purge_action(&self, session: &Session, ctx: &Self::CTX) -> PurgeAction {
        self.inner.purge_action(session, &ctx.inner)
    }

    fn purge_response_filter(
        &self,
        session: &Session,
        ctx: &mut Self::CTX,
        status: PurgeStatus,
        response: &mut Cow<'static, ResponseHeader>,
    ) -> Result<()> {
        self.inner
            .purge_response_filter(session, &mut ctx.inner, status, response)
    }
}
