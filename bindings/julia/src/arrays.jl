# Arrays as Julia keeps them, described to the library by strides: pixels are decoded into them, and encoded from them,
# with no copy in between. Where the axes go, the library knows (iio_axes_read, iio_axes_write).

const order = "SYX"     # what stands first, where an image has it

padded(t, T = UInt64) = ntuple(i -> i <= length(t) ? T(t[i]) : zero(T), IIO_MAX_NDIM)
zeroed(::Type{iio_props}) = iio_props(sizeof(iio_props), 0, 0, 0, 0, 0, padded(()), padded((), Float64), ntuple(_ -> Cchar(0), 16), 0, 0, 0, 0)
zeroed(::Type{iio_array}) = iio_array(sizeof(iio_array), 0, 0, 0, C_NULL, padded(()), padded((), Int64))

"For each axis in Julia, the image's axis."
function places(props::iio_props)
    place = zeros(UInt32, IIO_MAX_NDIM)
    call(() -> iio_axes_read(Ref(props), order, place))
    ntuple(i -> Int(place[i]) + 1, props.ndim)
end

julia_size(props, place) = map(axis -> Int(props.shape[axis]), place)

"A view of `a` for the library, whose axis `place[i]` is the array's axis `i`. `a` has to be kept alive."
function array_view(a::AbstractArray{T}, place) where {T}
    shape, steps = zeros(UInt64, IIO_MAX_NDIM), zeros(Int64, IIO_MAX_NDIM)
    for (i, axis) in enumerate(place)
        shape[axis] = size(a, i)
        steps[axis] = stride(a, i) * sizeof(T)
    end
    iio_array(sizeof(iio_array), dtype(T), ndims(a), IIO_ARRAY_STRIDED, Base.unsafe_convert(Ptr{T}, a), Tuple(shape), Tuple(steps))
end

"The array itself where its memory can be lent, else a copy."
lendable(a::StridedArray) = a
lendable(a::PermutedDimsArray{<:Any,<:Any,<:Any,<:Any,<:StridedArray}) = a
lendable(a::AbstractArray) = Array(a)

function allocate(T, props, place)
    T === Nothing || dtype(T)   # refuses other types
    Array{T === Nothing ? element_type(props.dtype) : T}(undef, julia_size(props, place)...)
end

"""
Calls `f` with a view of an array that is to be written, and what the write has to be told of its axes. `axes` has a letter for
each axis of the array, in its order: N images, T, Z, C, Y, X, S samples, Q other; nothing: the library guesses.
"""
function with_image(f, image::AbstractArray, axes)
    image = lendable(image)
    place, letters, is_batch = zeros(UInt32, IIO_MAX_NDIM), zeros(Cchar, 16), Ref(Int32(-1))
    given = axes === nothing ? C_NULL : String(axes)
    call(() -> iio_axes_write(ndims(image), collect(UInt64, size(image)), order, given, place, letters, is_batch))
    told = (; (is_batch[] < 0 ? () : (:is_batch => is_batch[] != 0,))...,
        (axes === nothing ? () : (:axes => letter_string(letters),))...)
    GC.@preserve image f(array_view(image, Int.(place[1:ndims(image)]) .+ 1), told)
end

letter_string(letters) = String(UInt8[c for c in Iterators.takewhile(!iszero, letters)])

"""
    ImageProperties

What a read with the same index and options gives, known without decoding a pixel. `size` and `axes` stand in Julia's order;
`axes` has a letter for each: N images, T, Z, C, Y, X, S samples, Q other. `n_images` is a number where all images are
asked for. `spacing` is the distance of two samples along each axis, 0 where the file does not say.
"""
struct ImageProperties
    size::Dims
    eltype::DataType
    axes::String
    is_batch::Bool
    n_images::Union{Int,Nothing}
    color::Symbol
    bits::Int
    spacing::Vector{Float64}
    premultiplied::Bool
    oriented::Bool
    orientation::Int
end

function ImageProperties(p::iio_props)
    place = places(p)
    ImageProperties(julia_size(p, place), element_type(p.dtype), String([Char(p.axes[i]) for i in place]), p.is_batch != 0,
        p.n_images < 0 ? nothing : Int(p.n_images), color_name(p.color), Int(p.bits), [p.spacing[i] for i in place],
        p.flags & IIO_PROPS_PREMULTIPLIED != 0, p.flags & IIO_PROPS_ORIENTED != 0, Int(p.orientation))
end

Base.show(io::IO, p::ImageProperties) =
    print(io, join(p.size, "×"), " ", p.eltype, " (", p.axes, ", ", p.color, p.n_images === nothing ? "" : ", $(p.n_images) images", ")")

"The library's number for an index: images are counted from 1 here."
c_index(::Nothing) = IIO_INDEX_DEFAULT
c_index(::Colon) = IIO_INDEX_ALL
c_index(i::Integer) = i >= 1 ? Int64(i) - 1 : throw(failure(:INDEX, IIO_ERROR_INDEX, "no image $i: images are counted from 1"))
