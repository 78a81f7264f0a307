# One call each over a path or URI, bytes, or an IO.

# Opens bytes or an IO for one call; options of both are given together, and the library parts them.
function on_source(f, source, verb, options; mode = "r")
    with_options(options; lent = Lent(io = source)) do dict, lent
        opening, rest = Ref{Ptr{Cvoid}}(C_NULL), Ref{Ptr{Cvoid}}(C_NULL)
        call(() -> iio_split_options(dict, verb, opening, rest))
        try
            f(open_source(source, mode, opening[], lent), rest[], lent)
        finally
            iio_dict_free(opening[])
            iio_dict_free(rest[])
        end
    end
end

function discarding(f, file)
    try
        f()
    finally
        discard(file)
    end
end

# What a read by one call is about, and the array that it was given.
mutable struct Request
    type::Type
    out::Any
    failure::Any
end

function on_view(user, props, dst)::Int32
    request = unsafe_pointer_to_objref(user)::Request
    try
        p = unsafe_load(props)
        place = places(p)
        request.out = allocate(request.type, p, place)
        unsafe_store!(dst, array_view(request.out, place))
        0
    catch e
        request.failure = e
        1
    end
end

"""
    imread([T,] source; index = nothing, options...) -> Array

Reads an image of a path or URI, bytes (`Vector{UInt8}`), an `IO`, or an open file. Its axes stand as the module says: samples,
height, width, then what is slower. `index` counts from 1; `:` stacks all images on a last axis; `nothing` is the plugin's
choice: all of an animated GIF, else the first.

With an element type `T` values convert to it where each one fits, else it throws a ShapeError; with `scale = true` their full
range becomes that of `T` (0 to 1 for floats); with `dtype = "uint8"` they convert as numpy's `astype`. A `Colorant` type
(`imread(RGB{N0f8}, "photo.jpg")`) needs ColorTypes, and Julia 1.9.
"""
imread(source; index = nothing, options...) = imread(Nothing, source; index = index, options...)
function imread(T::Type, uri::AbstractString; index = nothing, options...)
    with_options(typed_options(T, options)) do dict, lent
        request = Request(T, nothing, nothing)
        view = @cfunction(on_view, Int32, (Ptr{Cvoid}, Ptr{iio_props}, Ptr{iio_array}))
        GC.@preserve request begin
            status = call(lent; expected = IIO_ERROR_CANCELLED) do
                iio_imread_view(uri, c_index(index), dict, view, pointer_from_objref(request), C_NULL)
            end
            request.failure === nothing || throw(request.failure)
            status == IIO_ERROR_CANCELLED && throw(last_error(status))
        end
        request.out
    end
end
function imread(T::Type, source::Union{IO,Vector{UInt8}}; index = nothing, options...)
    on_source(source, "read", typed_options(T, options)) do file, rest, lent
        discarding(() -> read_file(T, file, index, rest, lent), file)
    end
end

"""
    improps(source; index = nothing, options...) -> ImageProperties

What `imread` with the same arguments gives, without decoding a pixel.
"""
function improps(uri::AbstractString; index = nothing, options...)
    with_options(options) do dict, lent
        props = Ref(zeroed(iio_props))
        call(() -> iio_improps(uri, c_index(index), dict, props), lent)
        ImageProperties(props[])
    end
end
function improps(source::Union{IO,Vector{UInt8}}; index = nothing, options...)
    on_source(source, "props", options) do file, rest, lent
        props = Ref(zeroed(iio_props))
        discarding(() -> call(() -> iio_file_props(live(file), c_index(index), rest, props), lent), file)
        ImageProperties(props[])
    end
end

"""
    immeta(source; index = nothing, options...) -> Dict{String,Any}

The metadata of an image, or of the file for `index = :`.
"""
function immeta(uri::AbstractString; index = nothing, options...)
    with_options(options) do dict, lent
        out = Ref{Ptr{Cvoid}}(C_NULL)
        call(() -> iio_immeta(uri, c_index(index), dict, out), lent)
        take_dict(out[])
    end
end
function immeta(source::Union{IO,Vector{UInt8}}; index = nothing, options...)
    on_source(source, "meta", options) do file, rest, lent
        out = Ref{Ptr{Cvoid}}(C_NULL)
        discarding(() -> call(() -> iio_file_meta(live(file), c_index(index), rest, out), lent), file)
        take_dict(out[])
    end
end

"""
    imwrite(target, image; options...)
    imwrite("<bytes>", image; extension, options...) -> Vector{UInt8}

Writes an array to a path or URI, whose suffix names the format, to an `IO` (with `extension`), to memory, or to an open file.
Axes stand as `imread` gives them: two are one gray image, a first one of 1 to 4 before others are samples, a last one more
counts images. `axes = "SYXN"` says otherwise. A vector of arrays is written image by image. What was there stays until all is
written.
"""
function imwrite(uri::AbstractString, image::AbstractArray{<:Number}; axes = nothing, options...)
    uri == "<bytes>" && return encode(image, axes, options)
    with_image(image, axes) do view, told
        with_options(merge(told, values(options))) do dict, lent
            call(() -> iio_imwrite(uri, Ref(view), dict), lent)
        end
    end
    nothing
end
function imwrite(io::IO, image::AbstractArray{<:Number}; axes = nothing, options...)
    with_image(image, axes) do view, told
        on_source(io, "write", merge(told, values(options)); mode = "w") do file, rest, lent
            try
                call(() -> iio_file_write(live(file), Ref(view), rest), lent)
                close(file)
            finally
                discard(file)
            end
        end
    end
    nothing
end
imwrite(target, images::AbstractVector{<:AbstractArray}; options...) = throw(ArgumentError(
    "images one by one go to an open file: imopen(file -> foreach(image -> imwrite(file, image), images), target, \"w\")"))

function on_alloc(user, props, n)::Ptr{Cvoid}
    request = unsafe_pointer_to_objref(user)::Request
    try
        request.out = Vector{UInt8}(undef, n)
        pointer(request.out)
    catch e
        request.failure = e
        C_NULL
    end
end

function encode(image, axes, options)
    with_image(image, axes) do view, told
        with_options(merge(told, values(options))) do dict, lent
            request = Request(UInt8, nothing, nothing)
            alloc = @cfunction(on_alloc, Ptr{Cvoid}, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t))
            data, size = Ref(C_NULL), Ref{Csize_t}(0)
            GC.@preserve request call(lent) do
                iio_imwrite_bytes(C_NULL, Ref(view), dict, alloc, pointer_from_objref(request), data, size)
            end
            request.out
        end
    end
end
