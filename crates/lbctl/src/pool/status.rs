//! `lbctl pool status [POOL]`.

use clap::{Args, ValueEnum};
use soe503_api::{Pool, PoolState, client::Client};

use super::{view, watch};
use crate::{
    admin, clock,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// What to show, and how.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Only this pool
    pub(super) pool: Option<String>,
    /// How to show it
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Format,
    /// Show it again every second, until interrupted
    #[arg(short, long)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// What is needed at a glance
    #[default]
    Table,
    /// Every column
    Wide,
    /// Exactly what the admin API returned
    Json,
}

/// What the API said, as bytes and as what they mean.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) pools: Vec<Pool>,
}

/// Shows the pools, once or until interrupted.
pub(super) async fn run(client: &Client, args: &StatusArgs) -> Result<Exit, Failure> {
    let answer = fetch(client, args).await?;
    if args.watch {
        return watch::run(client, args, answer).await;
    }
    match args.output {
        Format::Json => print_exactly(&answer.body)?,
        Format::Table | Format::Wide => print(&render(&answer.pools, args, Canvas::stdout()))?,
    }
    let down = |pool: &Pool| pool.state == PoolState::Down;
    Ok(Exit::healthy(!answer.pools.iter().any(down)))
}

/// Asks once.
pub(super) async fn fetch(client: &Client, args: &StatusArgs) -> Result<Answer, Failure> {
    let Some(name) = &args.pool else {
        let reply = client.pools().await;
        let reply = reply.map_err(|e| admin::explain(client, e))?;
        return Ok(Answer {
            body: reply.body.to_vec(),
            pools: reply.value.pools,
        });
    };
    match client.pool(name).await {
        Ok(reply) => Ok(Answer {
            body: reply.body.to_vec(),
            pools: vec![reply.value],
        }),
        Err(error) => Err(admin::explain_name(client, name, None, error).await),
    }
}

/// The pools as text.
pub(super) fn render(pools: &[Pool], args: &StatusArgs, canvas: Canvas) -> String {
    view::pools(pools, args.output == Format::Wide, clock::wall(), canvas)
}
