//! Damages files, by a seed.

/// Numbers by a seed: SplitMix64.
pub struct Random(u64);

impl Random {
    /// Numbers of this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 of nothing.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.any() % n as u64) as usize }
    }

    /// A place in bytes; half of the time near their start, where headers are.
    fn place(&mut self, len: usize) -> usize {
        let reach = if self.below(2) == 0 { len.min(200) } else { len };
        self.below(reach)
    }
}

const SIZES: [u32; 14] =
    [0, 1, 2, 3, 255, 256, 4096, 16384, 0x7FFF, 0xFFFF, 0x0100_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

/// A damaged `file`; `other` lends it parts.
pub fn mutate(file: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(3) * random.below(3) {
        once(&mut bytes, other, random);
    }
    if bytes.starts_with(PNG) && random.below(8) > 0 {
        sum_png(&mut bytes);
    }
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let len = bytes.len();
    if len == 0 {
        return bytes.extend_from_slice(other);
    }
    let at = random.place(len);
    let most = len - at;
    match random.below(14) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = 0,
        3 => bytes[at] = 255,
        4 => bytes[at] = random.any() as u8,
        5 => bytes[at] = bytes[at].wrapping_add(if random.below(2) == 0 { 1 } else { 255 }),
        6 => put(&mut bytes[at..], &size(random).to_le_bytes()),
        7 => put(&mut bytes[at..], &size(random).to_be_bytes()),
        8 => put(&mut bytes[at..], &(size(random) as u16).to_le_bytes()),
        9 => put(&mut bytes[at..], &(size(random) as u16).to_be_bytes()),
        10 => bytes.truncate(if random.below(4) == 0 { len - 1 - random.below(20).min(len - 1) } else { at }),
        11 => {
            let part = bytes[at..at + 1 + random.below(most.min(80))].to_vec();
            let to = random.place(len);
            bytes.splice(to..to, part);
        }
        12 if random.below(2) == 0 => {
            bytes.drain(at..at + 1 + random.below(most.min(40)));
        }
        12 => chunk(bytes, other, random),
        _ => {
            let from = random.place(other.len());
            let n = random.below(other.len() - from);
            let behind = if random.below(2) == 0 { at } else { (at + n).min(len) };
            bytes.splice(at..behind, other[from..from + n].iter().copied());
        }
    }
}

fn size(random: &mut Random) -> u32 {
    match random.below(3) {
        0 => random.below(300) as u32,
        _ => SIZES[random.below(SIZES.len())],
    }
}

fn put(to: &mut [u8], number: &[u8]) {
    to.iter_mut().zip(number).for_each(|(to, &from)| *to = from);
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Where the parts of a PNG, RIFF or other file lie, as far as they can be followed.
fn parts(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let riff = bytes.starts_with(b"RIFF");
    let mut at = if bytes.starts_with(PNG) { 8 } else { 12 };
    if !bytes.starts_with(PNG) && !riff {
        return found;
    }
    while let Some(head) = bytes.get(at..at + 8) {
        let word = |i: usize| [head[i], head[i + 1], head[i + 2], head[i + 3]];
        let len = if riff {
            let n = u32::from_le_bytes(word(4)) as usize;
            8 + n + n % 2
        } else {
            12 + u32::from_be_bytes(word(0)) as usize
        };
        let Some(end) = at.checked_add(len).filter(|&end| end <= bytes.len()) else { break };
        found.push((at, end));
        at = end;
    }
    found
}

/// Puts a chunk twice, takes it away, or puts it elsewhere; or one of another file in.
fn chunk(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let (own, lent) = (parts(bytes), parts(other));
    if own.is_empty() {
        return;
    }
    let (from, end) = own[random.below(own.len())];
    let to = own[random.below(own.len())].0;
    match random.below(4) {
        0 => {
            let part = bytes[from..end].to_vec();
            bytes.splice(to..to, part);
        }
        1 => {
            bytes.drain(from..end);
        }
        2 if !lent.is_empty() => {
            let (from, end) = lent[random.below(lent.len())];
            bytes.splice(to..to, other[from..end].iter().copied());
        }
        _ => {
            let part: Vec<u8> = bytes.drain(from..end).collect();
            let to = if to > from { to - part.len() } else { to };
            bytes.splice(to.min(bytes.len())..to.min(bytes.len()), part);
        }
    }
}

/// Makes the checksums of a PNG file right, so that damage goes deeper than to them.
pub fn sum_png(bytes: &mut [u8]) {
    for (from, end) in parts(bytes) {
        let sum = crc(&bytes[from + 4..end - 4]);
        bytes[end - 4..end].copy_from_slice(&sum.to_be_bytes());
    }
}

fn crc(bytes: &[u8]) -> u32 {
    static TABLE: std::sync::OnceLock<[u32; 256]> = std::sync::OnceLock::new();
    let table = TABLE.get_or_init(|| {
        std::array::from_fn(|n| (0..8).fold(n as u32, |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }))
    });
    !bytes.iter().fold(u32::MAX, |c, &b| table[((c ^ u32::from(b)) & 0xFF) as usize] ^ (c >> 8))
}
