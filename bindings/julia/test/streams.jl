# An IO that can only be read, some bytes at a time.
mutable struct Pipeish <: IO
    inner::IOBuffer
end
Base.eof(io::Pipeish) = eof(io.inner)
Base.readbytes!(io::Pipeish, to::AbstractArray{UInt8}, n = length(to)) = readbytes!(io.inner, to, min(n, 7))

# One that fails on its way.
mutable struct Broken <: IO end
Base.readbytes!(io::Broken, to::AbstractArray{UInt8}, n = length(to)) = error("the cable is out")
Base.unsafe_write(io::Broken, from::Ptr{UInt8}, n::UInt) = error("the disk is full")

@testset "streams" begin
    rgb = imread(fixture("rgb8.png"))
    bytes = read(fixture("rgb8.png"))
    @test imread(bytes) == rgb && imread(IOBuffer(bytes)) == rgb && imread(Pipeish(IOBuffer(bytes))) == rgb
    @test imread(bytes; extension = ".png", dtype = "uint16", max_pixels = 1000) == rgb
    @test improps(IOBuffer(bytes)).size == size(rgb) && immeta(bytes) == immeta(fixture("rgb8.png"))
    open(io -> (@test imread(io) == rgb), fixture("rgb8.png"))
    # In the middle of something else.
    io = IOBuffer([zeros(UInt8, 100); bytes])
    seek(io, 100)
    @test imread(io) == rgb
    io = IOBuffer()
    write(io, "before")
    imwrite(io, rgb; extension = ".png")
    @test String(take!(io)[1:6]) == "before"
    io = IOBuffer()
    imopen(file -> foreach(i -> imwrite(file, rgb .+ UInt8(i)), 1:3), io, "w"; extension = ".gif")
    @test size(imread(take!(io))) == (3, 11, 13, 3)
    @test thrown(() -> imread(Broken())) == ErrorException("the cable is out")
    @test thrown(() -> imwrite(Broken(), rgb; extension = ".png")) == ErrorException("the disk is full")
    @test thrown(() -> imopen(bytes, "w")) isa LibImageIO.ModeError
    # The stream outlives what was opened over it.
    iter = imiter(IOBuffer(read(fixture("skip.gif"))))
    GC.gc()
    @test length(collect(iter)) == 3
end

@testset "progress" begin
    calls = Tuple{Int,Int}[]
    imread(fixture("rgb8.png"); progress = (done, total) -> push!(calls, (done, total)))
    @test !isempty(calls)
    @test thrown(() -> imread(fixture("rgb8.png"); progress = (done, total) -> false)) isa LibImageIO.CancelledError
    @test thrown(() -> imread(fixture("rgb8.png"); progress = (done, total) -> error("mine"))) == ErrorException("mine")
    # Tasks that switch inside a callback.
    ticks = Ref(0)
    other = @async for _ in 1:20
        ticks[] += 1
        yield()
    end
    imread(fixture("skip.gif"); progress = (done, total) -> (yield(); true))
    wait(other)
    @test ticks[] == 20 && !current_task().sticky == !Task(() -> 0).sticky
    file = imopen(fixture("skip.gif"); progress = (done, total) -> false)
    @test thrown(() -> imread(file)) isa LibImageIO.CancelledError
    close(file)
end

@testset "log" begin
    lines = []
    LibImageIO.set_log((level, message) -> push!(lines, (level, message)))
    LibImageIO.set_log(nothing)
    @test thrown(() -> LibImageIO.set_log(nothing)) === nothing
end
