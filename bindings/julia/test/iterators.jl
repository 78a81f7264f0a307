@testset "iterators" begin
    all = imread(fixture("skip.gif"); index = :)
    frames = [copy(f) for f in imiter(fixture("skip.gif"))]
    @test length(frames) == 3 && cat(frames...; dims = 4) == all
    @test eltype(imiter(fixture("skip.gif"))) == Array && eltype(imiter(Float32, fixture("skip.gif"))) == Array{Float32}
    @test collect(imiter(Float32, fixture("skip.gif")))[2] == Float32.(all[:, :, :, 2])
    @test [f for f in imiter(fixture("skip.gif"); start = 1, stop = 3)] == [all[:, :, :, 2], all[:, :, :, 3]]
    known = imiter(fixture("animated.png"))
    if Base.IteratorSize(known) isa Base.HasLength
        n = length(known)
        @test length(collect(known)) == n && length(known) == 0
    end
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
