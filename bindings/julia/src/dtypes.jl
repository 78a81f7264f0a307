# Element types by the library's numbers, and names of its constants.

const element_types = Dict{Int32,DataType}(
    IIO_BOOL => Bool, IIO_UINT8 => UInt8, IIO_UINT16 => UInt16, IIO_UINT32 => UInt32, IIO_UINT64 => UInt64,
    IIO_INT8 => Int8, IIO_INT16 => Int16, IIO_INT32 => Int32, IIO_INT64 => Int64,
    IIO_FLOAT16 => Float16, IIO_FLOAT32 => Float32, IIO_FLOAT64 => Float64,
    IIO_COMPLEX64 => ComplexF32, IIO_COMPLEX128 => ComplexF64,
)
const dtypes = Dict{DataType,Int32}(type => code for (code, type) in element_types)

const colors = [:unknown, :gray, :gray_alpha, :rgb, :rgba, :bgr, :bgra, :cmyk, :ycbcr, :lab, :hsv, :palette, :bayer, :multi]

element_type(dtype) = get(() -> error("the library gives a dtype that this package does not know: $dtype"), element_types, dtype)
dtype(T::Type) = get(() -> throw(ArgumentError("an image has no elements of type $T; it has $(join(sort(string.(keys(dtypes))), ", "))")), dtypes, T)
dtype_name(T::Type) = unsafe_string(iio_dtype_name(dtype(T)))
color_name(code) = code < length(colors) ? colors[code+1] : :unknown
