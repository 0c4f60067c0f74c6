//! What `verify` is asked.

use core::time::Duration;

use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::Value;
use soe503_api::{FailureRecord, client::Client};

use crate::{
    admin,
    cli::Output,
    confirm::{Limits, Target},
    exit::Failure,
};

/// Which failure, and how to ask.
#[derive(Debug, Args)]
#[command(after_help = "\
What is asked again is the method, the path and the host of the request that had failed: its query, its headers and its
body are not kept. Exit code 0: it is answered. Exit code 1: it fails as it did, fails of something else, or nobody
answers.")]
pub(crate) struct VerifyArgs {
    /// A request (the header X-Request-Id of the answer), or an incident (`inc` in its Soe-Cause)
    pub(super) id: String,
    /// Ask again even if that may do something twice (POST, PUT, DELETE and others), once and without a body
    #[arg(long)]
    pub(super) r#unsafe: bool,
    /// Where clients reach the proxy [default: the first listener of its configuration]
    #[arg(long, value_name = "URL")]
    through: Option<String>,
    /// Another path than the record's, or the query that it lacks: /cart?id=7
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// A header to send, such as credentials; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// How often it must be answered in a row to count as cured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// How long to wait for a connection
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    connect_timeout: Duration,
    /// How long to wait for each answer's head, once connected
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Who asks, for the incident's timeline
    #[arg(long, value_name = "NAME", env = "USER")]
    pub(super) by: Option<String>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Output,
}

impl VerifyArgs {
    pub(super) const fn limits(&self) -> Limits {
        Limits {
            connect: self.connect_timeout,
            answer: self.timeout,
        }
    }

    pub(super) const fn times(&self) -> u32 {
        self.times
    }

    /// The method of `record`, if it may be sent again.
    pub(super) fn method(&self, record: &FailureRecord) -> Result<Method, Failure> {
        let name = &record.request.method;
        let method: Method = name
            .parse()
            .map_err(|_| Failure::usage(format!("the method {name:?} cannot be asked again")))?;
        if method == Method::CONNECT {
            return Err(Failure::usage("CONNECT cannot be asked again"));
        }
        if method.is_safe() || self.r#unsafe {
            return Ok(method);
        }
        Err(Failure::usage(format!(
            "{method} {} may do something twice, so it is not asked again",
            record.request.path
        ))
        .hint("--unsafe asks it again all the same, once and without its body, which is not kept"))
    }

    /// The request of `record`, addressed to the proxy.
    pub(super) async fn target(
        &self,
        client: &Client,
        record: &FailureRecord,
    ) -> Result<Target, Failure> {
        let url = match &self.through {
            Some(url) => url.clone(),
            None => {
                let config = client
                    .config()
                    .await
                    .map_err(|e| admin::explain(client, e))?;
                let found = listener(&config.value, &client.address().to_string());
                found.ok_or_else(|| {
                    Failure::usage(
                        "the proxy's configuration has no listener that can be asked directly",
                    )
                    .hint("say where clients reach it: --through http://HOST:PORT")
                })?
            }
        };
        let mut target = Target::parse(&url)?;
        let path = self.path.as_deref().unwrap_or(&record.request.path);
        target.path = match path {
            "*" => "*".to_owned(),
            path if path.starts_with('/') && path.parse::<Uri>().is_ok() => path.to_owned(),
            path => {
                return Err(Failure::usage(format!(
                    "{path:?} is no path; expected /PATH[?QUERY]"
                )));
            }
        };
        if let Some(host) = &record.request.host {
            if let Ok(authority) = host.parse::<http::uri::Authority>() {
                authority
                    .host()
                    .trim_matches(['[', ']'])
                    .clone_into(&mut target.name);
            }
            target.authority.clone_from(host);
        }
        target.headers = self.headers.iter().cloned().collect::<HeaderMap>();
        Ok(target)
    }
}

/// The URL of the first listener in `config` that takes requests from anybody. One that listens everywhere is asked
/// where the admin API at `admin` is.
pub(super) fn listener(config: &Value, admin: &str) -> Option<String> {
    let all = config["listeners"].as_array()?;
    let direct = |one: &&Value| {
        one["proxy_protocol"].is_null()
            && one["tls"]["client_auth"]["required"] != true
            && one["protocols"]
                .as_array()
                .is_none_or(|known| known.iter().any(|p| p == "h1"))
    };
    let found = all.iter().find(direct)?;
    let address: std::net::SocketAddr = found["address"].as_str()?.parse().ok()?;
    let scheme = if found["tls"].is_null() {
        "http"
    } else {
        "https"
    };
    if !address.ip().is_unspecified() {
        return Some(format!("{scheme}://{address}"));
    }
    let admin: Uri = admin.parse().ok()?;
    Some(format!("{scheme}://{}:{}", admin.host()?, address.port()))
}

/// `NAME: VALUE`.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name
        .trim()
        .parse()
        .map_err(|_| format!("{name:?} is no header's name"))?;
    let mut value: HeaderValue = value
        .trim()
        .parse()
        .map_err(|_| "the value has control characters")?;
    value.set_sensitive(true);
    Ok((name, value))
}
