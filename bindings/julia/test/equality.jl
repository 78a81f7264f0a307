# The same pixels as C gets.
fnv(bytes) = foldl((h, b) -> (h ⊻ b) * 0x00000100000001b3, bytes; init = 0xcbf29ce484222325)

@testset "the generated layer is what the header says" begin
    header = joinpath(root, "include/libimageio/imageio.h")
    if isfile(header)
        generator = Module()
        Base.include(generator, joinpath(@__DIR__, "../gen/generate.jl"))
        # (`invokelatest`: the function is newer than this block)
        @test Base.invokelatest(generator.generate, read(header, String)) == read(joinpath(@__DIR__, "../src/lowlevel.jl"), String)
    else
        skip("generated layer: the header is not at hand")
    end
end

@testset "every fixture" begin
    lists = filter(isfile, [fixture("expected.txt"); [joinpath(d, "expected.txt") for d in readdir(data; join = true) if isdir(d)]])
    seen = 0
    for list in lists, line in eachline(list)
        (isempty(strip(line)) || startswith(line, '#')) && continue
        fields = split(line)
        length(fields) >= 8 && fields[7] == "exact" && !endswith(fields[4], "b") || continue
        path = joinpath(dirname(list), fields[1])
        a = try
            imread(path)
        catch e
            e isa LibImageIO.PluginUnavailableError || rethrow()
            skip("$path: $(e.message)")
            continue
        end
        p = improps(path)
        @test size(a) == p.size && eltype(a) == p.eltype
        @test string(fnv(bytes_of(c_order(a, path))); base = 16, pad = 16) == fields[8]
        seen += 1
    end
    @test seen > 200
end

@testset "what C gives" begin
    dump = get(ENV, "IIO_DUMP", "")
    if isempty(dump)
        skip("equality with C: IIO_DUMP is not set")
    else
        for (name, index) in ["rgb420.jpg" => "default", "keep.gif" => "all", "skip.gif" => "1", "animated.webp" => "all", "rgba16.png" => "0",
            "gray1.png" => "0", "cmyk.jpg" => "default", "flat.hdr" => "0", "tiff/rgb_planar.tif" => "0", "tiff_flavours/imagej.tif" => "default", "tiff/gray_complex64.tif" => "0",
            "tiff/gray_float16.tif" => "0", "lossy_alpha.webp" => "default"]
            out = joinpath(scratch, "dump")
            said = split(read(`$dump $(fixture(name)) $index $out`, String))
            i = index == "default" ? nothing : index == "all" ? (:) : parse(Int, index) + 1
            a, p = imread(fixture(name); index = i), improps(fixture(name); index = i)
            @test LibImageIO.dtype_name(eltype(a)) == said[1]
            @test Set(zip(p.axes, size(a))) == Set(zip(said[2], parse.(Int, said[3:end])))
            @test bytes_of(c_order(a, fixture(name); index = i)) == read(out)
        end
    end
end
