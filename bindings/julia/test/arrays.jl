@testset "reading" begin
    rgb = imread(fixture("rgb8.png"))
    @test rgb isa Array{UInt8,3} && size(rgb) == (3, 11, 13)
    @test size(imread(fixture("gray8.png"))) == (11, 13)
    @test imread(fixture("gray1.png")) isa Matrix{Bool}
    @test imread(fixture("rgba16.png")) isa Array{UInt16,3}
    @test size(imread(fixture("skip.gif"))) == (3, 17, 23, 3)
    @test imread(fixture("skip.gif"); index = :)[:, :, :, 2] == imread(fixture("skip.gif"); index = 2)
    @test imread(Float32, fixture("rgb8.png")) == Float32.(rgb)
    @test imread(Float64, fixture("rgb8.png"); scale = true) ≈ rgb ./ 255
    @test imread(fixture("rgb8.png"); dtype = UInt16) == UInt16.(rgb)
    @test thrown(() -> imread(UInt8, fixture("rgba16.png"))) isa LibImageIO.ShapeError
    @test thrown(() -> imread(String, fixture("rgb8.png"))) isa ArgumentError
end

@testset "properties" begin
    p = improps(fixture("skip.gif"))
    @test p.size == (3, 17, 23, 3) && p.eltype == UInt8 && p.axes == "SYXN" && p.is_batch && p.n_images == 3 && p.color == :rgb
    p = improps(fixture("orientation6.jpg"))
    @test p.orientation == 6 && p.n_images === nothing
    @test occursin("RGB", uppercase(sprint(show, improps(fixture("rgb8.png")))))
end

@testset "into arrays and views" begin
    rgb = imread(fixture("rgb8.png"))
    imopen(fixture("rgb8.png")) do file
        @test read!(file, zeros(UInt8, 3, 11, 13)) == rgb
        wide = zeros(Float32, 5, 11, 30)
        @test read!(file, view(wide, 2:4, :, 5:17)) == rgb
        @test count(!iszero, wide) == count(!iszero, rgb) && wide[2:4, :, 5:17] == rgb
        turned = PermutedDimsArray(zeros(UInt8, 13, 11, 3), (3, 2, 1))
        @test read!(file, turned) == rgb
        down = zeros(UInt8, 3, 11, 13)
        read!(file, view(down, :, 11:-1:1, :))
        @test down[:, end:-1:1, :] == rgb
        @test thrown(() -> read!(file, zeros(UInt8, 3, 13, 11))) isa LibImageIO.ShapeError
        @test thrown(() -> read!(file, zeros(Bool, 3, 11, 13))) isa LibImageIO.ShapeError
        @test thrown(() -> read!(file, falses(3, 11, 13))) isa ArgumentError
    end
end

@testset "metadata" begin
    m = immeta(fixture("rgb420.jpg"))
    @test m["mode"] == "RGB" && m["jfif_version"] == [1, 1]
    options = (a = 1, b = 2.5, c = "x", d = true, e = UInt8[1, 2], f = (1, "two"), g = (x = 1, y = nothing), h = [1.0 2.0; 3.0 4.0])
    LibImageIO.with_options(options) do dict, _
        @test LibImageIO.to_dict(dict) == Dict("a" => 1, "b" => 2.5, "c" => "x", "d" => true, "e" => UInt8[1, 2], "f" => Any[1, "two"],
            "g" => Dict{String,Any}("x" => 1, "y" => nothing), "h" => [1.0 2.0; 3.0 4.0])
    end
end

@testset "the registry" begin
    @test haskey(LibImageIO.plugins(), "image") && LibImageIO.formats()[".png"]["can_write"]
    LibImageIO.set_priority(".png", "image")
    @test LibImageIO.version() >= v"0.1"
    @test thrown(() -> LibImageIO.load_plugin(joinpath(scratch, "none.so"))) isa LibImageIO.NotFoundError
end
