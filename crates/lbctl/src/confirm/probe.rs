//! The steps, one after the other.

use http::Method;
use std::io;
use tokio::net::TcpStream;

use super::{
    observation::{ConnectFault, End, Observation, Timings, Tried},
    options::Limits,
    request::{ask, plain},
    resolve::resolve,
    target::Target,
    tls::{self, TlsFault},
};
use crate::clock;

/// Asks `target` with `method` and writes down what happens.
pub(crate) async fn observe(target: &Target, method: Method, limits: Limits) -> Observation {
    let began = clock::now();
    let mut seen = Observation {
        url: target.to_string(),
        host: target.host.clone(),
        port: target.port,
        method,
        head_refused: false,
        timings: Timings::default(),
        tried: Vec::new(),
        end: End::Closed(String::new()),
    };
    seen.end = steps(target, limits, &mut seen).await;
    seen.timings.total = began.elapsed();
    seen
}

async fn steps(target: &Target, limits: Limits, seen: &mut Observation) -> End {
    let began = clock::now();
    let resolved = resolve(&target.host, target.port, limits.connect).await;
    let is_name = target.host.parse::<std::net::IpAddr>().is_err();
    seen.timings.dns = is_name.then(|| began.elapsed());
    let addresses = match resolved {
        Ok(addresses) => addresses,
        Err(fault) => return End::Dns(fault),
    };

    let mut connected = None;
    for address in addresses {
        let began = clock::now();
        let result = match tokio::time::timeout(limits.connect, TcpStream::connect(address)).await {
            Ok(result) => result.map_err(|e| connect_fault(&e)),
            Err(_) => Err(ConnectFault::TimedOut(limits.connect)),
        };
        let elapsed = began.elapsed();
        let (stream, fault) = match result {
            Ok(stream) => (Some(stream), None),
            Err(fault) => (None, Some(fault)),
        };
        seen.tried.push(Tried {
            address,
            fault,
            elapsed,
        });
        if stream.is_some() {
            seen.timings.connect = Some(elapsed);
            connected = stream;
            break;
        }
    }
    let Some(stream) = connected else {
        let fault = seen.decisive().and_then(|tried| tried.fault.clone());
        let none = || ConnectFault::Failed("no address was tried".to_owned());
        return End::Connect(fault.unwrap_or_else(none));
    };

    if !target.tls {
        let asked = ask(target, &seen.method, stream, limits.answer).await;
        seen.timings.first_byte = asked.first_byte;
        return asked.end;
    }
    let began = clock::now();
    let shaken = tokio::time::timeout(limits.connect, tls::handshake(&target.name, stream)).await;
    seen.timings.tls = Some(began.elapsed());
    match shaken {
        Err(_) => End::Tls(TlsFault::TimedOut(limits.connect)),
        Ok(Err(fault)) => End::Tls(fault),
        Ok(Ok(stream)) => {
            let asked = ask(target, &seen.method, stream, limits.answer).await;
            seen.timings.first_byte = asked.first_byte;
            asked.end
        }
    }
}

fn connect_fault(error: &io::Error) -> ConnectFault {
    let text = plain(&error.to_string());
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectFault::Refused,
        io::ErrorKind::TimedOut => ConnectFault::Failed("the system gave up (ETIMEDOUT)".into()),
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown => ConnectFault::Unreachable(text),
        _ => ConnectFault::Failed(text),
    }
}
