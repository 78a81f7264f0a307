//! Pillow's formulas, pixel by pixel.

use once_cell::sync::Lazy;

/// A value as 8 bits: cut, not scaled, and without its fraction.
pub fn clip(value: f64) -> u8 {
    value as u8
}

/// ITU-R 601-2, in fixed point.
pub fn luma([r, g, b, _]: [u8; 4]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}

/// The same in thousandths.
pub fn luma_thousandths([r, g, b]: [u8; 3]) -> u32 {
    u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114
}

pub fn exact_luma([r, g, b, _]: [u8; 4]) -> f32 {
    luma_thousandths([r, g, b]) as f32 / 1000.0
}

/// The product of two parts of 255, rounded.
pub fn multiplied(a: u8, b: u8) -> u8 {
    let product = u32::from(a) * u32::from(b) + 128;
    (((product >> 8) + product) >> 8) as u8
}

pub fn cmyk_to_rgb([c, m, y, k]: [u8; 4]) -> [u8; 4] {
    let light = 255 - k;
    let one = |ink: u8| light.saturating_sub(multiplied(ink, light));
    [one(c), one(m), one(y), 255]
}

/// A part of JFIF's matrix for each value of a sample, in 64ths.
pub struct Tables {
    y: [[i32; 256]; 3],
    cb: [[i32; 256]; 3],
    cr: [[i32; 256]; 3],
    r_cr: [i32; 256],
    g_cb: [i32; 256],
    g_cr: [i32; 256],
    b_cb: [i32; 256],
}

/// The tables, made once.
pub fn ycbcr_tables() -> &'static Tables {
    static TABLES: Lazy<Tables> = Lazy::new(|| {
        // Pillow adds a half also to negative values, and then cuts.
        let table =
            |part: f64, zero: i32| std::array::from_fn(|i| (part * 64.0 * f64::from(i as i32 - zero) + 0.5) as i32);
        Tables {
            y: [0.299, 0.587, 0.114].map(|part| table(part, 0)),
            cb: [-0.16874, -0.33126, 0.5].map(|part| table(part, 0)),
            cr: [0.5, -0.41869, -0.08131].map(|part| table(part, 0)),
            r_cr: table(1.402, 128),
            g_cb: table(-0.34414, 128),
            g_cr: table(-0.71414, 128),
            b_cb: table(1.772, 128),
        }
    });
    &TABLES
}

fn at(table: &[i32; 256], i: u8) -> i32 {
    table[usize::from(i)]
}

pub fn rgb_to_ycbcr(tables: &Tables, [r, g, b, _]: [u8; 4]) -> [u8; 3] {
    let sum = |[of_r, of_g, of_b]: &[[i32; 256]; 3]| (at(of_r, r) + at(of_g, g) + at(of_b, b)) >> 6;
    [sum(&tables.y) as u8, (sum(&tables.cb) + 128) as u8, (sum(&tables.cr) + 128) as u8]
}

pub fn ycbcr_to_rgb(tables: &Tables, [y, cb, cr]: [u8; 3]) -> [u8; 4] {
    let lit = |part: i32| (i32::from(y) + (part >> 6)).clamp(0, 255) as u8;
    let green = at(&tables.g_cb, cb) + at(&tables.g_cr, cr);
    [lit(at(&tables.r_cr, cr)), lit(green), lit(at(&tables.b_cb, cb)), 255]
}

/// As Python's colorsys has it, in single precision where Pillow works in it.
pub fn rgb_to_hsv([r, g, b, _]: [u8; 4]) -> [u8; 3] {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most == least {
        return [0, 0, most];
    }
    let range = f32::from(most - least);
    let [rc, gc, bc] = [r, g, b].map(|c| f32::from(most - c) / range);
    let hue = if r == most {
        bc - gc
    } else if g == most {
        (2.0 + f64::from(rc) - f64::from(bc)) as f32
    } else {
        (4.0 + f64::from(gc) - f64::from(rc)) as f32
    };
    let hue = ((f64::from(hue) / 6.0 + 1.0) % 1.0) as f32;
    [(f64::from(hue) * 255.0) as u8, (f64::from(range / f32::from(most)) * 255.0) as u8, most]
}

pub fn hsv_to_rgb([h, s, v]: [u8; 3]) -> [u8; 4] {
    if s == 0 {
        return [v, v, v, 255];
    }
    let hue = f32::from(h) * 6.0 / 255.0;
    let sector = hue.floor();
    let (f, fs) = (hue - sector, f32::from(s) / 255.0);
    let lit = |part: f32| (f32::from(v) * part).round() as u8;
    let (p, q, t) = (lit(1.0 - fs), lit(1.0 - fs * f), lit(1.0 - fs * (1.0 - f)));
    match sector as u8 % 6 {
        0 => [v, t, p, 255],
        1 => [q, v, p, 255],
        2 => [p, v, t, 255],
        3 => [p, q, v, 255],
        4 => [t, p, v, 255],
        _ => [v, p, q, 255],
    }
}

/// sRGB's white under D50, which ICC profiles count from, and its primaries adapted to it.
const WHITE: [f64; 3] = [0.9642, 1.0, 0.8249];
const TO_XYZ: [[f64; 3]; 3] = [
    [0.436_065_74, 0.385_151_61, 0.143_078_03],
    [0.222_493_17, 0.716_886_98, 0.060_617_78],
    [0.013_923_79, 0.097_081_32, 0.714_099_30],
];
const FROM_XYZ: [[f64; 3]; 3] = [
    [3.134_112_2, -1.617_392_4, -0.490_633_4],
    [-0.978_795_9, 1.916_279_2, 0.033_442_8],
    [0.071_955_2, -0.228_976_7, 1.405_386_1],
];

fn product(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
}

/// CIE L*a*b* as Pillow stores it: L* to 255, and a* and b* as signed bytes.
pub fn rgb_to_lab([r, g, b, _]: [u8; 4]) -> [u8; 3] {
    static LINEAR: Lazy<[f64; 256]> = Lazy::new(|| {
        std::array::from_fn(|i| {
            let x = i as f64 / 255.0;
            if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
        })
    });
    let linear = [r, g, b].map(|c| LINEAR[usize::from(c)]);
    let [x, y, z] = product(&TO_XYZ, linear);
    let root = |t: f64| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 };
    let (fx, fy, fz) = (root(x / WHITE[0]), root(y / WHITE[1]), root(z / WHITE[2]));
    let signed = |v: f64| v.round().clamp(-128.0, 127.0) as i8 as u8;
    [((116.0 * fy - 16.0) * 2.55).round() as u8, signed(500.0 * (fx - fy)), signed(200.0 * (fy - fz))]
}

pub fn lab_to_rgb([l, a, b]: [u8; 3]) -> [u8; 4] {
    let fy = (f64::from(l) / 2.55 + 16.0) / 116.0;
    let (fx, fz) = (fy + f64::from(a as i8) / 500.0, fy - f64::from(b as i8) / 200.0);
    let cube = |f: f64| if f > 6.0 / 29.0 { f * f * f } else { (116.0 * f - 16.0) * 27.0 / 24389.0 };
    let linear = product(&FROM_XYZ, [cube(fx) * WHITE[0], cube(fy) * WHITE[1], cube(fz) * WHITE[2]]);
    let [r, g, b] = linear.map(|x| {
        let x = x.clamp(0.0, 1.0);
        let lit = if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
        (lit * 255.0).round() as u8
    });
    [r, g, b, 255]
}
