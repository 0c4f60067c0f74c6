//! From a file to a [`Config`] or a [`Report`].

use std::{fs::File, io::Read, net::SocketAddr, path::Path};

use toml::de::{DeTable, DeValue};

use super::{
    Config, Report, build,
    keys::FileKeys,
    lint,
    problem::{Problem, Problems},
    wire,
};

/// The largest config file in bytes: 4 MiB.
pub const MAX_FILE_SIZE: usize = 4 << 20;

/// Reads a config file.
///
/// Relative paths in it start at its directory.
///
/// # Errors
///
/// Everything that is wrong with the file, or why it cannot be read.
pub fn load(path: &Path) -> Result<Config, Report> {
    let name = path.display().to_string();
    let refuse = |why: String| Report::new(&name, "", Problem::of_file(why));
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more than allowed, to see that it is too large; a device has no end.
        .and_then(|file| file.take(MAX_FILE_SIZE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| refuse(format!("cannot read {name}: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..offset]
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        refuse(format!(
            "{name} is not UTF-8 text: line {line} has another encoding"
        ))
    })?;
    read(&name, &text, path.parent().unwrap_or_else(|| Path::new("")))
}

/// Reads the text of a config; `name` stands for the file name in the report.
///
/// Relative paths in it start at the current directory.
///
/// # Errors
///
/// Everything that is wrong with the text.
pub fn from_str(name: &str, text: &str) -> Result<Config, Report> {
    read(name, text, Path::new(""))
}

/// The same, and relative paths start at `base`.
///
/// # Errors
///
/// Everything that is wrong with the text.
pub(crate) fn from_str_at(name: &str, text: &str, base: &Path) -> Result<Config, Report> {
    read(name, text, base)
}

fn read(name: &str, text: &str, base: &Path) -> Result<Config, Report> {
    if text.len() > MAX_FILE_SIZE {
        let why = format!("{name} is larger than 4 MiB");
        return Err(Report::new(name, "", Problem::of_file(why)));
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What the parser makes of the rest is a guess: no other problems on top of these.
        let mut problems = Problems::default();
        problems.extend(first_of_each_line(text, &errors).map(syntax));
        return Err(Report::new(name, text, problems));
    }
    let mut problems = Problems::default();
    let span = table.span();
    let root = toml::Spanned::new(span, DeValue::Table(table.into_inner()));
    let file: Option<FileKeys> = wire::open(String::new(), &root, &mut problems);
    let config = file.and_then(|file| build::config(file, base, &mut problems));
    match config {
        Some((mut config, numbers)) if problems.is_empty() => {
            config.warnings = Report::of_warnings(name, text, problems.take_warnings());
            if let DeValue::Table(written) = root.get_ref() {
                config.lints = lint::lint(&config, numbers, name, text, written);
            }
            Ok(config)
        }
        _ => Err(Report::new(name, text, problems)),
    }
}

/// A mistake in TOML itself.
fn syntax(error: &toml::de::Error) -> Problem {
    let at = error.span().unwrap_or_default();
    let message = error.message().trim_end_matches(", expected nothing");
    Problem::new(at, "this is not valid TOML", message)
}

/// The errors without those that only follow from another one on the same line.
fn first_of_each_line<'e>(
    text: &'e str,
    errors: &'e [toml::de::Error],
) -> impl Iterator<Item = &'e toml::de::Error> {
    let start = |error: &toml::de::Error| error.span().unwrap_or_default().start;
    let mut sorted: Vec<_> = errors.iter().collect();
    sorted.sort_by_key(|error| start(error));
    let mut told_up_to = 0;
    sorted.into_iter().filter(move |error| {
        let at = start(error);
        if at < told_up_to {
            return false;
        }
        let rest = text.get(at..).unwrap_or_default();
        told_up_to = at + rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        true
    })
}

impl Config {
    /// The config of `soe503 proxy --to URL …`: one listener, one route, one pool called `app`,
    /// and every default.
    ///
    /// # Errors
    ///
    /// What is wrong with the addresses; the report shows the file that they would have made.
    pub fn for_targets(listen: SocketAddr, urls: &[String]) -> Result<Self, Report> {
        let urls: Vec<_> = urls
            .iter()
            .map(|url| toml::Value::String(url.clone()).to_string())
            .collect();
        let text = format!(
            "[[listeners]]\naddress = \"{listen}\"\n\n[[routes]]\npool = \"app\"\n\n\
             [pools.app]\nbackends = [\n    {}\n]\n",
            urls.join(",\n    ")
        );
        from_str("<command line>", &text)
    }
}
