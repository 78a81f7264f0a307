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

# As C has it: rows, with the last axis the fastest.
function c_order(a, axes)
    position(letter) = findfirst(==(letter), axes)
    others = [i for i in length(axes):-1:1 if !(axes[i] in "YXS")]
    order = vcat(others, [position(l) for l in "YXS" if l in axes])
    vec(permutedims(a, reverse(order)))
end
bytes_of(flat) = Vector{UInt8}(reinterpret(UInt8, flat))

@testset "LibImageIO" begin
    foreach(include, ["equality.jl", "arrays.jl", "writing.jl", "streams.jl", "iterators.jl", "errors.jl", "lifetimes.jl", "formats.jl",
        "extensions.jl", "documents.jl"])
end
