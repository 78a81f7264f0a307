//! imageio's table of extensions, as data: what a name suggests, before the content decides.

use once_cell::sync::Lazy;
use std::collections::HashMap;

/// A row of the table.
pub struct Format {
    /// What the format is called; may be empty.
    pub name: &'static str,
    /// imageio's plugins for it, by priority.
    pub plugins: Vec<&'static str>,
}

/// The rows of each extension, by extension as it stands in the table; and the extensions in its order.
pub struct Formats {
    rows: HashMap<&'static str, Vec<Format>>,
    order: Vec<&'static str>,
}

/// The table.
pub static FORMATS: Lazy<Formats> = Lazy::new(|| {
    let mut formats = Formats { rows: HashMap::new(), order: Vec::new() };
    for line in include_str!("formats.tsv").lines().filter(|l| l.starts_with('.')) {
        let mut fields = line.split('\t');
        let extension = fields.next().unwrap_or("");
        let name = fields.next().unwrap_or("");
        let plugins = fields.next().unwrap_or("").split(',').collect();
        let rows = formats.rows.entry(extension).or_default();
        if rows.is_empty() {
            formats.order.push(extension);
        }
        rows.push(Format { name, plugins });
    }
    formats
});

impl Formats {
    /// The rows of an extension in lower case. The table has some in upper case, which no lower-cased suffix
    /// would meet: they count as their lower-case form where that has no row of its own.
    pub fn rows(&self, extension: &str) -> &[Format] {
        let exact = self.rows.get(extension);
        let rows = exact.or_else(|| self.rows.get(extension.to_uppercase().as_str()));
        rows.map_or(&[], Vec::as_slice)
    }

    /// The extensions in the table's order.
    pub fn extensions(&self) -> impl Iterator<Item = &'static str> {
        self.order.iter().copied()
    }

    /// imageio's plugins for an extension, by priority, each once.
    pub fn plugins(&self, extension: &str) -> Vec<&'static str> {
        let mut plugins = Vec::new();
        for &plugin in self.rows(extension).iter().flat_map(|row| &row.plugins) {
            if !plugins.contains(&plugin) {
                plugins.push(plugin);
            }
        }
        plugins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(FORMATS.extensions().count(), 310);
        assert_eq!(FORMATS.order.iter().map(|e| FORMATS.rows[e].len()).sum::<usize>(), 367);
        assert_eq!(FORMATS.plugins(".png"), ["pillow", "PNG-PIL", "PNG-FI", "ITK", "pyav", "opencv"]);
        assert_eq!(FORMATS.plugins(".spider"), ["pillow", "SPIDER-PIL"]);
        assert!(FORMATS.rows(".nonesuch").is_empty());
    }
}
