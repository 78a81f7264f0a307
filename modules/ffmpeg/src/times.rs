//! Times of pictures whose packets do not say when they are shown.

use ffmpeg_sys_next as ff;
use std::collections::VecDeque;

/// Times of decoding, in order, which are those of showing.
#[derive(Default)]
pub struct Times {
    waiting: VecDeque<i64>,
    /// Whether the first packet said when it is shown, and how long after its decoding.
    first: Option<(bool, i64)>,
}

/// Most times that are kept for pictures to come.
const MOST: usize = 4096;

impl Times {
    /// A packet with these times was sent that begins a picture.
    pub fn sent(&mut self, pts: i64, dts: i64) {
        let none = ff::AV_NOPTS_VALUE;
        let shift = if pts != none && dts != none { pts.saturating_sub(dts) } else { 0 };
        self.first.get_or_insert((pts != none, shift));
        if dts != none && self.waiting.len() < MOST {
            self.waiting.push_back(dts);
        }
    }

    /// The time of the next picture that comes, which has one of its own, or none.
    pub fn next(&mut self, own: i64) -> i64 {
        let (told, shift) = self.first.unwrap_or((true, 0));
        // Times of packets that gave no picture are behind.
        while told && own != ff::AV_NOPTS_VALUE && self.waiting.len() > 1 {
            match self.waiting.front() {
                Some(time) if time.saturating_add(shift) < own => self.waiting.pop_front(),
                _ => break,
            };
        }
        match self.waiting.pop_front() {
            Some(time) if !told || own == ff::AV_NOPTS_VALUE => time.saturating_add(shift),
            _ => own,
        }
    }

    /// Forgets those that wait.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
