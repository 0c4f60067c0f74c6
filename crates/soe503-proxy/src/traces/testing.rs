//! A request that was recorded, for tests.

use std::time::Duration;

use http::{HeaderValue, Method, Version};
use soe503_core::{Cause, Tick};

use super::{Asked, ClientSpan, SpanId, Trace, TraceId};
use crate::state::{Finish, Origin};

pub(super) fn at(millis: u64) -> Tick {
    Tick::from_millis(10_000 + millis)
}

fn attempt(span: u64, number: u8) -> ClientSpan {
    ClientSpan {
        span: SpanId::new(span).unwrap(),
        number,
        hedge: false,
        started: at(1),
        took: Duration::from_millis(100),
        address: Some("10.0.0.7:8081".parse().unwrap()),
        host: Some(HeaderValue::from_static("app.internal:8081")),
        backend: None,
        secure: Some(true),
        status: Some(500),
        cause: Some(Cause::DependencyUpstreamError),
        cancelled: false,
    }
}

/// It failed after two attempts: three spans.
pub(super) fn trace() -> Trace {
    Trace {
        trace: TraceId::new(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736).unwrap(),
        span: SpanId::new(0x11).unwrap(),
        parent: SpanId::new(0x00f0_67aa_0ba9_02b7),
        state: Some(HeaderValue::from_static("congo=t61rcWkgMzE")),
        sampled: true,
        started: at(0),
        ended: at(300),
        asked: Asked {
            method: Method::GET,
            target: Some("/api/orders?token=secret".parse().unwrap()),
            host: Some(HeaderValue::from_static("shop.example:8443")),
            request_id: Some(HeaderValue::from_static("r-1")),
            user_agent: Some(HeaderValue::from_static("curl/8")),
        },
        version: Version::HTTP_2,
        secure: true,
        route: Some("shop.example/api".into()),
        pool: Some("app".into()),
        finish: Finish {
            status: Some(503),
            origin: Origin::Generated,
            cause: Some(Cause::DependencyConnectRefused),
            attempts: 2,
            prevented: false,
            hedged: false,
            degraded: None,
            took: Duration::ZERO,
        },
        failed: true,
        cause: Some(Cause::DependencyConnectRefused),
        root: Some(Cause::OverloadPoolSaturated),
        incident: Some("01JD".into()),
        attempts: vec![
            attempt(0x21, 1),
            ClientSpan {
                hedge: true,
                started: at(200),
                took: Duration::from_millis(1),
                address: Some("[::1]:8082".parse().unwrap()),
                host: None,
                backend: Some("six".into()),
                secure: None,
                status: None,
                cause: Some(Cause::DependencyConnectRefused),
                ..attempt(0x22, 2)
            },
        ],
    }
}
