//! `lbctl top` at a real terminal: a pseudo-terminal whose other end is this test.
#![cfg(target_os = "linux")]

mod support;

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use support::{
    CHANGES, INCIDENT, INCIDENTS, POOLS, Server, ask, http, lbctl, nobody, problem, said,
};

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program at a terminal of 80 columns and 24 lines.
struct Top {
    id: Pid,
    /// How it ended, once.
    ended: Receiver<ExitStatus>,
    over: bool,
    keyboard: Option<File>,
    terminal: File,
    seen: Arc<Seen>,
    reader: Option<JoinHandle<()>>,
}

/// What it has written.
#[derive(Default)]
struct Seen {
    text: Mutex<String>,
    more: Condvar,
    /// Nobody reads on.
    gone: AtomicBool,
}

impl Top {
    fn start(admin: &str) -> Self {
        // No other program may inherit it, or nobody could hang up.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let mut terminal = OpenOptions::new();
        let terminal = terminal.read(true).write(true).open(name).unwrap();
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
        let mut child = child.unwrap();
        let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        let (tell, ended) = mpsc::channel();
        thread::spawn(move || tell.send(child.wait().unwrap()));
        let screen = File::from(master);
        let keyboard = Some(screen.try_clone().unwrap());
        let seen = Arc::<Seen>::default();
        let reader = Arc::clone(&seen);
        Self {
            id,
            ended,
            over: false,
            keyboard,
            terminal,
            seen,
            reader: Some(thread::spawn(move || reader.read(screen))),
        }
    }

    /// Waits until `text` is on the screen.
    fn shows(&self, text: &str) {
        self.wait(&format!("no {text:?}"), |seen| screen(seen).contains(text));
    }

    /// Waits until `enough` was written, and says that `what` is wrong if that does not come.
    fn wait(&self, what: &str, enough: impl Fn(&str) -> bool) {
        let text = self.seen.text.lock().unwrap();
        let more = &self.seen.more;
        let (text, late) = more
            .wait_timeout_while(text, PATIENCE, |text| !enough(text))
            .unwrap();
        assert!(!late.timed_out(), "{what} on:\n{}", screen(&text));
    }

    fn seen(&self) -> String {
        self.seen.text.lock().unwrap().clone()
    }

    fn types(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// The window is closed.
    fn hang_up(&mut self) {
        self.keyboard = None;
        // The reader sees it after the next byte; the clock on the screen is one.
        self.seen.gone.store(true, Ordering::SeqCst);
        self.reader.take().unwrap().join().unwrap();
    }

    fn raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        !modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO)
    }

    /// It ends by itself.
    fn end(&mut self) -> ExitStatus {
        let status = self.ended.recv_timeout(PATIENCE).expect("it does not end");
        self.over = true;
        status
    }

    /// It ends, and the terminal is as it was.
    fn ends_well(mut self) {
        let status = self.end();
        assert_eq!(status.code(), Some(0), "{}", self.seen());
        // Back from the alternate screen, with a cursor.
        self.wait("not back", |seen| seen.contains("\x1b[?1049l"));
        self.wait("no cursor", |seen| seen.ends_with("\x1b[?25h"));
        assert!(!self.raw());
    }
}

impl Drop for Top {
    fn drop(&mut self) {
        if !self.over {
            // It may be ending just now.
            let _ = kill_process(self.id, Signal::KILL);
        }
    }
}

impl Seen {
    fn read(&self, mut screen: File) {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = screen.read(&mut buffer) {
            let mut text = self.text.lock().unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..n]));
            self.more.notify_all();
            if self.gone.load(Ordering::SeqCst) {
                return;
            }
        }
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

/// The sample pools, an open incident, and the name of the proxy; garbage while `away`, and then another name.
fn admin(away: &Arc<AtomicBool>) -> Server {
    let away = Arc::clone(away);
    let was_away = AtomicBool::new(false);
    Server::start(move |asked| {
        if away.load(Ordering::SeqCst) {
            was_away.store(true, Ordering::SeqCst);
            return b"garbage\r\n\r\n".to_vec();
        }
        let summary: serde_json::Value = serde_json::from_str(INCIDENT).unwrap();
        let answer = match &*asked.line {
            "GET /api/v1/pools" => http("200 OK", "", POOLS),
            "GET /api/v1/incidents?open=true" => {
                http("200 OK", "", &format!("{{\"incidents\":[{summary}]}}"))
            }
            "GET /api/v1/incidents" => http("200 OK", "", INCIDENTS),
            "GET /api/v1/changes" => http("200 OK", "", CHANGES),
            "GET /api/v1/incidents/01KAPX3Q" => http("200 OK", "", INCIDENT),
            "GET /api/v1/config" => {
                let name = match was_away.load(Ordering::SeqCst) {
                    true => "edge-eu2",
                    false => "edge-eu1",
                };
                let body = format!(r#"{{"server":{{"name":"{name}"}}}}"#);
                http("200 OK", "", &body)
            }
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
    top.types("n");
    top.shows("8s later: incident 01KAPX3Q (open, inferred)");
    top.types("q");
    top.ends_well();
}

#[test]
fn a_signal_ends_it_and_gives_the_terminal_back() {
    let admin = admin(&Arc::default());
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let top = Top::start(&admin.url(""));
        top.shows("live");
        kill_process(top.id, signal).unwrap();
        top.ends_well();
    }
}

#[test]
fn it_ends_with_its_terminal() {
    let admin = admin(&Arc::default());
    let mut top = Top::start(&admin.url(""));
    top.shows("live");
    top.hang_up();
    // By itself, and not by a panic.
    assert!(top.end().code().is_some());
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
    // It may be another one.
    top.shows("edge-eu2");
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
    assert_eq!(top.end().code(), Some(3));
    top.shows("no admin API at");
    assert!(!top.seen().contains("\x1b[?1049h"), "{}", top.seen());
    assert_eq!(ask(&nobody.url, &["pool", "status"]).code, 3);
}
