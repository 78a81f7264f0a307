# What other plugins read, where they are here.
available(extension) = get(get(LibImageIO.formats(), extension, Dict()), "can_read", false)

@testset "a stack in TIFF" begin
    stack = UInt16.(reshape(1:9*7*5, 9, 7, 5)) .* UInt16(200)
    path = joinpath(scratch, "stack.tif")
    can_write = get(get(LibImageIO.formats(), ".tif", Dict()), "can_write", false)
    if can_write
        imwrite(path, stack)
        @test imread(path; index = :) == stack
        @test [p for p in imiter(path)] == [stack[:, :, i] for i in 1:5]
        @test improps(path; index = :).n_images == 5
    else
        skip("a 16-bit TIFF stack: this library does not write TIFF")
    end
    found = filter(isfile, [joinpath(shared, "images", n) for n in ("flower-minisblack-12.tif", "gen_float32.tif")])
    if available(".tif") && !isempty(found)
        for path in found
            @test size(imread(path)) == improps(path).size
        end
    else
        skip("TIFF files: no plugin, or no files at IIO_SHARED")
    end
end

@testset "a video" begin
    path = joinpath(shared, "images", "cockatoo.mp4")
    if !isfile(path)
        skip("a video: there is no file of one, IIO_SHARED")
    else
        e = thrown(() -> improps(path))
        if e isa LibImageIO.PluginUnavailableError
            skip("a video: $(e.message)")
        else
            n = 0
            for frame in imiter(path; stop = 5)
                n += 1
                @test size(frame) == size(imread(path; index = n)) && frame == imread(path; index = n)
            end
            @test n == 5
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
