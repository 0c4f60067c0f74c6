//! When which request leaves.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Kind, Surge};

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// At equal distances.
    Constant,
    /// Independently of each other (exponential distances), as real clients do.
    Poisson,
}

/// What is to be sent.
#[derive(Clone, Debug, Args)]
pub struct Plan {
    /// Address of the server
    #[arg(long)]
    pub target: SocketAddr,
    /// Requests per second
    #[arg(long, default_value_t = 500.0)]
    pub rate: f64,
    /// How long, in seconds
    #[arg(long, default_value_t = 30.0)]
    pub seconds: f64,
    /// Share of POST requests; the others are GET
    #[arg(long, default_value_t = 0.1)]
    pub post_share: f64,
    /// How requests arrive
    #[arg(long, value_enum, default_value = "poisson")]
    pub arrivals: Arrivals,
    /// Seed of the schedule: the same seed gives the same requests
    #[arg(long, default_value_t = 503)]
    pub seed: u64,
    /// Prefix of the request ids
    #[arg(long, default_value = "load")]
    pub ids: String,
    /// Path of all requests; by default each has its own, /load/ID
    #[arg(long)]
    pub path: Option<String>,
    /// The Host header
    #[arg(long, default_value = "app.example")]
    pub host: String,
    /// Another rate for some time: FROM..TO@RATE
    #[arg(long)]
    pub surge: Option<Surge>,
    /// A share of the requests with paths of its own, /NAME/ID: NAME:SHARE or NAME:SHARE:PRIORITY
    #[arg(long)]
    pub kind: Vec<Kind>,
    /// Give a request up after so many milliseconds
    #[arg(long)]
    pub give_up_ms: Option<u64>,
    /// Repeat a request that failed or was given up, at once and so many times, as ID~2, ID~3, …
    #[arg(long, default_value_t = 0)]
    pub repeats: u32,
}

/// One request of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shot {
    /// Its number, from 0.
    pub number: u64,
    /// When it leaves, counted from the start.
    pub at: Duration,
    /// POST; otherwise GET.
    pub post: bool,
    /// Its place in the plan's kinds, if it has one.
    pub kind: Option<usize>,
}

// === impl Plan ===

impl Plan {
    /// The whole schedule, in order of time.
    pub fn shots(&self) -> Vec<Shot> {
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let mut shots = Vec::new();
        let mut at = 0.0;
        for number in 0.. {
            let rate = Surge::rate(self.surge, self.rate, at);
            at += match self.arrivals {
                Arrivals::Constant => 1.0 / rate,
                // 1 - x is in (0, 1]: its logarithm is finite.
                Arrivals::Poisson => -(1.0 - rng.f64()).ln() / rate,
            };
            if at >= self.seconds {
                break;
            }
            shots.push(Shot {
                number,
                at: Duration::from_secs_f64(at),
                post: rng.f64() < self.post_share,
                // No lot is drawn where there is nothing to choose: the same seed gives the same
                // requests.
                kind: match self.kind.as_slice() {
                    [] => None,
                    kinds => Kind::by_lot(kinds, rng.f64()),
                },
            });
        }
        shots
    }

    /// The id of a request, in its path and in `X-Load-Id`.
    pub fn id(&self, shot: Shot) -> String {
        format!("{}-{}", self.ids, shot.number)
    }

    /// The id of a request's first try, of its second, and so on.
    pub fn id_of(&self, shot: Shot, nth: u32) -> String {
        match nth {
            1 => self.id(shot),
            _ => format!("{}~{nth}", self.id(shot)),
        }
    }

    /// The kind of a request.
    pub fn kind_of(&self, shot: Shot) -> Option<&Kind> {
        self.kind.get(shot.kind?)
    }

    /// The bytes of a request that has this id.
    pub fn request(&self, shot: Shot, id: &str) -> String {
        let (host, kind) = (&self.host, self.kind_of(shot));
        let path = match &self.path {
            Some(path) => path.clone(),
            None => format!("/{}/{id}", kind.map_or("load", |kind| &kind.name)),
        };
        let mut common = format!("Host: {host}\r\nX-Load-Id: {id}\r\nAccept: */*\r\n");
        if let Some(priority) = kind.and_then(|kind| kind.priority.as_ref()) {
            common += &format!("Priority: {priority}\r\n");
        }
        if shot.post {
            let body = format!("order={id}&note={:a<64}", "");
            let length = body.len();
            format!("POST {path} HTTP/1.1\r\n{common}Content-Length: {length}\r\n\r\n{body}")
        } else {
            format!("GET {path} HTTP/1.1\r\n{common}\r\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arrivals: Arrivals) -> Plan {
        Plan {
            target: SocketAddr::from(([127, 0, 0, 1], 1)),
            rate: 500.0,
            seconds: 30.0,
            post_share: 0.1,
            arrivals,
            seed: 1,
            ids: "t".into(),
            path: None,
            host: "h".into(),
            surge: None,
            kind: Vec::new(),
            give_up_ms: None,
            repeats: 0,
        }
    }

    #[test]
    fn constant_arrivals_keep_their_distance() {
        let shots = plan(Arrivals::Constant).shots();
        assert!((14_998..=15_000).contains(&shots.len()), "{}", shots.len());
        for pair in shots.windows(2) {
            let gap = pair[1].at.abs_diff(pair[0].at).as_nanos();
            assert!(gap.abs_diff(2_000_000) < 1_000, "{gap}");
        }
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread() {
        let shots = plan(Arrivals::Poisson).shots();
        // Five standard deviations of a Poisson count of 15,000.
        assert!((14_390..=15_610).contains(&shots.len()), "{}", shots.len());
        let short = shots
            .windows(2)
            .filter(|pair| pair[1].at - pair[0].at < Duration::from_millis(1))
            .count() as f64;
        // P(gap < 1 ms) = 1 - e^-0.5 = 0.393.
        let share = short / shots.len() as f64;
        assert!((0.36..0.43).contains(&share), "{share}");
    }

    #[test]
    fn a_surge_has_its_own_rate() {
        let surge = Some("10..20@2000".parse().unwrap());
        let plan = Plan {
            surge,
            ..plan(Arrivals::Constant)
        };
        let shots = plan.shots();
        let between = |from, to| {
            let inside = |shot: &&Shot| (from..to).contains(&shot.at.as_secs());
            shots.iter().filter(inside).count()
        };
        assert!((4_995..=5_005).contains(&between(0, 10)));
        assert!((19_990..=20_010).contains(&between(10, 20)));
        assert!((4_995..=5_005).contains(&between(20, 30)));
    }

    #[test]
    fn kinds_have_their_share_path_and_priority() {
        let mut plan = plan(Arrivals::Poisson);
        let plain = plan.shots();
        plan.kind = vec!["vip:0.5:u=1".parse().unwrap()];
        let shots = plan.shots();
        let vips: Vec<_> = shots.iter().filter(|shot| shot.kind.is_some()).collect();
        let share = vips.len() as f64 / shots.len() as f64;
        assert!((0.47..0.53).contains(&share), "{share}");
        let vip = plan.request(*vips[0], "t-1~2");
        assert!(vip.contains(" /vip/t-1~2 HTTP"), "{vip}");
        assert!(vip.contains("\r\nPriority: u=1\r\n"), "{vip}");
        let other = shots.iter().find(|shot| shot.kind.is_none()).unwrap();
        let other = plan.request(*other, "t-2");
        assert!(other.contains(" /load/t-2 HTTP"), "{other}");
        assert!(!other.contains("Priority"), "{other}");
        assert!(plain.iter().all(|shot| shot.kind.is_none()));
    }

    #[test]
    fn the_share_of_posts_is_kept_and_ids_are_unique() {
        let plan = plan(Arrivals::Poisson);
        let shots = plan.shots();
        let posts = shots.iter().filter(|shot| shot.post).count() as f64;
        let share = posts / shots.len() as f64;
        assert!((0.085..0.115).contains(&share), "{share}");
        let ids: std::collections::HashSet<_> = shots.iter().map(|&shot| plan.id(shot)).collect();
        assert_eq!(ids.len(), shots.len());
    }
}
