//! `lbctl breaker reset|open|close POOL`.

use clap::Args;
use soe503_api::{ActionRequest, BreakerAction, Pool, client::Client};

use crate::{
    admin,
    cli::Output,
    exit::{Exit, Failure},
    pool::{circuit_mark, circuit_word},
    show::{Canvas, Line, print, print_exactly, style},
};

/// Which circuit.
#[derive(Debug, Args)]
pub(crate) struct ActionArgs {
    /// The pool
    pool: String,
    /// Why, for whoever looks next
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How to tell the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Does `action` and tells what has become of the circuit.
pub(super) async fn run(
    client: &Client,
    action: BreakerAction,
    args: ActionArgs,
) -> Result<Exit, Failure> {
    let request = ActionRequest {
        reason: args.reason,
        until: None,
    };
    let reply = match client.breaker_action(&args.pool, action, &request).await {
        Ok(reply) => reply,
        Err(e) => return Err(admin::explain_name(client, &args.pool, None, e).await),
    };
    match args.output {
        Output::Json => print_exactly(&reply.body)?,
        Output::Text => print(&told(&reply.value, action, Canvas::stdout()))?,
    }
    Ok(Exit::Fine)
}

fn told(pool: &Pool, action: BreakerAction, canvas: Canvas) -> String {
    let mark = circuit_mark(&pool.circuit);
    let consequence = match action {
        BreakerAction::Reset => "it starts to count anew and decides for itself".to_owned(),
        BreakerAction::Open => held("every request fails at once", pool),
        BreakerAction::Close => held("every request passes, whatever happens", pool),
    };
    let mut out = String::new();
    let mut line = Line::default();
    line.put(canvas.symbol(mark), mark.style()).gap(1);
    line.put(&pool.name, style::STRONG)
        .put(": circuit ", style::PLAIN);
    line.put(circuit_word(&pool.circuit), mark.style());
    line.put(&format!(": {consequence}"), style::PLAIN);
    line.end(&mut out);
    out
}

fn held(what: &str, pool: &Pool) -> String {
    format!("{what}, until: lbctl breaker reset {}", pool.name)
}
