# Dictionaries of the library: options that go in, metadata that come out.

"Metadata that the caller owns, as a Dict; frees them."
function take_dict(dict::Ptr{Cvoid})
    try
        to_dict(dict)
    finally
        iio_dict_free(dict)
    end
end

keys_of(dict) = (unsafe_string(iio_dict_key(dict, i)) for i in 0:Int(iio_dict_len(dict))-1)
to_dict(dict) = Dict{String,Any}(key => value(dict, key) for key in keys_of(dict))

function value(dict, key)
    kind = iio_dict_kind(dict, key)
    kind == IIO_KIND_BOOL && return got(Int32(0), x -> iio_dict_get_bool(dict, key, x)) != 0
    kind == IIO_KIND_INT && return got(Int64(0), x -> iio_dict_get_int(dict, key, x))
    kind == IIO_KIND_FLOAT && return got(0.0, x -> iio_dict_get_float(dict, key, x))
    if kind == IIO_KIND_STRING || kind == IIO_KIND_BYTES
        size = Ref{Csize_t}(0)
        data = got(C_NULL, x -> iio_dict_get_bytes(dict, key, x, size))
        return kind == IIO_KIND_STRING ? unsafe_string(Ptr{UInt8}(data), size[]) : copied(UInt8, data, Int(size[]))
    end
    if kind == IIO_KIND_ARRAY
        a = got(zeroed(iio_array), x -> iio_dict_get_array(dict, key, x))
        shape = Int.(a.shape[1:a.ndim])
        return from_rows(copied(element_type(a.dtype), a.data, prod(shape)), shape)
    end
    kind in (IIO_KIND_LIST, IIO_KIND_DICT) || return nothing
    inner = got(C_NULL, x -> iio_dict_get_dict(dict, key, x))
    kind == IIO_KIND_DICT ? to_dict(inner) : Any[value(inner, k) for k in keys_of(inner)]
end

function got(initial, get)
    out = Ref(initial)
    status = get(out)
    status < 0 && error("a dictionary's value cannot be had: ", unsafe_string(iio_status_name(status)))
    out[]
end

function copied(T, data, n)
    out = Vector{T}(undef, n)
    n == 0 || GC.@preserve out unsafe_copyto!(pointer(out), Ptr{T}(data), n)
    out
end

"An array whose last axis is the fastest, as C has it, with the same indices."
from_rows(flat, shape) = length(shape) < 2 ? reshape(flat, shape) : permutedims(reshape(flat, reverse(shape)), length(shape):-1:1)

"""
Calls `f` with the options as a dictionary, and with what has to live as long as the file that is opened with them.
`nothing` is "not given". The option `progress` is a function of what is done and the total (0: unknown), which cancels by
`false`.
"""
function with_options(f, options; lent = Lent())
    isempty(options) && return f(C_NULL, lent)
    dict = iio_dict_new()
    try
        for (key, value) in pairs(options)
            value === nothing && continue
            if key === :progress
                lent.progress = value
                call(() -> iio_dict_set_progress(dict, progress_function(), pointer_from_objref(lent)))
            else
                set(dict, String(key), value)
            end
        end
        GC.@preserve lent f(dict, lent)
    finally
        iio_dict_free(dict)
    end
end

set(dict, key, value::Bool) = call(() -> iio_dict_set_bool(dict, key, value))
set(dict, key, value::Integer) = call(() -> iio_dict_set_int(dict, key, value))
set(dict, key, value::Real) = call(() -> iio_dict_set_float(dict, key, value))
set(dict, key, value::Union{AbstractString,Symbol}) = call(() -> iio_dict_set_string(dict, key, String(value)))
set(dict, key, ::Nothing) = call(() -> iio_dict_set_null(dict, key))
set(dict, key, value::Type) = set(dict, key, dtype_name(value))
set(dict, key, value::AbstractVector{UInt8}) = (bytes = Vector{UInt8}(value); call(() -> iio_dict_set_bytes(dict, key, bytes, length(bytes))))
set(dict, key, value::Union{NamedTuple,AbstractDict}) = nested(iio_dict_set_dict, dict, key, pairs(value))
set(dict, key, value::Union{Tuple,AbstractVector}) = nested(iio_dict_set_list, dict, key, enumerate(value))
function set(dict, key, value::AbstractArray)
    rows = Array(permutedims(value, ndims(value):-1:1))
    view = iio_array(sizeof(iio_array), dtype(eltype(value)), ndims(value), 0, pointer(rows), padded(size(value)), padded(()))
    GC.@preserve rows call(() -> iio_dict_set_array(dict, key, Ref(view)))
end

function nested(put, dict, key, items)
    inner = iio_dict_new()
    try
        foreach(((k, v),) -> set(inner, string(k), v), items)
        call(() -> put(dict, key, inner))
    finally
        iio_dict_free(inner)
    end
end
