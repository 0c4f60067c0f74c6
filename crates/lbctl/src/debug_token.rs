//! `lbctl debug-token`: a token that has one request's failure told in full.
//!
//! It is made here and asks nobody: whoever has the key file may make one.

use core::time::Duration;
use std::{fs, path::PathBuf};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use clap::Args;
use serde::Serialize;
use soe503_api::Timestamp;
use soe503_core::explain::debug_token::{self, LONGEST_LIFE};

use crate::{
    cli::Output,
    clock,
    exit::{Exit, Failure},
    show::{print, print_exactly},
};

/// For how long, and for what.
#[derive(Debug, Args)]
#[command(after_help = "\
Send it with the request: curl -i -H \"Soe503-Debug: $(lbctl debug-token --key-file debug.key)\" URL
Whoever reads it can use it until it expires: bind it to a host and a path, and keep its life short.")]
pub(crate) struct DebugTokenArgs {
    /// The file that `debug_key_file` of the proxy's [explain] section names, or a copy of it
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// How long it is good, at most a day
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    life: Duration,
    /// Good for requests to this host only
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Good for this path and what is below it only
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// How to tell it
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Serialize)]
struct Document<'a> {
    header: &'a str,
    token: &'a str,
    expires_at: Timestamp,
    host: Option<&'a str>,
    path: Option<&'a str>,
}

/// Makes one and prints it.
pub(crate) fn run(args: &DebugTokenArgs) -> Result<Exit, Failure> {
    if args.life.is_zero() || args.life > LONGEST_LIFE {
        return Err(Failure::usage("--for is more than nothing and at most 24h"));
    }
    let place = format!("--key-file {}", args.key_file.display());
    let bad = |why: &dyn core::fmt::Display| Failure::usage(format!("{place}: {why}"));
    let file = fs::read_to_string(&args.key_file).map_err(|error| {
        bad(&error).hint("make one: head -c 32 /dev/urandom | base64 > debug.key")
    })?;
    let keys = debug_token::keys(&file)
        .map_err(|why| bad(&why).hint("make one: head -c 32 /dev/urandom | base64 > debug.key"))?;
    // Never shorter than was asked for.
    let expires = clock::wall().after(args.life).unix_millis().div_ceil(1000);
    let (host, path) = (args.host.as_deref(), args.path.as_deref());
    let unsigned = debug_token::unsigned(expires, host, path)
        .map_err(|why| Failure::usage(why.to_string()))?;
    // There is one, or it would have been told.
    let key = Key::new(
        HMAC_SHA256,
        keys.first().copied().unwrap_or_default().as_bytes(),
    );
    let token = debug_token::signed(&unsigned, sign(&key, unsigned.as_bytes()).as_ref());
    match args.output {
        Output::Text => print(&format!("{token}\n"))?,
        Output::Json => {
            let document = Document {
                header: debug_token::HEADER,
                token: &token,
                expires_at: Timestamp::from_unix_millis(expires * 1000),
                host,
                path,
            };
            // Text and a date: there is nothing in it that could fail to serialise.
            print_exactly(&serde_json::to_vec_pretty(&document).unwrap_or_default())?;
        }
    }
    Ok(Exit::Fine)
}
