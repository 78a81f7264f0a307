# The extensions, against stand-ins for ColorTypes, FixedPointNumbers and FileIO: Julia 1.5 has no extensions, and the
# real packages cannot be had where this is tested.
pushfirst!(LOAD_PATH, joinpath(@__DIR__, "standin"))
module Extended
using LibImageIO, ColorTypes, FixedPointNumbers, FileIO
include("../ext/LibImageIOColorTypesExt.jl")
include("../ext/LibImageIOFileIOExt.jl")
end
popfirst!(LOAD_PATH)

@testset "colours (against a stand-in)" begin
    RGB, RGBA, Gray = Extended.RGB, Extended.RGBA, Extended.Gray
    N0f8, N0f16 = Extended.N0f8, Extended.N0f16
    raw = imread(fixture("rgb8.png"))
    colors = imread(RGB{N0f8}, fixture("rgb8.png"))
    @test size(colors) == (11, 13) && eltype(colors) == RGB{N0f8}
    @test [getfield(colors[2, 3], i).i for i in 1:3] == raw[:, 2, 3]
    @test imread(RGBA{Float32}, fixture("rgb8.png"))[1, 1].alpha == 1.0f0
    @test imread(Gray{N0f8}, read(fixture("gray8.png")))[4, 5].val.i == imread(fixture("gray8.png"))[4, 5]
    path = joinpath(scratch, "colors.png")
    imwrite(path, colors)
    @test imread(path) == raw
    imwrite(path, imread(Gray{N0f8}, fixture("gray8.png")))
    @test imread(path) == imread(fixture("gray8.png"))
    @test thrown(() -> imread(RGB, fixture("rgb8.png"))) isa ArgumentError
    file = Extended.FileIO.File(path)
    LibImageIO.fileio_save(file, colors)
    @test LibImageIO.fileio_load(file) == colors
end
