//! What the layers cost, in time. `benches/layers/run` makes the table of it.

use std::future::poll_fn;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use futures_executor::block_on;
use rustix::time::{ClockId, clock_gettime};
use soe503::clock;
use soe503_layer_benches::{self as subjects, Body, from_server, request, send};
use tower::Service;

/// What the thread has had of a core: other work on the machine is not in it.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        cpu()
    }

    fn end(&self, began: Duration) -> Duration {
        cpu() - began
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn closed(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("closed");
    let mut bare = subjects::bare();
    group.bench_function("bare", |b| b.iter(|| send(&mut bare, black_box(request()))));
    let mut ours = subjects::soe503();
    group.bench_function("soe503", |b| {
        b.iter(|| send(&mut ours, black_box(request())))
    });
    // A turn has read the clock before: what is left is the layer.
    group.bench_function("soe503 without its clock reads", |b| {
        clock::turn(|| {
            black_box(clock::now());
            b.iter(|| send(&mut ours, black_box(request())));
        });
    });
    let mut other = subjects::tower_resilience();
    group.bench_function("tower-resilience", |b| {
        b.iter(|| send(&mut other, black_box(request())))
    });
    let mut other = subjects::tower_resilience_run();
    group.bench_function("tower-resilience, failures in a row", |b| {
        b.iter(|| send(&mut other, black_box(request())));
    });
    let mut other = subjects::tower_circuitbreaker();
    group.bench_function("tower-circuitbreaker", |b| {
        b.iter(|| send(&mut other, black_box(request())))
    });
    let mut other = subjects::failsafe();
    group.bench_function("failsafe", |b| b.iter(|| other(black_box(request()))));
    group.bench_function("a look at the clock", |b| {
        b.iter(|| black_box(clock::now()))
    });
}

fn stacks(c: &mut Criterion<CpuTime>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime");
    let _within = runtime.enter();
    let mut group = c.benchmark_group("stack");
    let mut bare = subjects::bare();
    group.bench_function("bare in a server", |b| {
        b.iter(|| send(&mut bare, black_box(from_server())))
    });
    let mut stack = subjects::stack();
    group.bench_function("stack", |b| {
        b.iter(|| send(&mut stack, black_box(request())))
    });
    group.bench_function("stack in a server", |b| {
        b.iter(|| send(&mut stack, black_box(from_server())))
    });
    let mut hidden = subjects::stack_hidden();
    group.bench_function("hidden stack", |b| {
        b.iter(|| send(&mut hidden, black_box(request())))
    });
    group.bench_function("hidden stack in a server", |b| {
        b.iter(|| send(&mut hidden, black_box(from_server())))
    });
    let mut pool = subjects::stack_with_pool();
    group.bench_function("stack with a pool", |b| {
        b.iter(|| send(&mut pool, black_box(request())))
    });
    group.bench_function("stack with a pool in a server", |b| {
        b.iter(|| send(&mut pool, black_box(from_server())));
    });
}

/// Requests of one thread, and of two on one breaker: what they wait for each other's cache lines is in a core's time.
fn threads(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("threads");
    group
        .sample_size(10)
        .measurement_time(Duration::from_millis(600));
    for n in [1, 2] {
        group.bench_function(format!("soe503 on {n}"), |b| {
            b.iter_custom(|iterations| together(n, iterations, subjects::soe503(), send));
        });
        // As servers do that hand each request a service of its own.
        group.bench_function(format!("soe503, cloned for each request on {n}"), |b| {
            b.iter_custom(|iterations| {
                together(n, iterations, subjects::soe503(), |service, request| {
                    send(&mut service.clone(), request);
                })
            });
        });
        group.bench_function(format!("tower-resilience on {n}"), |b| {
            b.iter_custom(|iterations| {
                together(n, iterations, subjects::tower_resilience(), send_and_wait)
            });
        });
    }
}

/// `threads` times `iterations` requests; the time divided by `threads`, so that it is that of `iterations`.
fn together<S>(
    threads: u32,
    iterations: u64,
    service: S,
    send: fn(&mut S, http::Request<Body>),
) -> Duration
where
    S: Service<http::Request<Body>> + Clone + Send,
{
    let start = Barrier::new(threads as usize);
    let run = |mut service: S| {
        start.wait();
        let began = cpu();
        for _ in 0..iterations {
            send(&mut service, black_box(request()));
        }
        cpu() - began
    };
    let longest = thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                let service = service.clone();
                scope.spawn(move || run(service))
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().expect("no panic"))
            .max()
    });
    longest.expect("one thread at least") / threads
}

/// As [`send`], but the answer may have to be waited for: two at once in a breaker that locks are not both answered at once. What is
/// slept then is no processor's time and not counted.
fn send_and_wait<S>(service: &mut S, request: http::Request<Body>)
where
    S: Service<http::Request<Body>>,
{
    let answered = block_on(async {
        poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(request).await
    });
    assert!(answered.is_ok());
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CpuTime)
        // Short: `benches/layers/run` plays all of them several times, one after another.
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20);
    targets = closed, stacks, threads
}
criterion_main!(benches);
