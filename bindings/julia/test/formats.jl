# What other plugins read, where they are here.
available(extension) = get(get(LibImageIO.formats(), extension, Dict()), "can_read", false)

@testset "a 16-bit stack in TIFF" begin
    # Of other hands, as tifffile wrote it for ImageJ: 10 x 12, of 2 channels, 3 planes and 2 times.
    path = fixture("tiff_flavours/imagej.tif")
    stack = imread(path)
    @test stack isa Array{UInt16,5} && size(stack) == improps(path).size == (10, 12, 2, 3, 2) && improps(path).axes == "YXCZT"
    flat = reshape(stack, 10, 12, 12)
    @test [page for page in imiter(path; pages = true)] == [flat[:, :, i] for i in 1:12]
    @test imread(path; page = 3) == imread(path; pages = true, index = 4) == flat[:, :, 4]      # an option's page counts from 0
    imopen(path) do file
        slab = zeros(UInt16, 10, 12, 14)
        foreach(i -> read!(file, view(slab, :, :, i + 1); index = i, pages = true), 1:12)
        @test slab[:, :, 2:13] == flat && all(iszero, slab[:, :, [1, 14]])
    end
    @test size(imread(fixture("tiff_flavours/imagej_virtual.tif"))) == (10, 12, 5)
    # Of our own.
    stack = UInt16.(reshape(1:9*7*5, 9, 7, 5)) .* UInt16(200)
    path = joinpath(scratch, "stack.tif")
    imwrite(path, stack)
    @test imread(path) == stack && eltype(imread(path)) == UInt16
    @test [page for page in imiter(path; pages = true)] == [stack[:, :, i] for i in 1:5]
    p = improps(path; index = :, pages = true)
    @test p.n_images == 5 && p.size == (9, 7, 5) && imread(path; index = :, pages = true) == stack
end

@testset "axes of all kinds in TIFF" begin
    planar = fixture("tiff/rgb_planar.tif")
    @test size(imread(planar)) == (3, 11, 14) && improps(planar).axes == "SYX"
    @test eltype(imread(fixture("tiff/gray_complex64.tif"))) == ComplexF32
    @test eltype(imread(fixture("tiff/gray_float16.tif"))) == Float16
end

@testset "a video" begin
    # Written by the module itself, without loss; where it is not there, it says so.
    frames = [[UInt8((7x * c + 5y + 31n) % 256) for c in 1:3, y in 1:36, x in 1:52] for n in 1:12]
    path = joinpath(scratch, "film.mkv")
    e = thrown(() -> imopen(file -> foreach(f -> imwrite(file, f; fps = 10), frames), path, "w"; codec = "ffv1"))
    if e isa LibImageIO.PluginUnavailableError
        skip("a video: $(e.message)")
    else
        @test e === nothing && [f for f in imiter(path)] == frames
        @test improps(path; index = 3).size == (3, 36, 52) && imread(path; index = 7) == frames[7]
        @test imread(path; index = :) == cat(frames...; dims = 4)
        @test [f for f in imiter(path; start = 2, stop = 9, every = 3)] == frames[3:3:9]
        @test thrown(() -> imread(path; index = 13)) isa LibImageIO.IndexError
        film = imiter(read(path))
        slab = zeros(Float32, 3, 36, 52, 2)
        seek(film, 5)
        for i in 1:2
            read!(film, view(slab, :, :, :, i))
            @test slab[:, :, :, i] == frames[4+i] && abs(immeta(film)["time_s"] - (3 + i) / 10) < 1e-3
        end
        @test plugin(film) == "ffmpeg" && immeta(path)["fps"] ≈ 10
        real = joinpath(shared, "images", "cockatoo.mp4")
        if isfile(real)
            @test [f for f in imiter(real; stop = 5)] == [imread(real; index = n) for n in 1:5]
        else
            skip("cockatoo.mp4: not at IIO_SHARED")
        end
    end
end

@testset "real files" begin
    for name in ("chelsea.png", "bricks.jpg", "anim.webp", "dispose_prev.gif")
        path = joinpath(shared, "images", name)
        if isfile(path)
            @test size(imread(path)) == improps(path).size
        else
            skip("$name: not at IIO_SHARED")
        end
    end
end
