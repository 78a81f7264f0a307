//! What the images of a file are: of each part and layer its colours, then what else has a sample at every pixel.

use super::header::{Channel, Header, Part, Sample};
use crate::model::{Color, DType, Dict, List, Props};

/// One image: channels of a part that lie together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The number of its part.
    pub part: usize,
    /// The name of its layer within the part; empty for channels without one.
    pub layer: String,
    /// The numbers of its channels, in the order of its samples.
    pub channels: Vec<usize>,
    /// What the samples mean.
    pub color: Color,
    /// Whether they are stored as luminance with chroma for every other pixel.
    pub has_chroma: bool,
}

/// The name of a channel's layer, and its own.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// The images of a file.
pub fn of(header: &Header) -> Vec<Image> {
    header.parts.iter().enumerate().flat_map(|(number, part)| of_part(number, part)).collect()
}

fn of_part(number: usize, part: &Part) -> Vec<Image> {
    let mut layers: Vec<(&str, Vec<usize>)> = Vec::new();
    for (i, channel) in part.channels.iter().enumerate() {
        let (layer, _) = split(&channel.name);
        match layers.iter_mut().find(|(name, _)| *name == layer) {
            Some((_, channels)) => channels.push(i),
            None => layers.push((layer, vec![i])),
        }
    }
    // The channels without a layer are what a program without knowledge of layers shows.
    layers.sort_by_key(|(name, _)| !name.is_empty());
    let mut images = Vec::new();
    for (layer, channels) in layers {
        let image =
            |channels, color, has_chroma| Image { part: number, layer: layer.to_owned(), channels, color, has_chroma };
        let mut rest = channels;
        if let Some((colors, color, has_chroma)) = colors(part, &rest) {
            rest.retain(|i| !colors.contains(i));
            images.push(image(colors, color, has_chroma));
        }
        if !rest.is_empty() {
            let color = if rest.len() == 1 { Color::Gray } else { Color::Multi };
            images.push(image(rest, color, false));
        }
    }
    images
}

/// The colours among the channels of a layer.
fn colors(part: &Part, channels: &[usize]) -> Option<(Vec<usize>, Color, bool)> {
    let find = |wanted: &str| {
        let is = |&&i: &&usize| part.channels.get(i).is_some_and(|c| split(&c.name).1 == wanted);
        channels.iter().find(is).copied()
    };
    let all = |names: &[&str]| names.iter().map(|name| find(name)).collect::<Option<Vec<usize>>>();
    let with_alpha = |mut colors: Vec<usize>, plain, alpha| match find("A").or_else(|| find("a")) {
        Some(a) => {
            colors.push(a);
            (colors, alpha)
        }
        None => (colors, plain),
    };
    if let Some(colors) = all(&["R", "G", "B"]).or_else(|| all(&["r", "g", "b"])) {
        let (colors, color) = with_alpha(colors, Color::Rgb, Color::Rgba);
        return Some((colors, color, false));
    }
    let half = |i: &usize| part.channels.get(*i).is_some_and(|c| c.every == (2, 2));
    if let Some(colors) = all(&["Y", "RY", "BY"]).filter(|colors| colors.iter().skip(1).all(half)) {
        let (colors, color) = with_alpha(colors, Color::Rgb, Color::Rgba);
        return Some((colors, color, true));
    }
    // Beside an X it is a direction and not luminance.
    if find("X").is_some() {
        return None;
    }
    let (colors, color) = with_alpha(all(&["Y"])?, Color::Gray, Color::GrayAlpha);
    Some((colors, color, false))
}

impl Image {
    /// Its channels in the order of its samples.
    pub fn channels<'a>(&'a self, part: &'a Part) -> impl Iterator<Item = &'a Channel> {
        self.channels.iter().filter_map(|&i| part.channels.get(i))
    }

    /// What a read gives: floats; but whole numbers of 32 bits, which a float would not hold, as they are.
    pub fn props(&self, part: &Part) -> Props {
        let (height, width, samples) = (part.window.height, part.window.width, self.channels.len());
        let dtype = if self.channels(part).all(|c| c.sample == Sample::Uint) { DType::U32 } else { DType::F32 };
        let mut props = match samples {
            1 => Props::image(&[height, width], dtype, self.color),
            _ => Props::image(&[height, width, samples], dtype, self.color),
        };
        if self.channels(part).all(|c| c.sample == Sample::Half) {
            props.bits = 16;
        }
        // The colours of OpenEXR are multiplied by alpha.
        props.premultiplied = matches!(self.color, Color::Rgba | Color::GrayAlpha);
        props
    }

    /// Pillow's name for such pixels, as near as it comes.
    pub fn mode(&self) -> &'static str {
        match self.color {
            Color::Rgb => "RGB",
            Color::Rgba => "RGBA",
            _ => "F",
        }
    }

    /// The attributes of its part under their names, with the channels that are this image's.
    pub fn meta(&self, part: &Part) -> Dict {
        let mut meta = part.attributes.clone();
        meta.set("channels", self.channels(part).map(|c| c.name.as_str()).collect::<List>());
        if !self.layer.is_empty() {
            meta.set("layer", self.layer.as_str());
        }
        meta
    }
}
