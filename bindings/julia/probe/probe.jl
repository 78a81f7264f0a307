# Proves the C interface against Julia: a picture into Julia's own column-major array with no second copy, and a frame
# through a callback stream over an IO. usage: julia probe.jl LIBIMAGEIO PNG GIF
const lib = ARGS[1]

mutable struct Props     # as iio_props begins, through axes
    struct_size::UInt32; dtype::Int32; ndim::UInt32; is_batch::UInt32; n_images::Int64; nbytes::UInt64
    shape::NTuple{8,UInt64}; spacing::NTuple{8,Float64}; axes::NTuple{16,UInt8}
    Props() = new(sizeof(Props))
end
struct View              # iio_array
    struct_size::UInt32; dtype::Int32; ndim::UInt32; flags::UInt32; data::Ptr{Cvoid}
    shape::NTuple{8,UInt64}; strides::NTuple{8,Int64}
end
struct Callbacks         # iio_callbacks
    struct_size::UInt32; flags::UInt32; user::Ptr{Cvoid}; read::Ptr{Cvoid}; write::Ptr{Cvoid}; seek::Ptr{Cvoid}
    size::Ptr{Cvoid}; close::Ptr{Cvoid}; finish::Ptr{Cvoid}
end
const dtypes = Dict(2 => UInt8, 3 => UInt16, 4 => UInt32, 5 => UInt64, 11 => Float32, 12 => Float64)
check(status) = status >= 0 || error(unsafe_string(ccall((:iio_error_message, lib), Cstring, ())))
padded(t::NTuple{N,T}) where {N,T} = ntuple(i -> i <= N ? t[i] : zero(T), 8)

function read_natural(file, index)   # height × width × samples, filled where Julia keeps it
    p = Props()
    check(ccall((:iio_file_props, lib), Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Ref{Props}), file, index, C_NULL, p))
    a = zeros(dtypes[p.dtype], Int.(p.shape[1:p.ndim])...)
    bytes = Int64.(strides(a)) .* sizeof(eltype(a))
    GC.@preserve a check(ccall((:iio_file_read_into, lib), Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Ref{View}), file, index, C_NULL,
        View(sizeof(View), p.dtype, p.ndim, 0, pointer(a), padded(UInt64.(size(a))), padded(bytes))))
    flat = Vector{eltype(a)}(undef, length(a))
    check(ccall((:iio_file_read, lib), Int32, (Ptr{Cvoid}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Csize_t, Ref{Props}),
        file, index, C_NULL, flat, sizeof(flat), p))
    @assert a == permutedims(reshape(flat, reverse(size(a))), ndims(a):-1:1) "strided and contiguous reads differ"
    a
end
function imopen(path)
    file = Ref{Ptr{Cvoid}}()
    check(ccall((:iio_imopen, lib), Int32, (Cstring, Cstring, Ptr{Cvoid}, Ref{Ptr{Cvoid}}), path, "r", C_NULL, file))
    file[]
end
discard(file) = ccall((:iio_file_discard, lib), Cvoid, (Ptr{Cvoid},), file)

# What throws in here may not leave: it becomes a negative number.
stream(user) = unsafe_pointer_to_objref(user)::IOBuffer
on_read(user, to, n)::Int64 = try readbytes!(stream(user), unsafe_wrap(Array, to, n), n) catch; -1 end
on_seek(user, at, from)::Int64 = try
    io = stream(user); here = position(io)
    position(seek(io, at + (from == 0 ? 0 : from == 1 ? here : here + bytesavailable(io)))) catch; -1 end
function imopen(io::IOBuffer)
    callbacks = Callbacks(sizeof(Callbacks), 0, pointer_from_objref(io),
        @cfunction(on_read, Int64, (Ptr{Cvoid}, Ptr{UInt8}, Csize_t)), C_NULL,
        @cfunction(on_seek, Int64, (Ptr{Cvoid}, Int64, Int32)), C_NULL, C_NULL, C_NULL)
    file = Ref{Ptr{Cvoid}}()
    check(ccall((:iio_imopen_callbacks, lib), Int32, (Ref{Callbacks}, Cstring, Ptr{Cvoid}, Ref{Ptr{Cvoid}}), callbacks, "r", C_NULL, file))
    file[]
end

file = imopen(ARGS[2]); png = read_natural(file, 0); discard(file)
file = imopen(ARGS[3]); wanted = read_natural(file, 0); discard(file)
io = IOBuffer(read(ARGS[3]))
GC.@preserve io begin file = imopen(io); frame = read_natural(file, 0); discard(file) end
@assert frame == wanted && maximum(png) > 0
println("OK: julia ", VERSION, ", ", summary(png), ", ", summary(frame), " through a stream")
