//! `lbctl pool drain|disable|enable POOL BACKEND`.

use clap::Args;
use soe503_api::{
    ActionRequest, Backend, BackendAction, BackendState, Pool,
    client::{Client, ClientError, Reply},
};

use super::{backends, until::Until, view};
use crate::{
    admin,
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{Canvas, Line, plural, print, print_exactly, style},
};

/// Taking a backend out.
#[derive(Debug, Args)]
pub(crate) struct OutArgs {
    /// The pool
    pool: String,
    /// The backend's name, as `lbctl pool status` shows it. Without it: all of them
    backend: Option<String>,
    /// Why, for whoever looks next
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// When it returns by itself: a while (30m) or a time in UTC (2026-11-22T18:00:00Z)
    #[arg(long, value_name = "WHEN")]
    until: Option<Until>,
    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Putting a backend back.
#[derive(Debug, Args)]
pub(crate) struct EnableArgs {
    /// The pool
    pool: String,
    /// The backend's name, as `lbctl pool status` shows it. Without it: all of them
    backend: Option<String>,
    /// Why, for whoever looks next
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Drains or disables a backend.
pub(super) async fn take_out(
    client: &Client,
    action: BackendAction,
    args: OutArgs,
) -> Result<Exit, Failure> {
    let until = args.until.map(|u| u.resolve(clock::wall())).transpose()?;
    let request = ActionRequest {
        reason: args.reason,
        until,
    };
    act(
        client,
        &args.pool,
        args.backend.as_deref(),
        action,
        &request,
        args.output,
    )
    .await
}

/// Enables a backend.
pub(super) async fn put_back(client: &Client, args: EnableArgs) -> Result<Exit, Failure> {
    let request = ActionRequest {
        reason: args.reason,
        until: None,
    };
    let action = BackendAction::Enable;
    act(
        client,
        &args.pool,
        args.backend.as_deref(),
        action,
        &request,
        args.output,
    )
    .await
}

async fn act(
    client: &Client,
    pool: &str,
    backend: Option<&str>,
    action: BackendAction,
    request: &ActionRequest,
    output: Output,
) -> Result<Exit, Failure> {
    let names = match backend {
        Some(backend) => vec![backend.to_owned()],
        None => all(client, pool).await?,
    };
    let mut last = None;
    for name in &names {
        match client.backend_action(pool, name, action, request).await {
            Ok(reply) => last = Some(reply),
            // A name that did not resolve is listed, but there is no backend yet.
            Err(ClientError::Refused { status: 404, .. }) if backend.is_none() => {}
            Err(e) => return Err(admin::explain_name(client, pool, Some(name), e).await),
        }
    }
    let Some(Reply { value, body }) = last else {
        return Err(Failure::usage(format!("pool {pool} has no backends")));
    };
    match output {
        Output::Json => print_exactly(&body)?,
        Output::Text => {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            print(&told(&value, &names, Canvas::stdout()))?;
        }
    }
    Ok(Exit::Fine)
}

/// The names of all backends of `pool`.
async fn all(client: &Client, pool: &str) -> Result<Vec<String>, Failure> {
    match client.pool(pool).await {
        Ok(reply) => {
            let backends = reply.value.backends.into_iter();
            Ok(backends.map(|backend| backend.name).collect())
        }
        Err(e) => Err(admin::explain_name(client, pool, None, e).await),
    }
}

/// What has become of the backends, what that means for its pool, and how to undo it.
fn told(pool: &Pool, names: &[&str], canvas: Canvas) -> String {
    let mut out = String::new();
    for backend in pool.backends.iter().filter(|b| names.contains(&&*b.name)) {
        let mark = backends::mark(backend);
        let mut line = Line::default();
        line.put(canvas.symbol(mark), mark.style()).gap(1);
        line.put(&backend.name, style::STRONG);
        line.put(
            &format!(" is {}", backends::word(backend.state)),
            mark.style(),
        );
        line.put(&format!(": {}", consequence(backend)), style::PLAIN);
        line.end(&mut out);
        if let Some(why) = backends::why(backend, clock::wall()) {
            Line::default().gap(2).put(&why, style::PLAIN).end(&mut out);
        }
    }
    let mut line = Line::default();
    line.gap(2)
        .put(&format!("pool {}: ", pool.name), style::PLAIN);
    let mark = view::mark(pool.state);
    line.put(view::word(pool.state), mark.style());
    line.put(&format!(", {}", view::in_rotation(pool)), style::PLAIN);
    line.end(&mut out);
    out
}

fn consequence(backend: &Backend) -> String {
    let running = plural(backend.in_flight, "request", "requests");
    match backend.state {
        BackendState::Draining | BackendState::Disabled => {
            format!("no new requests, {running} in flight")
        }
        state if state.in_rotation() => "it gets requests".to_owned(),
        _ => "it gets requests as soon as it is well".to_owned(),
    }
}
