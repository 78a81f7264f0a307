@testset "writing" begin
    at(name) = joinpath(scratch, name)
    rgb = imread(fixture("rgb8.png"))
    for a in (rgb, rgb[1, :, :], imread(fixture("rgba16.png")), imread(fixture("gray1.png")))
        imwrite(at("a.png"), a; compress_level = 1)
        @test imread(at("a.png")) == a
        @test imread(imwrite("<bytes>", a; extension = ".png")) == a
    end
    # Views, other orders and what has no memory of its own.
    imwrite(at("v.png"), view(rgb, :, 11:-1:1, 2:3:13))
    @test imread(at("v.png")) == rgb[:, end:-1:1, 2:3:13]
    imwrite(at("v.png"), PermutedDimsArray(rgb, (1, 3, 2)))
    @test imread(at("v.png")) == permutedims(rgb, (1, 3, 2))
    imwrite(at("v.png"), rgb[1, :, :] .> 100)
    @test imread(at("v.png")) == (rgb[1, :, :] .> 100)
    # Stacks: images last; a narrow gray one too, and what `axes` says.
    stack = cat(rgb, rgb .+ 0x10, rgb .+ 0x20; dims = 4)
    imwrite(at("s.png"), stack; duration = 40)
    @test imread(at("s.png"); index = :) == stack
    narrow = rand(UInt8, 9, 3, 7)
    imwrite(at("n.png"), narrow; duration = 40)
    @test imread(at("n.png"); index = :) == narrow
    imwrite(at("x.png"), permutedims(rgb, (2, 3, 1)); axes = "YXS")
    @test imread(at("x.png")) == rgb
    imopen(at("o.gif"), "w") do file
        for i in 1:3
            imwrite(file, fill(UInt8(80i), 3, 8, 9); duration_s = 0.1, loop = 0)
        end
    end
    @test size(imread(at("o.gif"))) == (3, 8, 9, 3)
    @test imopen(length, at("o.gif")) == 3
    # What throws publishes nothing.
    before = read(at("o.gif"))
    @test_throws ErrorException imopen(at("o.gif"), "w") do file
        imwrite(file, rgb)
        error("stop")
    end
    @test read(at("o.gif")) == before
    file = imopen(at("new.gif"), "w")
    imwrite(file, rgb)
    discard(file)
    @test !isfile(at("new.gif")) && !isopen(file)
    file = imopen("<bytes>", "w"; extension = ".png")
    imwrite(file, rgb)
    @test imread(encoded(file)) == rgb
    close(file)
    @test close(file) === nothing
    @test thrown(() -> imwrite(at("f.png"), rand(Float32, 3, 4, 5))) isa LibImageIO.ShapeError
end
