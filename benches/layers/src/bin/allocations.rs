//! How often one request allocates, over the bare call: `name,allocations`.

use soe503_layer_benches::{self as subjects, from_server, request, send};
use tower::Service;

type Request = http::Request<subjects::Body>;

fn main() {
    let bare = count(subjects::bare(), request);
    let bare_server = count(subjects::bare(), from_server);
    let told = |name: &str, allocations: u64| println!("{name},{allocations}");
    told("soe503", count(subjects::soe503(), request) - bare);
    told(
        "tower-resilience",
        count(subjects::tower_resilience(), request) - bare,
    );
    told(
        "tower-circuitbreaker",
        count(subjects::tower_circuitbreaker(), request) - bare,
    );
    let mut failsafe = subjects::failsafe();
    failsafe(request());
    let counted = allocation_counter::measure(|| failsafe(request()));
    told("failsafe", counted.count_total - bare);
    told("stack", count(subjects::stack(), request) - bare);
    told(
        "stack in a server",
        count(subjects::stack(), from_server) - bare_server,
    );
    told(
        "hidden stack",
        count(subjects::stack_hidden(), request) - bare,
    );
    told(
        "hidden stack in a server",
        count(subjects::stack_hidden(), from_server) - bare_server,
    );
    told(
        "stack with a pool",
        count(subjects::stack_with_pool(), request) - bare,
    );
    told(
        "stack with a pool in a server",
        count(subjects::stack_with_pool(), from_server) - bare_server,
    );
}

/// Of the hundredth request.
fn count<S: Service<Request>>(mut service: S, request: fn() -> Request) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let _within = runtime.enter();
    (0..99).for_each(|_| send(&mut service, request()));
    allocation_counter::measure(|| send(&mut service, request())).count_total
}
