# Run by `Pkg.test`, or alone with the package in the load path. IIO_DUMP is tests/bindings/dump.c, built; IIO_SHARED a folder
# of real files; without them what needs them is skipped, and said so.
using LibImageIO, Test
using LibImageIO: File, Iter

const root = normpath(joinpath(@__DIR__, "../../.."))
const data = get(ENV, "IIO_DATA", joinpath(root, "tests/data"))
const shared = get(ENV, "IIO_SHARED", joinpath(root, "../shared"))
const scratch = mktempdir()
fixture(name) = joinpath(data, name)
skip(why) = println("SKIPPED: julia: ", why)
thrown(f) = try
    f()
    nothing
catch e
    e
end

# The values of what was read from `path` as C has them: the last axis the fastest.
function c_order(a, path; index = nothing)
    props = Ref(LibImageIO.zeroed(LibImageIO.iio_props))
    LibImageIO.call(() -> LibImageIO.iio_improps(path, LibImageIO.c_index(index), C_NULL, props))
    vec(permutedims(a, reverse(invperm(collect(LibImageIO.places(props[]))))))
end
bytes_of(flat) = Vector{UInt8}(reinterpret(UInt8, flat))

@testset "LibImageIO" begin
    foreach(include, ["equality.jl", "arrays.jl", "writing.jl", "streams.jl", "iterators.jl", "errors.jl", "lifetimes.jl", "formats.jl",
        "extensions.jl", "documents.jl"])
end
