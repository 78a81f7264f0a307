//! What coder and decoder share: the prediction, the contexts, and how they learn.

/// What holds for a scan.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    pub most: i32,
    pub near: i32,
    pub thresholds: [i32; 3],
    pub reset: i32,
}

impl Parameters {
    /// Those of a stream that gives none.
    pub fn of(most: i32, near: i32) -> Parameters {
        let clamp = |n: i32, least: i32| if n > most || n < least { least } else { n };
        let [a, b, c] = if most >= 128 {
            let factor = (most.min(4095) + 128) / 256;
            [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
        } else {
            let factor = 256 / (most + 1);
            [2.max(3 / factor + 3 * near), 3.max(7 / factor + 5 * near), 4.max(21 / factor + 7 * near)]
        };
        let first = clamp(a, near + 1);
        let second = clamp(b, first);
        Parameters { most, near, thresholds: [first, second, clamp(c, second)], reset: 64 }
    }
}

/// A context of plain prediction.
#[derive(Clone, Copy)]
pub struct Context {
    pub a: i32,
    pub b: i32,
    pub c: i32,
    pub n: i32,
}

/// A context of the sample behind a run.
#[derive(Clone, Copy)]
pub struct RunContext {
    pub a: i32,
    pub n: i32,
    pub negative: i32,
    pub kind: i32,
}

/// By how much the length of runs grows: powers of 2.
pub const RUNS: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The state of a scan.
pub struct Model {
    pub p: Parameters,
    pub contexts: [Context; 365],
    pub runs: [RunContext; 2],
    /// The step of near-lossless errors.
    pub step: i32,
    pub range: i32,
    /// Bits of an error that is written as it is.
    pub error_bits: u32,
    /// The longest code.
    pub limit: u32,
}

/// The samples around one, and what they say of it.
#[derive(Clone, Copy)]
pub struct Around {
    pub left: i32,
    pub above: i32,
    pub above_left: i32,
    pub above_right: i32,
}

fn bits_for(n: i32) -> u32 {
    // Rounded up: so many bits tell `n` values apart.
    32 - (n - 1).max(0).leading_zeros()
}

impl Model {
    pub fn new(p: Parameters) -> Model {
        let step = 2 * p.near + 1;
        let range = (p.most + 2 * p.near) / step + 1;
        let bits = bits_for(p.most + 1).max(2);
        let a = 2.max((range + 32) / 64);
        let run = |kind| RunContext { a, n: 1, negative: 0, kind };
        Model {
            p,
            contexts: [Context { a, b: 0, c: 0, n: 1 }; 365],
            runs: [run(0), run(1)],
            step,
            range,
            error_bits: bits_for(range),
            limit: 2 * (bits + bits.max(8)),
        }
    }

    fn quantise(&self, d: i32) -> i32 {
        let [a, b, c] = self.p.thresholds;
        let size = d.abs();
        let level = if size >= c {
            4
        } else if size >= b {
            3
        } else if size >= a {
            2
        } else {
            i32::from(size > self.p.near)
        };
        if d < 0 { -level } else { level }
    }

    /// The number of the context, less than 0 where the signs of errors are turned.
    #[inline]
    pub fn context(&self, s: Around) -> i32 {
        let gradients = [s.above_right - s.above, s.above - s.above_left, s.above_left - s.left];
        let [a, b, c] = gradients.map(|d| self.quantise(d));
        (a * 9 + b) * 9 + c
    }

    /// Puts a sample back into its range, which an error may have left.
    #[inline]
    pub fn wrap(&self, mut value: i32) -> i32 {
        if value < -self.p.near {
            value += self.range * self.step;
        } else if value > self.p.most + self.p.near {
            value -= self.range * self.step;
        }
        value.clamp(0, self.p.most)
    }

    /// An error of prediction, quantised and brought into the range of errors.
    pub fn error(&self, difference: i32) -> i32 {
        let near = self.p.near;
        let mut error = if difference > 0 { (near + difference) / self.step } else { -(near - difference) / self.step };
        if error < 0 {
            error += self.range;
        }
        if error >= (self.range + 1) / 2 { error - self.range } else { error }
    }

    /// Whether a sample is near enough to another to belong to its run.
    #[inline]
    pub fn is_near(&self, a: i32, b: i32) -> bool {
        (a - b).abs() <= self.p.near
    }
}

impl Around {
    /// What the sample is expected to be: what continues an edge, or a plane.
    #[inline]
    pub fn predict(self) -> i32 {
        let (least, most) = (self.left.min(self.above), self.left.max(self.above));
        if self.above_left >= most {
            least
        } else if self.above_left <= least {
            most
        } else {
            self.left + self.above - self.above_left
        }
    }
}

/// The smallest power of 2 by which `n` is at least `a`.
#[inline]
fn golomb(n: i32, a: i32) -> u32 {
    let mut k = 0;
    while k < 24 && i64::from(n) << k < i64::from(a) {
        k += 1;
    }
    k
}

impl Context {
    #[inline]
    pub fn golomb(&self) -> u32 {
        golomb(self.n, self.a)
    }

    /// Whether errors of this context are mostly below zero, so that their codes change places.
    #[inline]
    pub fn is_turned(&self, k: u32, near: i32) -> bool {
        near == 0 && k == 0 && 2 * self.b <= -self.n
    }

    #[inline]
    pub fn learn(&mut self, error: i32, step: i32, reset: i32) {
        self.a = self.a.saturating_add(error.abs());
        self.b = self.b.saturating_add(error * step);
        if self.n == reset {
            (self.a, self.b, self.n) = (self.a >> 1, self.b >> 1, self.n >> 1);
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
    }
}

impl RunContext {
    pub fn golomb(&self) -> u32 {
        golomb(self.n, self.a + if self.kind == 1 { self.n >> 1 } else { 0 })
    }

    /// Whether an error above zero, rather than one below, has an odd code.
    fn is_odd_positive(&self, k: u32) -> bool {
        k == 0 && 2 * self.negative < self.n
    }

    /// The error of a code.
    pub fn error(&self, code: i32, k: u32) -> i32 {
        let twice = code + self.kind;
        let odd = twice & 1 == 1;
        let size = (twice + i32::from(odd)) / 2;
        if odd == self.is_odd_positive(k) { size } else { -size }
    }

    /// The code of an error.
    pub fn code(&self, error: i32, k: u32) -> i32 {
        let odd = error != 0 && (error > 0) == self.is_odd_positive(k);
        2 * error.abs() - self.kind - i32::from(odd)
    }

    pub fn learn(&mut self, error: i32, code: i32, reset: i32) {
        self.negative += i32::from(error < 0);
        self.a = self.a.saturating_add((code + 1 - self.kind) >> 1);
        if self.n == reset {
            (self.a, self.n, self.negative) = (self.a >> 1, self.n >> 1, self.negative >> 1);
        }
        self.n += 1;
    }
}
