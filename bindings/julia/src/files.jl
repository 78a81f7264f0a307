"""
An open file; made by [`imopen`](@ref). `imread`, `read!`, `imwrite`, `imiter`, `improps`, `immeta`, `length`, `plugin`,
`close`, `discard`, `isopen` and `call` work on it. One call at a time; different files in parallel.
"""
mutable struct File
    ptr::Ptr{Cvoid}
    lent::Lent
    function File(ptr, lent)
        file = new(ptr, lent)
        # Publishes nothing, never waits, and may come before or after those of its iterators.
        finalizer(discard, file)
    end
end

live(file::File) = file.ptr == C_NULL ? throw(failure(:INVALID_ARGUMENT, IIO_ERROR_INVALID_ARGUMENT, "the file is closed")) : file.ptr

Base.isopen(file::File) = file.ptr != C_NULL
Base.show(io::IO, file::File) = print(io, "LibImageIO.File(", isopen(file) ? plugin(file) : "closed", ")")

"""
    plugin(file)

The name of the plugin that serves it.
"""
plugin(file::File) = GC.@preserve file unsafe_string(iio_file_plugin(live(file)))

"""
    close(file)

Finishes and publishes what was written. The file is closed even if this throws; closing it again does nothing.
"""
function Base.close(file::File)
    ptr, file.ptr = file.ptr, C_NULL
    ptr == C_NULL || GC.@preserve file call(() -> iio_file_close(ptr), file.lent)
    nothing
end

"""
    discard(file)

Ends a file and publishes nothing of what was written to it.
"""
function discard(file::File)
    ptr, file.ptr = file.ptr, C_NULL
    iio_file_discard(ptr)
end

function opened(open, lent)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    call(() -> open(out), lent)
    File(out[], lent)
end

"""
    imopen(source, mode = "r"; options...) -> file
    imopen(f, source, mode = "r"; options...)

Opens a path or URI, bytes (`Vector{UInt8}`, to read; not to be changed meanwhile), or an `IO`. `"r"` reads, `"w"` writes; an
`IO` to write to needs the option `extension`. `"<bytes>"` with `"w"` writes to memory: [`encoded`](@ref).

What is written stands under its name after `close`. With a `do` block the file is closed behind it; if the block throws,
the file is thrown away and what was there before stays.

    imopen("film.gif", "w") do file
        foreach(frame -> imwrite(file, frame; duration_s = 0.04, loop = 0), frames)
    end
"""
function imopen(uri::AbstractString, mode::AbstractString = "r"; options...)
    with_options(options) do dict, lent
        opened(out -> iio_imopen(uri, mode, dict, out), lent)
    end
end
imopen(source::Union{IO,Vector{UInt8}}, mode::AbstractString = "r"; options...) =
    with_options((dict, lent) -> open_source(source, mode, dict, lent), options; lent = Lent(io = source))

open_source(io::IO, mode, dict, lent) = opened(out -> iio_imopen_callbacks(Ref(callbacks(lent, mode)), mode, dict, out), lent)
function open_source(bytes::Vector{UInt8}, mode, dict, lent)
    startswith(mode, "r") || throw(failure(:MODE, IIO_ERROR_MODE, "bytes are read; \"<bytes>\" is written"))
    opened(out -> iio_imopen_bytes(bytes, length(bytes), dict, out), lent)
end

function imopen(f::Function, args...; options...)
    file = imopen(args...; options...)
    result = try
        f(file)
    catch
        discard(file)
        rethrow()
    end
    close(file)
    result
end

# Runs a call of the file with options.
function on_file(f, file::File, options)
    with_options(options) do dict, lent
        GC.@preserve file call(() -> f(live(file), dict), file.lent, lent)
    end
end

function c_props(file::File, index, options)
    props = Ref(zeroed(iio_props))
    on_file((ptr, dict) -> iio_file_props(ptr, c_index(index), dict, props), file, options)
    props[]
end

imread(file::File; index = nothing, options...) = imread(Nothing, file; index = index, options...)
function imread(T::Type, file::File; index = nothing, options...)
    options = typed_options(T, options)
    with_options(options) do dict, lent
        read_file(T, file, index, dict, lent)
    end
end

# The options once in C, for a read of what its properties promise.
function read_file(T, file, index, dict, lent)
    props = Ref(zeroed(iio_props))
    GC.@preserve file begin
        call(() -> iio_file_props(live(file), c_index(index), dict, props), file.lent, lent)
        place = places(props[])
        out = allocate(T, props[], place)
        GC.@preserve out call(() -> iio_file_read_into(live(file), c_index(index), dict, Ref(array_view(out, place))), file.lent, lent)
        out
    end
end

# `scale` is a part of the library's `dtype`.
typed_options(T, options) = T === Nothing || get(options, :scale, false) != true ? options : merge((dtype = T,), values(options))

"""
    read!(file, a; index = nothing, options...) -> a

Reads into an array or view of the image's size. Its element type may be wider than the image's.
"""
function Base.read!(file::File, a::AbstractArray; index = nothing, options...)
    with_options(options) do dict, lent
        props = Ref(zeroed(iio_props))
        GC.@preserve file a begin
            call(() -> iio_file_props(live(file), c_index(index), dict, props), file.lent, lent)
            call(() -> iio_file_read_into(live(file), c_index(index), dict, Ref(target(a, props[]))), file.lent, lent)
        end
        a
    end
end

function target(a, props)
    applicable(strides, a) || throw(ArgumentError("$(typeof(a)) has no memory to read into; an array or a view of one has"))
    place = places(props)
    size(a) == julia_size(props, place) ||
        throw(failure(:SHAPE, IIO_ERROR_SHAPE, "the image is $(join(julia_size(props, place), "×")), the array $(join(size(a), "×"))"))
    array_view(a, place)
end

improps(file::File; index = nothing, options...) = ImageProperties(c_props(file, index, options))

function immeta(file::File; index = nothing, options...)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    on_file((ptr, dict) -> iio_file_meta(ptr, c_index(index), dict, out), file, options)
    take_dict(out[])
end

"""
    length(file)

How many images the file holds. May go through all of it, but decodes no pixels.
"""
Base.length(file::File) = counted(file, IIO_IMAGES_EXACT)

function counted(file, how)
    n = Ref(Int64(-1))
    GC.@preserve file call(() -> iio_file_count(live(file), C_NULL, how, n), file.lent)
    Int(n[])
end

function imwrite(file::File, image::AbstractArray; axes = nothing, options...)
    with_image(image, axes) do view, told
        on_file((ptr, dict) -> iio_file_write(ptr, Ref(view), dict), file, merge(told, values(options)))
    end
    nothing
end

"""
    encoded(file) -> Vector{UInt8}

What was written to a file opened as `"<bytes>"`; ends the encoding.
"""
function encoded(file::File)
    data, size = Ref(C_NULL), Ref{Csize_t}(0)
    GC.@preserve file begin
        call(() -> iio_file_bytes(live(file), data, size), file.lent)
        copied(UInt8, data[], Int(size[]))
    end
end

"""
    LibImageIO.call(file, name; arguments...) -> Dict

Calls a function that only the file's plugin has; `LibImageIO.plugins()` lists them.
"""
function call(file::File, name::AbstractString; arguments...)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    on_file((ptr, dict) -> iio_file_call(ptr, name, dict, out), file, arguments)
    take_dict(out[])
end
