//! The types of an array's items.

use std::fmt;

macro_rules! dtypes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $size:literal, $text:literal;)*) => {
        /// The type of an item: native byte order, and for `Bool` one byte that is 0 or 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum DType { $($(#[$doc])* $name = $code,)* }

        impl DType {
            /// Every dtype.
            pub const ALL: &'static [DType] = &[$(DType::$name),*];

            /// Bytes of one item.
            pub const fn size(self) -> usize {
                match self { $(DType::$name => $size,)* }
            }

            /// numpy's name.
            pub const fn name(self) -> &'static str {
                match self { $(DType::$name => $text,)* }
            }

            /// The dtype of a code of the C ABI.
            pub const fn from_code(code: i32) -> Option<DType> {
                match code { $($code => Some(DType::$name),)* _ => None }
            }
        }
    };
}

dtypes! {
    /// True or false.
    Bool = 1, 1, "bool";
    /// 8 bits, unsigned.
    U8 = 2, 1, "uint8";
    /// 16 bits, unsigned.
    U16 = 3, 2, "uint16";
    /// 32 bits, unsigned.
    U32 = 4, 4, "uint32";
    /// 64 bits, unsigned.
    U64 = 5, 8, "uint64";
    /// 8 bits, signed.
    I8 = 6, 1, "int8";
    /// 16 bits, signed.
    I16 = 7, 2, "int16";
    /// 32 bits, signed.
    I32 = 8, 4, "int32";
    /// 64 bits, signed.
    I64 = 9, 8, "int64";
    /// IEEE half precision.
    F16 = 10, 2, "float16";
    /// IEEE single precision.
    F32 = 11, 4, "float32";
    /// IEEE double precision.
    F64 = 12, 8, "float64";
    /// Two `F32`: re, im.
    C64 = 13, 8, "complex64";
    /// Two `F64`: re, im.
    C128 = 14, 16, "complex128";
}

/// The families of dtypes, in the order in which one holds the values of the former.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DTypeKind {
    /// True or false.
    Bool,
    /// Whole numbers from 0.
    Unsigned,
    /// Whole numbers.
    Signed,
    /// Floating point.
    Float,
    /// Two floats.
    Complex,
}

impl DType {
    /// The code of the C ABI.
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// The dtype of a numpy name, `bool` to `complex128`.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL.iter().copied().find(|d| d.name() == name)
    }

    /// The family.
    pub const fn kind(self) -> DTypeKind {
        match self {
            DType::Bool => DTypeKind::Bool,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => DTypeKind::Unsigned,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => DTypeKind::Signed,
            DType::F16 | DType::F32 | DType::F64 => DTypeKind::Float,
            DType::C64 | DType::C128 => DTypeKind::Complex,
        }
    }

    /// Bits in which a whole number is exact: the sign excluded, the hidden bit included.
    const fn exact_bits(self) -> u32 {
        match self {
            DType::Bool => 1,
            DType::U8 => 8,
            DType::U16 => 16,
            DType::U32 => 32,
            DType::U64 => 64,
            DType::I8 => 7,
            DType::I16 => 15,
            DType::I32 => 31,
            DType::I64 => 63,
            DType::F16 => 11,
            DType::F32 | DType::C64 => 24,
            DType::F64 | DType::C128 => 53,
        }
    }

    /// Whether every value of `self` is a value of `to`.
    pub fn fits_in(self, to: DType) -> bool {
        if self == to {
            return true;
        }
        let (from_kind, to_kind) = (self.kind(), to.kind());
        let narrower = self.exact_bits() <= to.exact_bits();
        match (from_kind, to_kind) {
            (_, DTypeKind::Bool) => false,
            (DTypeKind::Bool, _) => true,
            (DTypeKind::Signed, DTypeKind::Unsigned) => false,
            // Floats differ in range too, which grows with their precision.
            (a, b) => a <= b && narrower,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lossless_conversions_fit() {
        assert!(DType::U8.fits_in(DType::I16) && DType::U16.fits_in(DType::F32) && DType::Bool.fits_in(DType::U8));
        assert!(DType::I32.fits_in(DType::F64) && DType::F32.fits_in(DType::C64));
        assert!(!DType::U16.fits_in(DType::U8) && !DType::I8.fits_in(DType::U16) && !DType::U32.fits_in(DType::F32));
        assert!(!DType::I64.fits_in(DType::F64) && !DType::F32.fits_in(DType::I64) && !DType::U8.fits_in(DType::Bool));
    }

    #[test]
    fn names_and_codes_go_both_ways() {
        for &dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
            assert_eq!(DType::from_code(dtype.code()), Some(dtype));
        }
        assert_eq!(DType::from_code(0), None);
    }
}
