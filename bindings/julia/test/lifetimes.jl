resident() = parse(Int, split(read("/proc/self/statm", String))[2]) * 4096

@testset "ten thousand opens that nobody closes" begin
    bytes = read(fixture("skip.gif"))
    function open_many(n)
        for i in 1:n
            file = imopen(fixture("skip.gif"))
            i % 3 == 0 && first(imiter(file))
            i % 5 == 0 && imopen(IOBuffer(bytes))
            i % 7 == 0 && immeta(file)
            i % 11 == 0 && thrown(() -> imread(file; index = 99))
            i % 100 == 0 && GC.gc(false)
        end
        GC.gc()
        GC.gc()
    end
    open_many(3000)
    before = resident()
    open_many(10_000)
    grown = resident() - before
    println("  10 000 opens: $(grown >> 10) KiB more")
    @test grown < 16 << 20
    @test length(readdir("/proc/self/fd")) < 100
end

@testset "finalizers in any order" begin
    bytes = read(fixture("skip.gif"))
    for order in 1:40
        file = imopen(IOBuffer(bytes))
        iters = [imiter(file) for _ in 1:3]
        foreach(first, iters)
        things = Any[file, iters...]
        foreach(i -> finalize(things[mod1(order + 3i, 4)]), 1:4)
    end
    GC.gc()
    @test true
    # An array outlives everything it came from.
    frames = [f for f in imiter(IOBuffer(bytes))]
    GC.gc()
    @test cat(frames...; dims = 4) == imread(bytes)
end

@testset "threads" begin
    Threads.nthreads() > 1 || skip("threads: JULIA_NUM_THREADS is 1")
    wanted = imread(fixture("rgb420.jpg"))
    bytes = read(fixture("rgb420.jpg"))
    wrong = Threads.Atomic{Int}(0)
    Threads.@threads for i in 1:200
        a = i % 2 == 0 ? imread(fixture("rgb420.jpg")) : imread(IOBuffer(bytes); progress = (done, total) -> true)
        a == wanted || Threads.atomic_add!(wrong, 1)
        # Words of an error are the thread's own.
        e = thrown(() -> imread("none$i.png"))
        e isa LibImageIO.NotFoundError && occursin("none$i.png", e.message) || Threads.atomic_add!(wrong, 1)
    end
    @test wrong[] == 0
end
