//! Arrays of `ndarray`, of whatever dtype a file has.

use crate::error::{Error, Result};
use crate::model::{DType, Props, View, ViewMut};
use half::f16;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;

macro_rules! arrays {
    ($($(#[$doc:meta])* $name:ident($type:ty);)*) => {
        /// An array of any dtype.
        #[derive(Clone, Debug, PartialEq)]
        pub enum NdArray {
            /// True or false.
            Bool(ArrayD<bool>),
            $($(#[$doc])* $name(ArrayD<$type>),)*
        }

        impl NdArray {
            /// The dtype.
            pub fn dtype(&self) -> DType {
                match self { NdArray::Bool(_) => DType::Bool, $(NdArray::$name(_) => DType::$name,)* }
            }

            /// Length of each axis.
            pub fn shape(&self) -> &[usize] {
                match self { NdArray::Bool(a) => a.shape(), $(NdArray::$name(a) => a.shape(),)* }
            }

            /// The array as a view that writes take, with its own strides.
            pub fn view(&self) -> Option<View<'_>> {
                match self { NdArray::Bool(a) => View::of_array(a), $(NdArray::$name(a) => View::of_array(a),)* }
            }

            /// An array of these properties, filled by `read`; and what `read` said.
            pub(super) fn fill<T>(props: &Props, read: impl FnOnce(ViewMut) -> Result<T>) -> Result<(NdArray, T)> {
                match props.dtype {
                    DType::Bool => {
                        let (array, said) = filled::<u8, T>(props, read)?;
                        Ok((NdArray::Bool(array.mapv(|b| b != 0)), said))
                    }
                    $(DType::$name => {
                        filled::<$type, T>(props, read).map(|(array, said)| (NdArray::$name(array), said))
                    })*
                }
            }
        }
    };
}

arrays! {
    /// 8 bits, unsigned.
    U8(u8);
    /// 16 bits, unsigned.
    U16(u16);
    /// 32 bits, unsigned.
    U32(u32);
    /// 64 bits, unsigned.
    U64(u64);
    /// 8 bits, signed.
    I8(i8);
    /// 16 bits, signed.
    I16(i16);
    /// 32 bits, signed.
    I32(i32);
    /// 64 bits, signed.
    I64(i64);
    /// Half precision.
    F16(f16);
    /// Single precision.
    F32(f32);
    /// Double precision.
    F64(f64);
    /// Two singles.
    C64(Complex<f32>);
    /// Two doubles.
    C128(Complex<f64>);
}

fn filled<P: bytemuck::Pod, T>(props: &Props, read: impl FnOnce(ViewMut) -> Result<T>) -> Result<(ArrayD<P>, T)> {
    let bytes = props.nbytes()?;
    let items = bytes / size_of::<P>();
    let mut data: Vec<P> = Vec::new();
    data.try_reserve_exact(items).map_err(|_| Error::out_of_memory(bytes))?;
    data.resize(items, P::zeroed());
    let view = ViewMut::packed(bytemuck::cast_slice_mut(&mut data), size_of::<P>(), &props.shape);
    let said = read(view.ok_or_else(|| Error::internal("an array of the wrong size"))?)?;
    let array = ArrayD::from_shape_vec(IxDyn(&props.shape), data);
    Ok((array.map_err(|e| Error::internal(e.to_string()))?, said))
}
