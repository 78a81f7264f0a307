//! What the documents show of the code is generated from it and committed: this fails when they are stale.
//! `make readme` writes them. A generated part stands between `<!-- generated: WHAT -->` and `<!-- end -->`.

use libimageio::model::{Dict, List, Value};
use libimageio::plugin::{Declaration, registry};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn file(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// README.md and everything in docs/.
fn documents() -> Vec<String> {
    let mut names = vec!["README.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    names
}

/// The document with every generated part made anew.
fn renewed(name: &str, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let (before, from) = rest.split_at(at);
        let (what, behind) = from[BEGIN.len()..].split_once(" -->\n").unwrap_or_else(|| panic!("{name}: a bad marker"));
        let (old, behind) = behind.split_once(END).unwrap_or_else(|| panic!("{name}: no end of {what}"));
        out += before;
        out += &format!("{BEGIN}{what} -->\n{}{END}", generate(what, old));
        rest = behind;
    }
    out + rest
}

fn generate(what: &str, old: &str) -> String {
    match what.split_once(' ') {
        None if what == "formats" => format!("\n{}\n", formats()),
        None if what == "absent" => format!("\n{}\n", absent()),
        None if what == "options" => format!("\n{}\n", options()),
        None if what == "layouts" => code("c", &layouts()),
        None if what == "statuses" => format!("\n{}\n", statuses()),
        None if what == "symbols" => format!("\n{}\n", symbols(old)),
        Some(("file", path)) => code("c", &file(path)),
        Some(("module", path)) => format!("\n{}\n", module(path)),
        Some(("excerpt", which)) => {
            let (path, start) = which.split_once(" from ").unwrap();
            let language = if path.ends_with(".cpp") { "cpp" } else { "c" };
            code(language, &excerpt(&file(path), start).unwrap_or_else(|| panic!("{path} has no line {start:?}")))
        }
        _ => panic!("nothing is called {what:?}"),
    }
}

fn code(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}

/// The paragraph whose first line begins so, without the indentation of that line.
fn excerpt(text: &str, start: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| !line.trim_start().starts_with(start)).peekable();
    let first = lines.peek()?;
    let indent = first.len() - first.trim_start().len();
    let paragraph: Vec<&str> =
        lines.take_while(|line| !line.trim().is_empty()).map(|line| line.get(indent..).unwrap_or("")).collect();
    Some(paragraph.join("\n"))
}

fn texts(dict: &Dict, key: &str) -> Vec<String> {
    let list = dict.get(key).and_then(Value::as_dict);
    list.map(|list| list.iter().filter_map(|(_, v)| v.as_str().map(str::to_owned)).collect()).unwrap_or_default()
}

fn text<'a>(dict: &'a Dict, key: &str) -> &'a str {
    dict.get(key).and_then(Value::as_str).unwrap_or("")
}

fn is(dict: &Dict, key: &str) -> bool {
    matches!(dict.get(key), Some(Value::Bool(true)))
}

fn dicts(dict: &Dict) -> impl Iterator<Item = (&str, &Dict)> {
    dict.iter().filter_map(|(key, value)| Some((&**key, value.as_dict()?)))
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out
}

fn coded(names: &[String]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" ")
}

// --- the registry

/// The plugins that come as modules, by what they declare: none of them is loaded for it.
fn modules() -> Vec<(String, Dict)> {
    let folders = fs::read_dir(root().join("modules")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = folders.map(|f| f.join("src/declaration.json")).filter(|f| f.exists()).collect();
    files.sort();
    let declared = files.iter().map(|f| Declaration::from_json(&fs::read_to_string(f).unwrap()).unwrap());
    declared.map(|declared| (declared.name.clone(), declared.to_dict(true))).collect()
}

/// The extensions that some plugin serves; one row for those that follow each other and are told alike.
fn formats() -> String {
    let (formats, plugins) = (registry::formats(), registry::plugins());
    let served = |e: &str| {
        let format = formats.get(e).and_then(Value::as_dict)?;
        (is(format, "can_read") || is(format, "can_write")).then_some(format)
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut add = |extension: &str, about: &Dict, plugin: String| {
        let yes = |key: &str| if is(about, key) { "yes" } else { "no" }.to_owned();
        let format = formats.get(extension).and_then(Value::as_dict);
        let named = |key: &str| format.map(|f| text(f, key)).filter(|name| !name.is_empty());
        let name = extension.trim_start_matches('.').to_uppercase();
        let description = named("description").or(named("name")).unwrap_or(&name);
        let told = [description.to_owned(), format!("`{extension}`"), yes("can_read"), yes("can_write"), plugin];
        match rows.last_mut() {
            Some(last) if last[0] == told[0] && last[2..] == told[2..] => last[1] += &format!(" {}", told[1]),
            _ => rows.push(told.to_vec()),
        }
    };
    for (plugin, declared) in dicts(&plugins).filter(|(_, p)| is(p, "available")) {
        for extension in texts(declared, "extensions") {
            if let Some(format) = served(&extension) {
                add(&extension, format, format!("`{plugin}`"));
            }
        }
    }
    for (plugin, declared) in modules() {
        for extension in texts(&declared, "extensions") {
            add(&extension, &declared, format!("`{plugin}`, a module"));
        }
    }
    table(&["format", "extensions", "read", "write", "plugin"], rows)
}

/// The backends that are known by name and not here.
fn absent() -> String {
    let (formats, plugins) = (registry::formats(), registry::plugins());
    let by_module = |e: &str| self::modules().iter().any(|(_, m)| texts(m, "extensions").iter().any(|x| x == e));
    let unserved = dicts(&formats).filter(|(e, f)| !is(f, "can_read") && !is(f, "can_write") && !by_module(e)).count();
    let modules = modules();
    let is_absent = |name: &str, plugin: &Dict| !is(plugin, "available") && !modules.iter().any(|(m, _)| m == name);
    let rows = dicts(&plugins).filter(|(name, p)| is_absent(name, p)).map(|(name, plugin)| {
        let aliases = texts(plugin, "aliases");
        vec![format!("`{name}`"), text(plugin, "description").to_owned(), coded(&aliases)]
    });
    let rows = table(&["backend", "what it would serve", "imageio's names"], rows);
    format!("{unserved} of the {} known extensions have no plugin in this version.\n\n{rows}", formats.len())
}

fn options() -> String {
    let plugins = registry::plugins();
    let mut out = String::new();
    let modules = modules();
    let here = dicts(&plugins).filter(|(_, p)| is(p, "available")).map(|(name, plugin)| (name, plugin, ""));
    let more = modules.iter().map(|(name, plugin)| (&name[..], plugin, " (a module)"));
    for (i, (name, plugin, kind)) in here.chain(more).enumerate() {
        let options = plugin.get("options").and_then(Value::as_dict).unwrap();
        if i == 0 {
            out += "## Options that every plugin takes\n\n";
            out += &option_table(dicts(options).filter(|(_, o)| is(o, "common")));
        }
        out += &format!("\n## Plugin `{name}`{kind}: {}\n\n", text(plugin, "description"));
        let aliases = texts(plugin, "aliases");
        if !aliases.is_empty() {
            out += &format!("Also called {}. ", coded(&aliases));
        }
        out += &format!("Extensions: {}.\n\n", coded(&texts(plugin, "extensions")));
        out += &option_table(dicts(options).filter(|(_, o)| !is(o, "common")));
        let functions = plugin.get("functions").and_then(Value::as_dict).filter(|f| !f.is_empty());
        out += "\n";
        out += &match functions {
            None => "It has no functions for `iio_file_call`.\n".to_owned(),
            Some(functions) => {
                let rows = dicts(functions).map(|(name, f)| vec![format!("`{name}`"), text(f, "doc").to_owned()]);
                table(&["function", "what it does"], rows)
            }
        };
    }
    out
}

/// The options and functions of a module, by its declaration: it need not be installed.
fn module(path: &str) -> String {
    let declared = Dict::from_json(&file(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let options = declared.get("options").and_then(Value::as_dict).unwrap();
    let functions = declared.get("functions").and_then(Value::as_dict).unwrap();
    let rows = dicts(functions).map(|(name, f)| vec![format!("`{name}`"), text(f, "doc").to_owned()]);
    format!("{}\n{}", option_table(dicts(options)), table(&["function", "what it does"], rows))
}

fn option_table<'a>(options: impl Iterator<Item = (&'a str, &'a Dict)>) -> String {
    let rows = options.map(|(name, option)| {
        let default = option.get("default").filter(|v| !matches!(v, Value::Null));
        let default = default.map(|v| format!("`{}`", v.to_json().unwrap())).unwrap_or_default();
        let mut values = text(option, "type").replace('|', ", ");
        if let Some(range) = option.get("range").and_then(Value::as_floats) {
            values += &match range[1] == f64::MAX {
                true => format!(", {} or more", range[0]),
                false => format!(", {} to {}", range[0], range[1]),
            };
        }
        let choices = texts(option, "choices");
        if !choices.is_empty() {
            values += &format!(": {}", coded(&choices));
        }
        let calls = texts(option, "calls");
        let calls = if calls.len() == 8 { "all".to_owned() } else { calls.join(", ") };
        vec![format!("`{name}`"), values, default, calls, text(option, "doc").to_owned()]
    });
    table(&["option", "values", "default", "calls", ""], rows)
}

// --- the headers

/// The comment before a line of a header, in one line.
fn comment(lines: &[&str]) -> String {
    let from = lines.iter().rposition(|line| line.trim_start().starts_with("/**")).unwrap();
    let words: Vec<&str> = lines[from..]
        .iter()
        .map(|line| line.trim().trim_start_matches(['/', '*']).trim_end_matches("*/").trim())
        .collect();
    words.join(" ").trim().to_owned()
}

/// The structs of the header without its comments: what is frozen.
fn layouts() -> String {
    let header = file("include/libimageio/imageio.h");
    let mut out = String::new();
    for name in ["IIO_MAX_NDIM", "IIO_INDEX_DEFAULT", "IIO_INDEX_ALL"] {
        out += header.lines().find(|line| line.starts_with(&format!("#define {name} "))).unwrap();
        out += "\n";
    }
    out += "\ntypedef int32_t iio_status;\ntypedef int32_t iio_dtype;\n";
    for name in ["iio_props", "iio_array", "iio_callbacks"] {
        let lines: Vec<&str> = header.lines().collect();
        let from = lines.iter().position(|line| *line == format!("typedef struct {name} {{")).unwrap();
        let to = from + lines[from..].iter().position(|line| line.starts_with('}')).unwrap();
        out += "\n";
        for line in &lines[from..=to] {
            let text = line.trim_start();
            if !text.starts_with("/*") && !text.starts_with('*') {
                out += &format!("{line}\n");
            }
        }
    }
    out
}

fn statuses() -> String {
    let header = file("include/libimageio/imageio.h");
    let lines: Vec<&str> = header.lines().collect();
    let rows = lines.iter().enumerate().filter_map(|(i, line)| {
        let (name, number) = line.strip_prefix("#define ")?.split_once(' ')?;
        let status = name.starts_with("IIO_ERROR_") || ["IIO_OK", "IIO_END", "IIO_PARTIAL"].contains(&name);
        status.then(|| vec![format!("`{name}`"), number.to_owned(), comment(&lines[..i])])
    });
    table(&["status", "", "meaning"], rows)
}

/// Every exported function, its effect, and the version since which it is there: as the page says, else this one.
fn symbols(old: &str) -> String {
    let mut since: BTreeMap<&str, &str> = BTreeMap::new();
    for line in old.lines().filter(|line| line.starts_with("| `iio_")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        since.insert(cells[0].trim_matches('`'), cells[1]);
    }
    let header = file("include/libimageio/imageio.h");
    let lines: Vec<&str> = header.lines().collect();
    let exported = file("tests/abi/exports.txt");
    let rows = exported.lines().map(|name| {
        let is_it = |line: &str| {
            line.find(&format!("{name}(")).is_some_and(|at| line[..at].ends_with([' ', '*'])) && !line.starts_with(" *")
        };
        let at = lines.iter().position(|line| is_it(line)).unwrap_or_else(|| panic!("imageio.h has no {name}"));
        let about = comment(&lines[..at]);
        let first = about.split(" @").next().unwrap().split(". ").next().unwrap().trim_end_matches('.');
        let version = since.get(name).copied().unwrap_or(env!("CARGO_PKG_VERSION"));
        vec![format!("`{name}`"), version.to_owned(), first.to_owned()]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    format!("{} functions.\n\n{}", rows.len(), table(&["function", "since", "what it does"], rows))
}

// --- the tests

#[test]
fn the_generated_parts_of_the_documents_are_not_stale() {
    for name in documents() {
        let text = file(&name);
        let renewed = renewed(&name, &text);
        if std::env::var_os("IIO_UPDATE_README").is_some() {
            fs::write(root().join(&name), &renewed).unwrap();
        } else {
            assert!(text == renewed, "{name} is not what the sources say; run `make readme`");
        }
    }
}

/// C in a document is an excerpt of a file that is compiled elsewhere, or a program that tests/docs/run.sh compiles.
#[test]
fn every_block_of_c_is_compiled_somewhere() {
    for name in documents() {
        let text = file(&name);
        let mut generated = false;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            generated = (generated || line.starts_with(BEGIN)) && line != END;
            if line.starts_with("```c") && line != "```cmake" {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                let program = block.iter().any(|line| line.starts_with("int main("));
                assert!(generated || program, "{name}: a block that nothing compiles: {:?}", block.first());
            }
        }
    }
}

/// Files that a document links to are there.
#[test]
fn links_lead_somewhere() {
    let mut names = documents();
    names.extend(["CHANGELOG.md", "SECURITY.md"].map(str::to_owned));
    for name in names {
        let text = file(&name);
        let folder = root().join(&name).parent().unwrap().to_path_buf();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            let is_local = !path.is_empty() && !path.contains("://") && !path.contains(' ');
            assert!(!is_local || folder.join(path).exists(), "{name} links to {link}, which is not there");
        }
    }
}

#[test]
fn lists_of_the_registry_can_be_read() {
    // `texts` reads lists through their dictionary form.
    let list: List = ["a", "b"].into_iter().collect();
    assert_eq!(texts(&Dict::new().with("x", list), "x"), ["a", "b"]);
}
