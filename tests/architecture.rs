//! The floors of ARCHITECTURE.md, checked on the sources themselves: no two files import each other, directly or
//! round about, and no part knows what it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part may import, besides itself and what all share. All else it must never.
const MAY_IMPORT: [(&str, &[&str]); 13] = [
    ("radiograph", &[]),
    ("text", &[]),
    ("phantom", &[]),
    ("table", &[]),
    ("labels", &[]),
    ("evaluate", &["labels", "table"]),
    ("results", &[]),
    ("package", &["radiograph"]),
    ("model", &["text", "package"]),
    ("engine", &["radiograph", "text", "package", "model"]),
    (
        "train",
        &[
            "radiograph",
            "text",
            "phantom",
            "package",
            "model",
            "engine",
            "evaluate",
            "labels",
            "table",
        ],
    ),
    (
        "web",
        &[
            "radiograph",
            "text",
            "phantom",
            "package",
            "model",
            "engine",
            "evaluate",
            "results",
            "table",
        ],
    ),
    (
        "cli",
        &[
            "radiograph",
            "text",
            "phantom",
            "evaluate",
            "results",
            "package",
            "model",
            "engine",
            "train",
            "table",
        ],
    ),
];

/// What all parts share.
const SHARED: [&str; 4] = ["deserialize", "error", "limits", "sync"];

/// Crates, modules and macros that only these folders use.
const ONLY_IN: [(&[&str], &[&str]); 3] = [
    (&["wasm_bindgen", "js_sys", "web_sys", "serde_wasm_bindgen"], &["web"]),
    (&["clap", "indicatif", "anyhow", "println", "eprintln", "print", "eprint"], &["cli"]),
    (&["fs"], &["cli", "package/checkpoint", "table.rs", "train", "text/align/llm"]),
];

/// Conditions that choose a device; in the model, `ops` alone has them.
const DEVICES: [&str; 3] = ["feature = \"flex\"", "feature = \"wgpu\"", "target_arch"];

/// The sources by path below `src/`, without comments, tests and what is in quotes.
struct Sources {
    files: BTreeMap<PathBuf, File>,
    by_module: BTreeMap<Vec<String>, PathBuf>,
}

struct File {
    module: Vec<String>,
    /// As written, without comments and tests.
    text: String,
    tokens: Vec<String>,
    uses: Vec<Use>,
}

/// A name that a file brings in: its own word for it, and the path.
struct Use {
    name: String,
    path: Vec<String>,
    within: Vec<String>,
}

impl Sources {
    fn new(texts: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let mut files = BTreeMap::new();
        let mut by_module = BTreeMap::new();
        for (path, text) in texts {
            let module = module_of(&path);
            let text = without_tests(&without_comments(&text));
            let tokens = tokens(&text);
            let uses = uses(&tokens, &module);
            by_module.insert(module.clone(), path.clone());
            files.insert(path, File { module, text, tokens, uses });
        }
        Self { files, by_module }
    }

    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut texts = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "rs")
                    && !path.ends_with("tests.rs")
                {
                    let text = fs::read_to_string(&path).unwrap();
                    texts.push((path.strip_prefix(&root).unwrap().to_path_buf(), text));
                }
            }
        }
        Self::new(texts)
    }

    /// The file that a path leads to from a module, through the names that modules on the way hand on.
    fn resolve(&self, path: &[String], within: &[String], depth: usize) -> Option<&PathBuf> {
        let mut at: Vec<String> = match path.first()?.as_str() {
            "crate" | "carzero" => Vec::new(),
            "self" => within.to_vec(),
            "super" => within[..within.len().checked_sub(1)?].to_vec(),
            first => {
                let child = [within, &[first.to_string()]].concat();
                self.by_module.contains_key(&child).then_some(child)?
            }
        };
        for (index, segment) in path.iter().enumerate().skip(1) {
            if segment == "super" {
                at.pop();
                continue;
            }
            let child = [&at[..], std::slice::from_ref(segment)].concat();
            if self.by_module.contains_key(&child) {
                at = child;
                continue;
            }
            let file = self.by_module.get(&at).map(|path| &self.files[path]);
            let handed_on = file.and_then(|file| file.uses.iter().find(|it| it.name == *segment));
            if let Some(it) = handed_on
                && depth < 8
            {
                let further = [&it.path[..], &path[index + 1..]].concat();
                if let Some(found) = self.resolve(&further, &it.within, depth + 1) {
                    return Some(found);
                }
            }
            break;
        }
        // What is in a module that is written out inside a file is in that file.
        (0..=at.len()).rev().find_map(|length| self.by_module.get(&at[..length]))
    }

    /// Which files each file imports from.
    fn imports(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let of = |(path, file): (&'_ PathBuf, &File)| -> BTreeSet<&Path> {
            let imported = file.uses.iter().map(|it| (it.path.clone(), it.within.clone()));
            let named = paths(&file.tokens, &file.module);
            let reached =
                imported.chain(named).filter_map(|(to, within)| self.resolve(&to, &within, 0));
            reached.filter(|to| *to != path).map(PathBuf::as_path).collect()
        };
        self.files.iter().map(|(path, file)| (path.as_path(), of((path, file)))).collect()
    }

    /// What is wrong, a line each.
    fn faults(&self) -> String {
        let imports = self.imports();
        let mut faults = String::new();
        for circle in circles(&imports) {
            let names: Vec<_> = circle.iter().map(|path| path.display().to_string()).collect();
            writeln!(faults, "a circle: {}", names.join(" > ")).unwrap();
        }
        for (from, to) in imports.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
        {
            let (part, other) = (part_of(from), part_of(to));
            let known = MAY_IMPORT.iter().find(|(name, _)| *name == part);
            let may = |other: &str| match known {
                Some((_, may)) => part == other || SHARED.contains(&other) || may.contains(&other),
                // The crate's roots bring all together.
                None => !SHARED.contains(&part.as_str()) || SHARED.contains(&other),
            };
            if !may(&other) {
                writeln!(faults, "{} must not import {}", from.display(), to.display()).unwrap();
            }
        }
        for (path, file) in &self.files {
            for (words, folders) in ONLY_IN {
                let word = file.tokens.iter().find(|token| words.contains(&token.as_str()));
                if let Some(word) = word
                    && !folders.iter().any(|folder| path.starts_with(folder))
                {
                    writeln!(faults, "{} must not use {word}", path.display()).unwrap();
                }
            }
            if path.starts_with("model") && !path.starts_with("model/ops") {
                for device in DEVICES.iter().filter(|device| file.text.contains(*device)) {
                    writeln!(faults, "{} must not ask for {device}", path.display()).unwrap();
                }
            }
        }
        faults
    }
}

/// `model/ops/mod.rs` is the module `model::ops`; both roots are the crate.
fn module_of(path: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    match module.last().map(String::as_str) {
        Some("mod") => module.truncate(module.len() - 1),
        Some("lib") if module.len() == 1 => module.clear(),
        _ => {}
    }
    module
}

/// The folder, or the file itself, below `src/`.
fn part_of(path: &Path) -> String {
    module_of(path).into_iter().next().unwrap_or_else(|| "lib".to_string())
}

/// Comments become nothing, strings and characters become empty ones.
fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r\"") || rest.starts_with("r#\"") {
            let end = if rest.starts_with("r#") { "\"#" } else { "\"" };
            let open = rest.find('"').map_or(rest.len(), |at| at + 1);
            rest[open..].find(end).map_or(rest.len(), |at| open + at + end.len())
        } else if first == '"' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|&(_, c)| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.map_or(rest.len(), |(at, _)| at + 1);
            // A condition is told by what it has in quotes.
            if out.ends_with("feature = ") {
                out.push_str(&rest[..end]);
            }
            end
        } else if first == '\'' && is_character(rest) {
            let inner = if rest.starts_with("'\\") { 3 } else { 1 };
            let from = rest.char_indices().nth(inner).map_or(rest.len(), |(at, _)| at);
            rest[from..].find('\'').map_or(rest.len(), |at| from + at + 1)
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    out
}

/// Whether a quote begins a character, not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (_, Some('\'')))
}

/// Leaves out each item that is for tests alone.
fn without_tests(text: &str) -> String {
    let text = text.replace("#[cfg(all(test,", "#[cfg(test)]");
    let mut parts = text.split("#[cfg(test)]");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let mut depth = 0usize;
        let end = part.char_indices().find(|&(_, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(c, '}' | ';')
        });
        out.push_str(&part[end.map_or(part.len(), |(at, _)| at + 1)..]);
    }
    out
}

/// Words, `::`, and single signs.
fn tokens(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(rest[..length].to_string());
        rest = rest[length..].trim_start();
    }
    tokens
}

/// For each token, the module that it is in: the file's, or one that is written out in it.
fn modules(tokens: &[String], module: &[String]) -> Vec<Vec<String>> {
    let mut open: Vec<Option<String>> = Vec::new();
    let mut within = Vec::with_capacity(tokens.len());
    for (index, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => {
                let named = index >= 2 && tokens[index - 2] == "mod";
                open.push(named.then(|| tokens[index - 1].clone()));
            }
            "}" => drop(open.pop()),
            _ => {}
        }
        within.push(module.iter().cloned().chain(open.iter().flatten().cloned()).collect());
    }
    within
}

/// Every name that `use` brings in.
fn uses(tokens: &[String], module: &[String]) -> Vec<Use> {
    let within = modules(tokens, module);
    let mut uses = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        // `use<'a>` bounds what an `impl Trait` captures.
        if tokens[index] == "use" && tokens.get(index + 1).is_some_and(|next| next != "<") {
            let end = tokens[index..]
                .iter()
                .position(|token| token == ";")
                .map_or(tokens.len(), |at| index + at);
            let mut tree = &tokens[index + 1..end];
            expand(&mut tree, &[], &within[index], &mut uses);
            index = end;
        }
        index += 1;
    }
    uses
}

/// `a::{b, c as d}` is `a::b` and, as `d`, `a::c`.
fn expand(tree: &mut &[String], before: &[String], within: &[String], uses: &mut Vec<Use>) {
    let mut path = before.to_vec();
    while let Some((token, rest)) = tree.split_first() {
        *tree = rest;
        match token.as_str() {
            "::" => {}
            "{" => {
                while tree.first().is_some_and(|token| token != "}") {
                    expand(tree, &path, within, uses);
                }
                *tree = tree.split_first().map_or(*tree, |(_, rest)| rest);
                if tree.first().is_some_and(|token| token == ",") {
                    *tree = &tree[1..];
                }
                return;
            }
            "," => break,
            "as" => {
                let (name, rest) = tree.split_first().unwrap();
                uses.push(Use { name: name.clone(), path: path.clone(), within: within.to_vec() });
                *tree = rest;
                if tree.first().is_some_and(|token| token == ",") {
                    *tree = &tree[1..];
                }
                return;
            }
            "self" if !path.is_empty() => {}
            "*" => {}
            word => path.push(word.to_string()),
        }
        if tree.first().is_some_and(|token| token == "}") {
            break;
        }
    }
    if let Some(name) = path.last().cloned() {
        uses.push(Use { name, path, within: within.to_vec() });
    }
}

/// Every path that stands in code, with the module that it stands in.
fn paths(tokens: &[String], module: &[String]) -> Vec<(Vec<String>, Vec<String>)> {
    let within = modules(tokens, module);
    let is_word = |token: &String| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut paths = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let mut path = Vec::new();
        let start = index;
        while index < tokens.len() && is_word(&tokens[index]) {
            path.push(tokens[index].clone());
            index += 1;
            if tokens.get(index).is_some_and(|token| token == "::") {
                index += 1;
            } else {
                break;
            }
        }
        if path.len() > 1 && (start == 0 || tokens[start - 1] != "::") {
            paths.push((path, within[start].clone()));
        }
        index += usize::from(index == start);
    }
    paths
}

/// One circle through each file that is in any, the shortest, each circle once.
fn circles<'a>(imports: &BTreeMap<&'a Path, BTreeSet<&'a Path>>) -> BTreeSet<Vec<&'a Path>> {
    let mut circles = BTreeSet::new();
    for &start in imports.keys() {
        let mut ways: Vec<Vec<&Path>> = vec![vec![start]];
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            let last = way[way.len() - 1];
            if last == start && way.len() > 1 {
                let first = (0..way.len() - 1).min_by_key(|&at| way[at]).unwrap();
                let mut circle = way[..way.len() - 1].to_vec();
                circle.rotate_left(first);
                circles.insert(circle);
                break;
            }
            for &to in imports.get(last).into_iter().flatten() {
                if to == start || seen.insert(to) {
                    ways.push([&way[..], &[to]].concat());
                }
            }
        }
    }
    circles
}

#[test]
fn every_import_keeps_to_the_floors() {
    let faults = Sources::read().faults();
    assert!(faults.is_empty(), "ARCHITECTURE.md has the floors. Broken are:\n{faults}");
}

#[test]
fn circles_and_broken_floors_are_found() {
    let lib = "pub mod engine; pub mod model; pub mod text; pub use text::Words;";
    for (files, fault) in [
        (
            &[
                ("text/mod.rs", "mod a; mod b;"),
                ("text/a.rs", "use super::b::B;"),
                ("text/b.rs", ""),
            ][..],
            "",
        ),
        (
            &[
                ("text/mod.rs", "mod a; mod b;"),
                ("text/a.rs", "use super::b::B;"),
                ("text/b.rs", "fn f(_: super::a::A) {}"),
            ],
            "a circle: text/a.rs > text/b.rs\n",
        ),
        // Through a name that the parent hands on.
        (
            &[
                ("text/mod.rs", "pub use b::{B, self as c};"),
                ("text/a.rs", "use super::c::X;"),
                ("text/b.rs", "use crate::text::a::A;"),
            ],
            "a circle: text/a.rs > text/b.rs\n",
        ),
        (
            &[("text/mod.rs", "use crate::model::Net;"), ("model/mod.rs", "")],
            "text/mod.rs must not import model/mod.rs\n",
        ),
        // Of the crate's root, what it hands on.
        (&[("text/mod.rs", ""), ("model/mod.rs", "use crate::Words;")], ""),
        (
            &[("engine/mod.rs", "use wasm_bindgen::prelude::*;")],
            "engine/mod.rs must not use wasm_bindgen\n",
        ),
        (&[("engine/mod.rs", "// println!\nconst A: &str = \"clap\";")], ""),
        (&[("engine/mod.rs", "#[cfg(test)]\nmod tests { fn f() { println!() } }")], ""),
        (&[("model/net.rs", "#[cfg(all(test, feature = \"flex\"))]\nmod tests {}")], ""),
        (
            &[("model/net.rs", "#[cfg(feature = \"wgpu\")]")],
            "model/net.rs must not ask for feature = \"wgpu\"\n",
        ),
        (&[("model/ops/mod.rs", "#[cfg(feature = \"wgpu\")]")], ""),
    ] {
        let all = files.iter().copied().chain([("lib.rs", lib)]);
        let sources = Sources::new(all.map(|(path, text)| (PathBuf::from(path), text.to_string())));
        assert_eq!(sources.faults(), fault, "{files:?}");
    }
}
