//! `lbctl pool drain|disable|enable POOL BACKEND`.

use clap::Args;
use soe503_api::{
    ActionRequest, Backend, BackendAction, BackendState, Pool,
    client::{Client, Reply},
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
    /// The backend's name, as `lbctl pool status` shows it
    backend: String,
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
    /// The backend's name, as `lbctl pool status` shows it
    backend: String,
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
        &args.backend,
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
        &args.backend,
        action,
        &request,
        args.output,
    )
    .await
}

async fn act(
    client: &Client,
    pool: &str,
    backend: &str,
    action: BackendAction,
    request: &ActionRequest,
    output: Output,
) -> Result<Exit, Failure> {
    let Reply { value, body } = match client.backend_action(pool, backend, action, request).await {
        Ok(reply) => reply,
        Err(e) => return Err(admin::explain_name(client, pool, Some(backend), e).await),
    };
    match output {
        Output::Json => print_exactly(&body)?,
        Output::Text => print(&told(&value, backend, Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}

/// What has become of the backend, what that means for its pool, and how to undo it.
fn told(pool: &Pool, name: &str, canvas: Canvas) -> String {
    let mut out = String::new();
    if let Some(backend) = pool.backends.iter().find(|b| b.name == name) {
        let mark = backends::mark(backend);
        let mut line = Line::default();
        line.put(canvas.symbol(mark), mark.style()).gap(1);
        line.put(name, style::STRONG);
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
