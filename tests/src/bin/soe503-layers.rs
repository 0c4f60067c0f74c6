//! Sends so many requests through our layers, for `benches/instructions`: `soe503-layers SUBJECT REQUESTS`.

use std::process::ExitCode;

use tower::Service;

#[path = "../../../benches/layers/src/ours.rs"]
#[allow(unreachable_pub, reason = "a part of the benches as well")]
mod ours;

use ours::{Body, from_server, request, send};

type Request = http::Request<Body>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let _within = runtime.enter();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [subject, requests] = &arguments[..] else {
        return usage();
    };
    let Ok(requests) = requests.parse() else {
        return usage();
    };
    match &**subject {
        "bare" => repeat(ours::bare(), request, requests),
        "breaker" => repeat(ours::soe503(), request, requests),
        "stack" => repeat(ours::stack(), request, requests),
        "hidden stack" => repeat(ours::stack_hidden(), request, requests),
        "stack with a pool" => repeat(ours::stack_with_pool(), from_server, requests),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: soe503-layers bare|breaker|stack|\"hidden stack\"|\"stack with a pool\" REQUESTS"
    );
    ExitCode::from(2)
}

fn repeat<S: Service<Request>>(mut service: S, request: fn() -> Request, requests: u64) {
    for _ in 0..requests {
        send(&mut service, std::hint::black_box(request()));
    }
}
