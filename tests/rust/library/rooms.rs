//! Dependencies point one way: capi → v3 → plugin → resource → model → error; plugins → plugin and codecs, none
//! knowing another; and `unsafe` stays where it is allowed.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

fn room(path: &str) -> &str {
    path.strip_prefix("src/").and_then(|rest| rest.split(['/', '.']).next()).unwrap_or("")
}

/// The rooms that code of a room may name.
fn allowed(room: &str) -> &'static [&'static str] {
    match room {
        "error" | "log" => &["error"],
        "model" => &["error", "model"],
        "resource" => &["error", "log", "model", "resource"],
        // The registry starts with the built-in plugins, which it knows by their list alone.
        "plugin" => &["error", "log", "model", "resource", "plugin", "plugins"],
        "plugins" => &["error", "log", "model", "resource", "plugin", "plugins"],
        "v3" => &["error", "log", "model", "resource", "plugin", "v3"],
        _ => &["error", "log", "model", "resource", "plugin", "v3", "capi", "plugins"],
    }
}

fn each_source(mut look: impl FnMut(&str, &str)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in sources(&root.join("src")) {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        look(&name, &fs::read_to_string(&path).unwrap());
    }
}

#[test]
fn dependencies_point_one_way() {
    let rooms = ["error", "log", "model", "resource", "plugin", "plugins", "v3", "capi"];
    each_source(|name, text| {
        // Tests may come in by the front door.
        if name.ends_with("tests.rs") {
            return;
        }
        for (number, line) in text.lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                let known = rooms.contains(&used);
                assert!(!known || allowed(room(name)).contains(&used), "{name}:{}: names {used}", number + 1);
            }
        }
    });
}

#[test]
fn the_registry_knows_the_plugins_by_their_list_alone() {
    each_source(|name, text| {
        if room(name) == "plugin" {
            for line in text.lines().filter(|l| l.contains("crate::plugins")) {
                assert!(line.contains("crate::plugins::built_in()"), "{name}: {line}");
            }
        }
    });
}

#[test]
fn no_plugin_knows_another() {
    each_source(|name, text| {
        let Some(own) = name.strip_prefix("src/plugins/").and_then(|rest| rest.split_once('/')).map(|(own, _)| own)
        else {
            return;
        };
        for used in text.split("crate::plugins::").skip(1) {
            assert!(used.starts_with(own), "{name} names another plugin: {}", used.lines().next().unwrap_or(""));
        }
    });
}

#[test]
fn unsafe_stays_where_it_is_allowed() {
    each_source(|name, text| {
        if name.starts_with("src/capi/") || name.starts_with("src/plugin/foreign/") {
            return;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            let found = code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl");
            assert!(!found, "{name}:{}: {line}", number + 1);
        }
    });
}

#[test]
fn files_stay_short() {
    each_source(|name, text| {
        let lines = text.lines().count();
        assert!(lines <= 600, "{name} has {lines} lines");
    });
}
