//! What `confirm` is asked.

use core::time::Duration;

use clap::{Args, ValueEnum};
use http::Method;

use super::target::Target;
use crate::{cli::Output, exit::Failure};

/// Which URL, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
The first line is the verdict. Exit code 1: it is a 503, or nobody answered with HTTP (no such name,
connection refused, timeout, TLS, not HTTP). Exit code 0: any other answer; a 404 is not a 503.")]
pub(crate) struct ConfirmArgs {
    /// The URL, http:// or https://
    url: String,
    /// The method [default: HEAD, then GET if HEAD is not allowed]
    #[arg(
        short = 'X',
        long,
        value_enum,
        value_name = "METHOD",
        ignore_case = true
    )]
    request: Option<SafeMethod>,
    /// How long to wait for the name, for a connection, and for TLS, each
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    connect_timeout: Duration,
    /// How long to wait for the answer's head, once connected
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Output,
}

/// Methods that change nothing on the server (RFC 9110 §9.2.1): the only ones worth the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
enum SafeMethod {
    Head,
    Get,
    Options,
}

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Resolve; connect to one address; TLS handshake.
    pub(crate) connect: Duration,
    /// From the request until the answer's head is complete.
    pub(crate) answer: Duration,
}

impl ConfirmArgs {
    pub(super) fn target(&self) -> Result<Target, Failure> {
        Target::parse(&self.url)
    }

    pub(super) const fn limits(&self) -> Limits {
        Limits {
            connect: self.connect_timeout,
            answer: self.timeout,
        }
    }

    pub(super) fn method(&self) -> Option<Method> {
        self.request.map(|method| match method {
            SafeMethod::Head => Method::HEAD,
            SafeMethod::Get => Method::GET,
            SafeMethod::Options => Method::OPTIONS,
        })
    }
}
