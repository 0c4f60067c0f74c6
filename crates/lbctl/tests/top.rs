//! `lbctl top` at a real terminal: a pseudo-terminal whose other end is this test.
#![cfg(unix)]

mod support;

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use support::{INCIDENT, POOLS, Server, ask, http, lbctl, nobody, problem, said};

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program at a terminal of 80 columns and 24 lines.
struct Top {
    child: Child,
    keyboard: File,
    terminal: File,
    seen: Arc<Mutex<String>>,
}

impl Top {
    fn start(admin: &str) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name)
            .unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("lbctl"));
        command.args(["--admin", admin, "top"]);
        command
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR").env_remove("LBCTL_TOKEN");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn();
        let mut screen = File::from(master);
        let top = Self {
            child: child.unwrap(),
            keyboard: screen.try_clone().unwrap(),
            terminal,
            seen: Arc::default(),
        };
        let seen = Arc::clone(&top.seen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = screen.read(&mut buffer) {
                seen.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        });
        top
    }

    /// Waits until `text` is on the screen.
    fn shows(&self, text: &str) {
        self.wait(&format!("no {text:?}"), |seen| screen(seen).contains(text));
    }

    /// Waits until `enough` of what was written, and says that `what` is wrong if that does not come.
    fn wait(&self, what: &str, enough: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !enough(&self.seen()) {
            let seen = self.seen();
            assert!(start.elapsed() < PATIENCE, "{what} on:\n{}", screen(&seen));
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        !modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO)
    }

    /// It ends, and the terminal is as it was.
    fn ends_well(mut self) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > PATIENCE => panic!("it does not end"),
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        assert_eq!(status.code(), Some(0), "{}", self.seen());
        // Back from the alternate screen, with a cursor.
        self.wait("not back", |seen| seen.contains("\x1b[?1049l"));
        self.wait("no cursor", |seen| seen.ends_with("\x1b[?25h"));
        assert!(!self.raw());
    }
}

impl Drop for Top {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a terminal shows that was sent `text`: it knows how to move its cursor, and what is no text.
fn screen(text: &str) -> String {
    let mut cells = vec![vec![' '; 80]; 24];
    let (mut line, mut column) = (0, 0);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' if letters.next_if_eq(&'[').is_some() => {
                let mut code = String::new();
                let end = letters.find(|c| {
                    let end = c.is_ascii_alphabetic();
                    code.extend((!end).then_some(*c));
                    end
                });
                if end == Some('H') {
                    let at: Vec<usize> = code.split(';').map(|n| n.parse().unwrap_or(1)).collect();
                    (line, column) = (at[0] - 1, at.get(1).map_or(0, |c| c - 1));
                }
            }
            '\r' => column = 0,
            '\n' => line = (line + 1).min(23),
            letter => {
                if let Some(cell) = cells[line].get_mut(column) {
                    *cell = letter;
                }
                column += 1;
            }
        }
    }
    let lines = cells.iter().map(|line| line.iter().collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

/// The sample pools, an open incident, and the name of the proxy; garbage while `away`.
fn admin(away: &Arc<AtomicBool>) -> Server {
    let away = Arc::clone(away);
    Server::start(move |asked| {
        if away.load(Ordering::SeqCst) {
            return b"garbage\r\n\r\n".to_vec();
        }
        let summary: serde_json::Value = serde_json::from_str(INCIDENT).unwrap();
        let answer = match &*asked.line {
            "GET /api/v1/pools" => http("200 OK", "", POOLS),
            "GET /api/v1/incidents?open=true" => {
                http("200 OK", "", &format!("{{\"incidents\":[{summary}]}}"))
            }
            "GET /api/v1/incidents/01KAPX3Q" => http("200 OK", "", INCIDENT),
            "GET /api/v1/config" => http("200 OK", "", r#"{"server":{"name":"edge-eu1"}}"#),
            _ => problem("404 Not Found", "there is no such thing here"),
        };
        answer.into_bytes()
    })
}

#[test]
fn one_looks_around_and_quits() {
    let admin = admin(&Arc::default());
    let mut top = Top::start(&admin.url(""));
    top.shows("edge-eu1");
    top.shows("OPEN INCIDENT");
    assert!(top.raw());
    top.types("\r");
    top.shows("retry budget");
    top.types("\x1b");
    top.shows("OPEN INCIDENT");
    top.types("\t\r");
    top.shows("Ruled out");
    assert!(
        admin
            .asked()
            .iter()
            .any(|a| a.line == "GET /api/v1/incidents/01KAPX3Q")
    );
    top.types("q");
    top.ends_well();
}

#[test]
fn a_signal_ends_it_and_gives_the_terminal_back() {
    let admin = admin(&Arc::default());
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let top = Top::start(&admin.url(""));
        top.shows("live");
        let id = i32::try_from(top.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
        top.ends_well();
    }
}

#[test]
fn a_lost_connection_is_told_and_found_again() {
    let away = Arc::default();
    let admin = admin(&away);
    let mut top = Top::start(&admin.url(""));
    top.shows("live");
    away.store(true, Ordering::SeqCst);
    top.shows("lost");
    top.shows("is not the soe503 admin API");
    away.store(false, Ordering::SeqCst);
    top.shows("live");
    top.types("q");
    top.ends_well();
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let said = said(lbctl().arg("top"));
    assert_eq!((said.code, &*said.out), (2, ""));
    assert!(said.err.contains("needs a terminal"), "{}", said.err);
    assert!(
        said.err.contains("lbctl pool status --watch"),
        "{}",
        said.err
    );
}

#[test]
fn nobody_to_ask_is_told_before_the_terminal_is_taken() {
    let nobody = nobody();
    let mut top = Top::start(&nobody.url);
    assert_eq!(top.child.wait().unwrap().code(), Some(3));
    top.shows("no admin API at");
    assert!(!top.seen().contains("\x1b[?1049h"), "{}", top.seen());
    assert_eq!(ask(&nobody.url, &["pool", "status"]).code, 3);
}
