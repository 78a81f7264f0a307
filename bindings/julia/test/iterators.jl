@testset "iterators" begin
    all = imread(fixture("skip.gif"); index = :)
    frames = [copy(f) for f in imiter(fixture("skip.gif"))]
    @test length(frames) == 3 && cat(frames...; dims = 4) == all
    @test eltype(imiter(fixture("skip.gif"))) == Array && eltype(imiter(Float32, fixture("skip.gif"))) == Array{Float32}
    @test collect(imiter(Float32, fixture("skip.gif")))[2] == Float32.(all[:, :, :, 2])
    @test [f for f in imiter(fixture("skip.gif"); start = 1, stop = 3)] == [all[:, :, :, 2], all[:, :, :, 3]]
    # Where the headers tell it, the length is of what is still to come.
    known = imiter(fixture("animated.png"))
    n = length(known)
    @test n == imopen(length, fixture("animated.png")) > 1
    first(known)
    @test length(known) == n - 1 && length(seek(known, 1)) == n && length(seek(known, n)) == 1
    @test [size(f) for f in seek(known, 1)] == fill(size(imread(fixture("animated.png"); index = 1)), n) && length(known) == 0
    @test length(imiter(read(fixture("animated.png")))) == length(imiter(open(fixture("animated.png")))) == n
    @test thrown(() -> length(imiter(fixture("animated.png"); start = 1))) isa ArgumentError
    # However it is asked for: all of them, or those that are left.
    @test map(size, imiter(fixture("skip.gif"))) == [size(f) for f in imiter(fixture("skip.gif"))] == fill((3, 17, 23), 3)
    @test collect(Iterators.take(imiter(fixture("skip.gif")), 2)) == frames[1:2] && length(collect(Iterators.drop(imiter(fixture("skip.gif")), 2))) == 1
    rest = imiter(fixture("skip.gif"))
    first(rest)
    @test collect(rest) == frames[2:3]
    iter = imiter(fixture("skip.gif"))
    @test improps(iter).size == (3, 17, 23)
    first(iter)
    @test immeta(iter)["time_s"] == 0.0
    @test read!(iter, zeros(UInt8, 3, 17, 23)) == all[:, :, :, 2]
    @test read!(seek(iter, 1), zeros(UInt16, 3, 17, 23)) == all[:, :, :, 1]
    collect(iter)
    @test thrown(() -> read!(iter, zeros(UInt8, 3, 17, 23))) isa EOFError && improps(iter) === nothing
    @test plugin(iter) == "image"
    close(iter)
    @test thrown(() -> seek(iter, 1)) isa LibImageIO.InvalidArgumentError && collect(iter) == []
    imopen(fixture("skip.gif")) do file
        a, b = imiter(file), imiter(file)
        @test first(a) == first(b)
    end
    # It keeps its file alive.
    iter = let file = imopen(fixture("skip.gif"))
        it = imiter(file)
        close(file)
        it
    end
    GC.gc()
    @test length(collect(iter)) == 3
end
