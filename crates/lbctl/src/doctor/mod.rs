//! `lbctl doctor`: what is wrong with the configuration in force, and what traffic has shown.

#[cfg(test)]
mod tests;
mod text;

use clap::Args;
use soe503_api::{Doctor, Severity};

use crate::{
    admin::{self, AdminArgs},
    cli::Output,
    exit::{Exit, Failure},
    show::{Canvas, print, print_exactly},
};

/// How to tell it.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
    /// Short for `--output json`
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

/// Asks and tells.
pub(crate) async fn run(admin: &AdminArgs, args: &DoctorArgs) -> Result<Exit, Failure> {
    let client = admin.client()?;
    let reply = client
        .doctor()
        .await
        .map_err(|e| admin::explain(&client, e))?;
    match args.output {
        Output::Text if !args.json => print(&text::text(&reply.value, Canvas::stdout()))?,
        _ => print_exactly(&reply.body)?,
    }
    Ok(Exit::healthy(is_well(&reply.value)))
}

/// Nothing costs requests: there is no warning, and no advice that would have saved any.
fn is_well(doctor: &Doctor) -> bool {
    let mut lints = doctor.lints.iter();
    let mut advice = doctor.advice.iter();
    let note = |severity| severity == Severity::Note;
    lints.all(|lint| note(lint.severity)) && advice.all(|advice| advice.would_have_saved == 0)
}
