//! Pages and fallbacks: files are read here.

use std::{fs::File, io::Read, path::Path};

use bytes::Bytes;
use http::StatusCode;
use soe503::explain::Class;
use soe503_core::Category;

use crate::config::{
    Fallback, PageFile,
    keys::{FallbackKeys, FileName, PageKeys},
    problem::{Problem, Problems},
    wire::{At, Optional},
};

/// The largest file: it is held in memory, and goes out with every failure.
const MAX_FILE: u64 = 256 << 10;

/// The pages of a route.
pub(super) fn pages(keys: PageKeys, base: &Path, problems: &mut Problems) -> Vec<PageFile> {
    let category = Class::Category;
    let files = [
        (Class::Any, keys.any),
        (category(Category::Maintenance), keys.maintenance),
        (category(Category::Overload), keys.overload),
        (category(Category::CircuitOpen), keys.circuit_open),
        (
            category(Category::DependencyFailure),
            keys.dependency_failure,
        ),
        (
            category(Category::ResourceExhaustion),
            keys.resource_exhaustion,
        ),
        (category(Category::Misconfiguration), keys.misconfiguration),
    ];
    let mut page = |(class, file): (Class, Optional<FileName>)| {
        let file = file.given?;
        let path = base.join(&file.value.0);
        let html = read(&path, &file, problems)?;
        Some(PageFile { class, path, html })
    };
    files.into_iter().filter_map(&mut page).collect()
}

/// The fallback of a route.
pub(super) fn fallback(
    keys: Option<At<FallbackKeys>>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Fallback> {
    let At { value: keys, at } = keys?;
    let on = keys.on.0?;
    if on.value.0.is_empty() {
        problems.push(Problem::new(on.at, "`on` is empty", "it is for no failure"));
        return None;
    }
    if let (Some(body), Some(file)) = (&keys.body.given, &keys.file.given) {
        problems.push(
            Problem::new(
                body.at.clone(),
                "the fallback has two bodies",
                "either this",
            )
            .also(file.at.clone(), "or this"),
        );
        return None;
    }
    let Ok(status) = StatusCode::from_u16(keys.status.value) else {
        problems.push(Problem::new(at, "`status` is no status", "of the fallback"));
        return None;
    };
    let file = keys.file.given.map(|file| (base.join(&file.value.0), file));
    let body = match (&file, keys.body.given) {
        (Some((path, key)), _) => read(path, key, problems)?,
        (None, Some(body)) => Bytes::copy_from_slice(body.value.0.as_bytes()),
        (None, None) => Bytes::new(),
    };
    Some(Fallback {
        on: on.value.0.into_iter().map(|class| class.value).collect(),
        status,
        content_type: keys.content_type.value.0,
        file: file.map(|(path, _)| path),
        body,
    })
}

fn read<T>(path: &Path, key: &At<T>, problems: &mut Problems) -> Option<Bytes> {
    let mut contents = Vec::new();
    // One byte more than allowed, to see that it is too large; a device has no end.
    let result =
        File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut contents));
    let why = match result {
        Err(error) => error.to_string(),
        Ok(length) if length as u64 > MAX_FILE => "larger than 256 KiB".to_owned(),
        Ok(_) => return Some(contents.into()),
    };
    let title = format!("{} cannot be used", path.display());
    problems.push(Problem::new(key.at.clone(), title, why));
    None
}
