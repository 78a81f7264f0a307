"""
Goes over the images of a file, once; made by [`imiter`](@ref). `length` is of what is still to come, where the file's headers
tell it and no option picks images; else it throws. `immeta(iter)` is of the image that was given last, `improps(iter)` of the
next one, `seek(iter, i)` makes image `i` the next, `read!(iter, a)` reads the next into an array.
"""
mutable struct Iter{T}
    ptr::Ptr{Cvoid}
    file::Union{File,Nothing}       # keeps what its file was lent
    lent::Lent
    total::Int
    next::Int
    Iter{T}(ptr, file, lent, total) where {T} = finalizer(close, new{T}(ptr, file, lent, total, 1))
end

# `collect` and comprehensions ask for the length after the first image, or before it, as they like: with what is still to
# come as an answer they would make arrays that are too short. And headers may promise more than there is.
Base.IteratorSize(::Type{<:Iter}) = Base.SizeUnknown()
Base.IteratorEltype(::Type{<:Iter}) = Base.HasEltype()
Base.eltype(::Type{Iter{Nothing}}) = Array
Base.eltype(::Type{Iter{T}}) where {T} = Array{T}
Base.length(iter::Iter) = iter.total >= 0 ? max(iter.total - iter.next + 1, 0) :
    throw(ArgumentError("how many images will come is not known before they do: the file's headers do not say, or an option picks"))
Base.isopen(iter::Iter) = iter.ptr != C_NULL

function Base.close(iter::Iter)
    ptr, iter.ptr = iter.ptr, C_NULL
    iio_iter_free(ptr)
end

live(iter::Iter) = iter.ptr == C_NULL ? throw(failure(:INVALID_ARGUMENT, IIO_ERROR_INVALID_ARGUMENT, "the iterator is closed")) : iter.ptr
lents(iter::Iter) = iter.file === nothing ? (iter.lent,) : (iter.file.lent, iter.lent)
on_iter(f, iter::Iter; expected = IIO_OK) = GC.@preserve iter call(() -> f(live(iter)), lents(iter)...; expected = expected)

function Base.iterate(iter::Iter{T}, _ = nothing) where {T}
    iter.ptr == C_NULL && return nothing
    props = Ref(zeroed(iio_props))
    GC.@preserve iter begin
        on_iter(ptr -> iio_iter_props(ptr, props), iter) == IIO_END && return nothing
        place = places(props[])
        out = allocate(T, props[], place)
        GC.@preserve out advance(iter, array_view(out, place)) || return nothing
        (out, nothing)
    end
end

function advance(iter, view)
    on_iter(ptr -> iio_iter_next_into(ptr, Ref(view)), iter) == IIO_END && return false
    iter.next += 1
    true
end

"Reads the next image into an array or view; `EOFError` after the last."
function Base.read!(iter::Iter, a::AbstractArray)
    props = Ref(zeroed(iio_props))
    GC.@preserve iter a begin
        on_iter(ptr -> iio_iter_props(ptr, props), iter) == IIO_END && throw(EOFError())
        advance(iter, target(a, props[])) || throw(EOFError())
    end
    a
end

function improps(iter::Iter)
    props = Ref(zeroed(iio_props))
    on_iter(ptr -> iio_iter_props(ptr, props), iter) == IIO_END ? nothing : ImageProperties(props[])
end

function immeta(iter::Iter)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    on_iter(ptr -> iio_iter_meta(ptr, out), iter)
    take_dict(out[])
end

function Base.seek(iter::Iter, i::Integer)
    on_iter(ptr -> iio_iter_seek(ptr, c_index(i)), iter)
    iter.next = i
    iter
end

plugin(iter::Iter) = GC.@preserve iter unsafe_string(iio_file_plugin(iio_iter_file(live(iter))))

# How many images there will be, where the headers say and nothing picks among them.
function known_length(file, options)
    any(key -> haskey(options, key), (:start, :stop, :every, :start_s)) && return -1
    n = Ref(Int64(-1))
    iio_file_count(file, C_NULL, IIO_IMAGES_CHEAP, n) == IIO_OK ? Int(n[]) : -1
end

function started(start, T, file, lent, options)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    call(() -> start(out), (file === nothing ? () : (file.lent,))..., lent)
    total = known_length(iio_iter_file(out[]), options)
    Iter{T}(out[], file, lent, total)
end

"""
    imiter(source; options...)
    imiter(T, source; options...)

Goes over the images of a path or URI, bytes, an `IO`, or an open file; each in an array of its own, of elements `T` if given.
Options `start`, `stop` and `every` pick images; the library counts them from 0.
"""
imiter(source; options...) = imiter(Nothing, source; options...)
function imiter(T::Type, uri::AbstractString; options...)
    options = typed_options(T, options)
    with_options(options) do dict, lent
        started(out -> iio_imiter(uri, dict, out), T, nothing, lent, options)
    end
end
function imiter(T::Type, file::File; options...)
    options = typed_options(T, options)
    with_options(options) do dict, lent
        GC.@preserve file started(out -> iio_file_iter(live(file), dict, out), T, file, lent, options)
    end
end
function imiter(T::Type, source::Union{IO,Vector{UInt8}}; options...)
    options = typed_options(T, options)
    on_source(source, "iter", options) do file, rest, lent
        started(out -> iio_file_iter(live(file), rest, out), T, file, lent, options)
    end
end
