//! The program under test at a real terminal: a pseudo-terminal whose other end is the test.
#![allow(dead_code, reason = "each test binary uses a part of it")]

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

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program at a terminal of 80 columns and 24 lines.
pub(crate) struct Top {
    pub(crate) id: Pid,
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
    pub(crate) fn start(admin: &str) -> Self {
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
    pub(crate) fn shows(&self, text: &str) {
        self.wait(&format!("no {text:?}"), |seen| screen(seen).contains(text));
    }

    /// Waits until `enough` was written, and says that `what` is wrong if that does not come.
    pub(crate) fn wait(&self, what: &str, enough: impl Fn(&str) -> bool) {
        let text = self.seen.text.lock().unwrap();
        let more = &self.seen.more;
        let (text, late) = more
            .wait_timeout_while(text, PATIENCE, |text| !enough(text))
            .unwrap();
        assert!(!late.timed_out(), "{what} on:\n{}", screen(&text));
    }

    pub(crate) fn seen(&self) -> String {
        self.seen.text.lock().unwrap().clone()
    }

    /// Waits until the clock on the screen has gone on by more than a second.
    pub(crate) fn reads(&self) {
        let clock = |seen: &str| {
            let screen = screen(seen);
            let (before, _) = screen.split_once(" UTC ")?;
            Some(before[before.len() - 8..].to_owned())
        };
        for _ in 0..2 {
            let now = clock(&self.seen());
            self.wait("the clock stands", |seen| clock(seen) != now);
        }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// The window is closed.
    pub(crate) fn hang_up(&mut self) {
        self.keyboard = None;
        // The reader sees it after the next byte; the clock on the screen is one.
        self.seen.gone.store(true, Ordering::SeqCst);
        self.reader.take().unwrap().join().unwrap();
    }

    pub(crate) fn raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        !modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO)
    }

    /// It ends by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let status = self.ended.recv_timeout(PATIENCE).expect("it does not end");
        self.over = true;
        status
    }

    /// It ends, and the terminal is as it was.
    pub(crate) fn ends_well(mut self) {
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
