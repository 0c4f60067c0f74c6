//! Sends one subject so many requests, for whoever counts instructions: `repeat SUBJECT REQUESTS`.

use std::process::ExitCode;

use soe503_layer_benches::{self as subjects, from_server, request, send};
use tower::Service;

type Request = http::Request<subjects::Body>;

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
        "bare" => repeat(subjects::bare(), request, requests),
        "bare in a server" => repeat(subjects::bare(), from_server, requests),
        "soe503" => repeat(subjects::soe503(), request, requests),
        "soe503 in one turn" => soe503::clock::turn(|| {
            std::hint::black_box(soe503::clock::now());
            repeat(subjects::soe503(), request, requests);
        }),
        "tower-resilience" => repeat(subjects::tower_resilience(), request, requests),
        "stack" => repeat(subjects::stack(), request, requests),
        "stack in a server" => repeat(subjects::stack(), from_server, requests),
        "hidden stack" => repeat(subjects::stack_hidden(), request, requests),
        "hidden stack in a server" => {
            repeat(subjects::stack_hidden(), from_server, requests);
        }
        "stack with a pool" => repeat(subjects::stack_with_pool(), request, requests),
        "stack with a pool in a server" => {
            repeat(subjects::stack_with_pool(), from_server, requests);
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: repeat SUBJECT REQUESTS");
    ExitCode::from(2)
}

fn repeat<S: Service<Request>>(mut service: S, request: fn() -> Request, requests: u64) {
    for _ in 0..requests {
        send(&mut service, std::hint::black_box(request()));
    }
}
