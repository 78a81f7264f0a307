# What a call or a file lends to the library: a stream, bytes, a progress function. The file, and every iterator over it,
# holds on to it, so that it lives as long as the library may ask for it, in whatever order they are finalized.

mutable struct Lent
    io::Any             # an IO, or the bytes of a file
    start::Int64        # where the IO stood: an image may lie in the middle of a file
    progress::Any
    failure::Any        # what a callback threw
end
Lent(; io = nothing, progress = nothing) = Lent(io, 0, progress, nothing)

is_lent(lent::Lent) = lent.io isa IO || lent.progress !== nothing

# A callback must return: what is thrown in it becomes `otherwise`, and is thrown when the library's call has returned.
function shielded(f, user, otherwise)
    lent = unsafe_pointer_to_objref(user)::Lent
    try
        convert(typeof(otherwise), f(lent))
    catch e
        lent.failure === nothing && (lent.failure = e)
        otherwise
    end
end

on_read(user, to, n) = shielded(user, Int64(-1)) do lent
    readbytes!(lent.io, unsafe_wrap(Array, to, n), n)
end
on_write(user, from, n) = shielded(user, Int64(-1)) do lent
    unsafe_write(lent.io, from, n)
end
on_seek(user, offset, whence) = shielded(user, Int64(-1)) do lent
    io = lent.io
    base = whence == 0 ? lent.start : whence == 1 ? position(io) : position(seekend(io))
    at = base + offset
    at < lent.start && throw(ArgumentError("the stream cannot seek there"))
    seek(io, at)
    at - lent.start
end
on_finish(user) = shielded(user, Int32(1)) do lent
    flush(lent.io)
    0
end
on_progress(user, done, total) = shielded(user, Int32(1)) do lent
    lent.progress(Int(done), Int(total)) === false ? 1 : 0
end

can_seek(io) = try
    seek(io, position(io))
    true
catch
    false
end

progress_function() = @cfunction(on_progress, Int32, (Ptr{Cvoid}, UInt64, UInt64))

function callbacks(lent::Lent, mode)
    io = lent.io
    seeks = can_seek(io)
    lent.start = seeks ? position(io) : 0
    iio_callbacks(sizeof(iio_callbacks), 0, pointer_from_objref(lent),
        startswith(mode, "r") ? @cfunction(on_read, Int64, (Ptr{Cvoid}, Ptr{UInt8}, Csize_t)) : C_NULL,
        startswith(mode, "w") ? @cfunction(on_write, Int64, (Ptr{Cvoid}, Ptr{UInt8}, Csize_t)) : C_NULL,
        seeks ? @cfunction(on_seek, Int64, (Ptr{Cvoid}, Int64, Int32)) : C_NULL,
        C_NULL, C_NULL,
        startswith(mode, "w") ? @cfunction(on_finish, Int32, (Ptr{Cvoid},)) : C_NULL)
end

"""
Calls the library, and throws what it reports, or what a callback threw meanwhile. Statuses among `expected` are given back
as those that are no errors are.
"""
function call(f, lents::Lent...; expected = IIO_OK)
    any(is_lent, lents) || return checked(f(), expected)
    foreach(lent -> lent.failure = nothing, lents)
    # A callback may yield. The task must come back to the thread that it left, whose stack the library stands on.
    task = current_task()
    sticky = task.sticky
    task.sticky = true
    status = try
        GC.@preserve lents f()
    finally
        task.sticky = sticky
    end
    if status < 0
        for lent in lents
            thrown = lent.failure
            lent.failure = nothing
            thrown === nothing || throw(thrown)
        end
    end
    checked(status, expected)
end

checked(status, expected) = status >= 0 || status == expected ? status : throw(last_error(status))
