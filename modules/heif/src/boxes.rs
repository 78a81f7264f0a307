//! What libheif 1.15 does not tell before it decodes: how chroma is stored, and whether an image is turned. Read from the
//! properties of the file's items, of which nothing is believed.

use std::collections::HashMap;

/// What the properties of an item say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// 400, 420, 422 or 444.
    pub chroma: Option<u32>,
    /// Whether it is turned or mirrored.
    pub turned: bool,
}

/// The properties of the items, and what images are made of.
#[derive(Default)]
pub struct Items<'a> {
    properties: Vec<([u8; 4], &'a [u8])>,
    /// The properties of an item, counted from 1.
    of: HashMap<u32, Vec<usize>>,
    /// Items that a derived image is made of.
    parts: HashMap<u32, Vec<u32>>,
}

fn be(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    Some(field.iter().fold(0, |n, &byte| n << 8 | u64::from(byte)))
}

/// Has `each` look at the boxes that lie one after another.
fn each_box<'a>(mut all: &'a [u8], each: &mut dyn FnMut([u8; 4], &'a [u8])) {
    while let (Some(size), Some(kind)) = (be(all, 0, 4), all.get(4..8)) {
        let (head, size) = match size {
            0 => (8, all.len() as u64),
            1 => (16, be(all, 8, 8).unwrap_or(0)),
            n => (8, n),
        };
        let Ok(size) = usize::try_from(size) else { return };
        let Some(content) = all.get(head..size) else { return };
        each([kind[0], kind[1], kind[2], kind[3]], content);
        all = &all[size..];
    }
}

impl<'a> Items<'a> {
    /// Of a file. What is damaged is left out.
    pub fn of(file: &'a [u8]) -> Items<'a> {
        let mut items = Items::default();
        each_box(file, &mut |kind, content| {
            if &kind == b"meta" {
                each_box(content.get(4..).unwrap_or_default(), &mut |kind, content| match &kind {
                    b"iprp" => items.properties_of(content),
                    b"iref" => items.references(content),
                    _ => {}
                });
            }
        });
        items
    }

    fn properties_of(&mut self, content: &'a [u8]) {
        each_box(content, &mut |kind, content| match &kind {
            b"ipco" => each_box(content, &mut |kind, content| self.properties.push((kind, content))),
            b"ipma" => {
                self.associations(content);
            }
            _ => {}
        });
    }

    /// Which item has which properties.
    fn associations(&mut self, content: &[u8]) -> Option<()> {
        let (version, flags) = (be(content, 0, 1)?, be(content, 1, 3)?);
        let (id_size, size) = (if version == 0 { 2 } else { 4 }, if flags & 1 == 0 { 1 } else { 2 });
        let mut at = 8;
        for _ in 0..be(content, 4, 4)? {
            let id = be(content, at, id_size)? as u32;
            let count = be(content, at + id_size, 1)? as usize;
            at += id_size + 1;
            for _ in 0..count {
                let essential = 1 << (8 * size - 1);
                let index = (be(content, at, size)? & !essential) as usize;
                self.of.entry(id).or_default().push(index);
                at += size;
            }
        }
        Some(())
    }

    fn references(&mut self, content: &[u8]) {
        let size = if content.first() == Some(&0) { 2 } else { 4 };
        each_box(content.get(4..).unwrap_or_default(), &mut |kind, content| {
            if &kind != b"dimg" {
                return;
            }
            let Some(from) = be(content, 0, size) else { return };
            let count = be(content, size, 2).unwrap_or(0) as usize;
            let to = (0..count).map_while(|i| be(content, size + 2 + i * size, size)).map(|id| id as u32);
            self.parts.entry(from as u32).or_default().extend(to);
        });
    }

    fn properties_of_item(&self, id: u32) -> impl Iterator<Item = &([u8; 4], &'a [u8])> {
        let indices = self.of.get(&id).map(Vec::as_slice).unwrap_or_default();
        indices.iter().filter_map(|index| self.properties.get(index.checked_sub(1)?))
    }

    fn own_chroma(&self, id: u32) -> Option<u32> {
        self.properties_of_item(id).find_map(|(kind, content)| match kind {
            // The low bits of its byte 16 are chroma_format_idc.
            b"hvcC" => [400, 420, 422, 444].get((be(content, 16, 1)? & 3) as usize).copied(),
            b"av1C" => {
                let flags = be(content, 2, 1)?;
                Some(match (flags >> 4 & 1, flags >> 3 & 1, flags >> 2 & 1) {
                    (1, _, _) => 400,
                    (_, 1, 1) => 420,
                    (_, 1, _) => 422,
                    _ => 444,
                })
            }
            _ => None,
        })
    }

    /// Of an item.
    pub fn facts(&self, id: u32) -> Facts {
        let first = || self.parts.get(&id)?.first().and_then(|&part| self.own_chroma(part));
        let turned = self.properties_of_item(id).any(|(kind, content)| match kind {
            b"irot" => content.first().is_some_and(|angle| angle & 3 != 0),
            b"imir" => true,
            _ => false,
        });
        Facts { chroma: self.own_chroma(id).or_else(first), turned }
    }
}

#[cfg(test)]
mod tests {
    use super::{Facts, Items};

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    }

    /// A grid of two gray tiles, the grid mirrored.
    fn file() -> Vec<u8> {
        let mut config = [0; 23];
        config[16] = 0xfc;
        let ipco = boxed(b"ipco", &[boxed(b"hvcC", &config), boxed(b"imir", &[0])].concat());
        let ipma = boxed(b"ipma", &[0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 0x82, 0, 2, 1, 0x81]);
        let iref = boxed(b"iref", &[&[0, 0, 0, 0][..], &boxed(b"dimg", &[0, 1, 0, 2, 0, 2, 0, 3])].concat());
        let meta = [&[0, 0, 0, 0][..], &boxed(b"iprp", &[ipco, ipma].concat()), &iref].concat();
        [boxed(b"ftyp", b"heic\0\0\0\0mif1"), boxed(b"meta", &meta)].concat()
    }

    #[test]
    fn a_grid_has_the_chroma_of_its_tiles_and_turns_of_its_own() {
        let file = file();
        let items = Items::of(&file);
        assert_eq!(items.facts(1), Facts { chroma: Some(400), turned: true });
        assert_eq!(items.facts(2), Facts { chroma: Some(400), turned: false });
        assert_eq!(items.facts(9), Facts::default());
    }

    #[test]
    fn damage_ends_quietly() {
        let file = file();
        for at in 0..file.len() {
            let mut hurt = file.clone();
            hurt[at] ^= 0xff;
            Items::of(&hurt).facts(1);
            Items::of(&file[..at]).facts(1);
        }
    }
}
